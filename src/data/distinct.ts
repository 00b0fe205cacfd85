/** Strings and their codes: coding the strings of a batch, and collecting the values that a column really uses. */
import type { CategoryValues } from './table.js';

export interface DistinctValues {
  /** Adds a batch. Once there are limit + 1 values, nothing more is taken in. */
  add(values: CategoryValues): void;
  /** What was found, sorted by UTF-16 code units; limit + 1 values mean "more than limit". */
  sorted(): string[];
}

export function createDistinctValues(limit: number): DistinctValues {
  const found = new Set<string>();
  return {
    add({ codes, dictionary }) {
      if (found.size > limit) return;
      const used = new Uint8Array(dictionary.length);
      for (let i = 0; i < codes.length; i++) if (codes[i] >= 0) used[codes[i]] = 1;
      for (let code = 0; code < used.length && found.size <= limit; code++) {
        if (used[code] === 1) found.add(dictionary[code]);
      }
    },
    sorted: () => [...found].sort(),
  };
}

export interface Coder {
  /** Codes the next row; null is missing. */
  add(value: string | null): void;
  readonly values: CategoryValues;
}

/** Codes `rows` strings by their first appearance. */
export function createCoder(rows: number): Coder {
  const known = new Map<string, number>();
  const dictionary: string[] = [];
  const codes = new Int32Array(rows);
  let row = 0;
  return {
    add(value) {
      let code = value === null ? -1 : known.get(value);
      if (code === undefined) {
        code = dictionary.push(value!) - 1;
        known.set(value!, code);
      }
      codes[row++] = code;
    },
    values: { kind: 'category', codes, dictionary },
  };
}
