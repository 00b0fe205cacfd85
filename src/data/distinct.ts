/** Collects the values that a category column really uses (a dictionary may list more), up to a limit. */
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
