/** What tables written by pyarrow must read as, and how a reading differs from it. */
import { readFileSync } from 'node:fs';
import type { Table } from '../../src/data/table.js';
import { readColumns } from './tables.js';

/** Numbers; times in seconds since 1970; strings; booleans as 0 and 1. Null is missing, "NaN" a NaN. */
export type OracleValue = number | string | null;

export interface Oracle {
  readonly rows: number;
  readonly columns: Readonly<Record<string, { readonly values: readonly OracleValue[] }>>;
}

export function readOracle(path: string): Oracle {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** One line for each column that does not read exactly as the oracle says; none where all do. */
export async function differences(table: Table, oracle: Oracle): Promise<string[]> {
  const names = Object.keys(oracle.columns);
  const there = table.columns.map(({ name }) => name);
  if (there.join() !== names.join()) return [`columns ${there.join()}, expected ${names.join()}`];
  if (table.rows !== oracle.rows) return [`${table.rows} rows, expected ${oracle.rows}`];
  const unsupported = table.columns.filter(({ kind }) => kind === 'unsupported');
  if (unsupported.length > 0) return unsupported.map(({ name, type }) => `${name} is ${type}, which cannot be read`);
  const columns = await readColumns(table.read({ columns: names }), names);
  const nulls = await table.nulls(names);
  return table.columns.flatMap(({ name, kind }, i) => {
    const { values } = oracle.columns[name];
    const expected = values.map((value) => {
      if (kind === 'boolean') return value === null ? null : String(value === 1);
      return kind === 'category' || (value !== null && value !== 'NaN') ? value : Number.NaN;
    });
    const row = expected.findIndex((value, at) => !Object.is(value, columns[name][at]));
    if (row >= 0) return [`${name} is ${columns[name][row]} in row ${row}, expected ${expected[row]}`];
    const missing = values.filter((value) => value === null).length;
    return nulls[i] === missing ? [] : [`${name} has ${nulls[i]} nulls, expected ${missing}`];
  });
}
