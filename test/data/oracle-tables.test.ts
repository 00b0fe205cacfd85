/**
 * Every table of test/tables, and of the folder PARAGRAD_TABLES if it is set, reads exactly as the expected.json beside it
 * says: a file dropped in is tested, with no change here. A file that is no table says so by how its name begins.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTable } from '../../src/data/open.js';
import type { ParagradError } from '../../src/errors.js';
import { differences, type Oracle, type OracleValue, readOracle } from './oracle.js';
import { tableFile, withTable } from './tables.js';

const folders = [tableFile('.'), ...(process.env.PARAGRAD_TABLES ? [process.env.PARAGRAD_TABLES] : [])];

/** How names of broken files begin, the code that they are refused with, and a word of the message. */
const BROKEN: readonly (readonly [string, string, string])[] = [
  ['truncated', 'truncated', 'truncated'],
  ['not-parquet', 'wrong_format', 'not a Parquet file'],
  ['zero-rows', 'no_rows', 'has no rows'],
];

/** Tables with rows of their own. */
const OWN: Record<string, Record<string, OracleValue[]>> = {
  'stream-dictionary-replaced.arrows': {
    grade: ['A', 'B', 'A', 'B', 'C', 'D', 'C', 'D', 'B', 'E', 'B', 'E'],
    y: [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4],
  },
};

function oracleOf(file: string, folder: string): Oracle {
  const own = OWN[file];
  if (own === undefined) return readOracle(join(folder, 'expected.json'));
  const columns = Object.fromEntries(Object.entries(own).map(([name, values]) => [name, { values }]));
  return { rows: Object.values(own)[0].length, columns };
}

describe.each(folders)('tables in %s', (folder) => {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'expected.json')
    .map(({ name }) => name);

  it.each(files)('%s', async (file) => {
    const broken = BROKEN.find(([start]) => file.startsWith(start));
    const path = join(folder, file);
    if (broken === undefined) {
      await withTable(path, async (table) => expect(await differences(table, oracleOf(file, folder))).toEqual([]));
      return;
    }
    const error: ParagradError = await openTable(path).then(
      () => expect.fail('it was opened'),
      (thrown) => thrown,
    );
    expect(error.code).toBe(broken[1]);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(broken[2]);
    expect(error.message).toContain(file);
    expect(error.message).not.toContain('\n');
  });
});

describe('a corrupted expectation is noticed', () => {
  const nextFloat = (value: number) => value + Math.abs(value) * 2 ** -52;
  const corruptions: Record<string, [string, (values: OracleValue[]) => unknown]> = {
    'a number off by an ulp': ['f64', (values) => values.splice(3, 1, nextFloat(values[3] as number))],
    'a time off by a microsecond': ['ts_us', (values) => values.splice(4, 1, (values[4] as number) + 1e-6)],
    'a null that is a NaN': ['x_nan', (values) => values.splice(values.indexOf(null), 1, 'NaN')],
    'another string': ['city', (values) => values.splice(values.indexOf(''), 1, null)],
    'a row more': ['u16', (values) => values.push(1)],
    'rows in another order': ['grade', (values) => values.reverse()],
  };

  it.each(Object.entries(corruptions))('%s', async (what, [column, corrupt]) => {
    const oracle = readOracle(tableFile('expected.json'));
    const values = [...oracle.columns[column].values];
    corrupt(values);
    const rows = what === 'a row more' ? oracle.rows + 1 : oracle.rows;
    const corrupted = { rows, columns: { ...oracle.columns, [column]: { values } } };
    await withTable(tableFile('codec-snappy.parquet'), async (table) => {
      expect(await differences(table, oracle)).toEqual([]);
      expect(await differences(table, corrupted)).toHaveLength(1);
    });
  });
});
