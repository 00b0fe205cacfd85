import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTPUT_EXTENSIONS, writerFor } from '../../src/commands/writers/index.js';
import { ParagradError } from '../../src/errors.js';
import type { OutputColumn } from '../../src/train/output-column.js';
import type { PredictedRows } from '../../src/train/predict.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-writers-'));
});
afterAll(() => rm(folder, { recursive: true }));

const names = ['prediction', 'weird, "name"', '"; DROP TABLE rows; --', 'is it'];

/** Rows rowStart .. rowEnd of a table whose every third value is missing in three of its columns. */
function window(rowStart: number, rowEnd: number, totalRows: number): PredictedRows {
  const rows = Array.from({ length: rowEnd - rowStart }, (_, i) => rowStart + i);
  const columns: OutputColumn[] = [
    { name: names[0], type: 'double', values: Float64Array.from(rows, (r) => r / 3) },
    { name: names[1], type: 'integer', values: Float64Array.from(rows, (r) => (r % 3 ? 2 ** 53 - r - 1 : Number.NaN)) },
    { name: names[2], type: 'string', values: rows.map((r) => (r % 3 ? ['', 'a,"b"\n', ' ü'][r % 2] : null)) },
    { name: names[3], type: 'boolean', values: rows.map((r) => (r % 3 ? r % 2 === 0 : null)) },
  ];
  return { rowStart, rows: rows.length, totalRows, columns };
}

/** Not a multiple of any vector or window. */
const ROWS = 5003;

async function* windows(): AsyncGenerator<PredictedRows> {
  for (let start = 0; start < ROWS; start += 2500) yield window(start, Math.min(start + 2500, ROWS), ROWS);
}

/** What every format must give back. */
const expected = window(0, ROWS, ROWS).columns.map((column) =>
  Array.from<unknown>(column.values).map((value) => {
    if (Number.isNaN(value)) return null;
    return column.type === 'integer' ? BigInt(value as number) : value;
  }),
);

async function readWithDuckdb(path: string): Promise<{ names: string[]; types: string[]; columns: unknown[][] }> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const source = path.endsWith('.csv') ? `read_csv('${path}', header = true, allow_quoted_nulls = false)` : `'${path}'`;
  const reader = await connection.runAndReadAll(`SELECT * FROM ${source}`);
  const columns = reader.getColumns();
  const result = { names: reader.columnNames(), types: reader.columnTypes().map(String), columns };
  connection.disconnectSync();
  instance.closeSync();
  return result;
}

describe('predictions written to a file come back as they were', () => {
  it('from Parquet', async () => {
    const path = join(folder, 'out.parquet');
    await writerFor(path)(path, windows());
    const read = await readWithDuckdb(path);
    expect(read.names).toEqual(names);
    expect(read.types).toEqual(['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN']);
    expect(read.columns).toEqual(expected);
  });

  it('from CSV, where an empty string is not a missing one', async () => {
    const path = join(folder, 'out.csv');
    await writerFor(path)(path, windows());
    const text = await readFile(path, 'utf8');
    expect(text.slice(0, text.indexOf('\n', 60))).toContain(
      'prediction,"weird, ""name""","""; DROP TABLE rows; --",is it',
    );
    const read = await readWithDuckdb(path);
    expect(read.names).toEqual(names);
    expect(read.columns).toEqual(expected);
  });

  it('from Arrow', async () => {
    const path = join(folder, 'out.arrow');
    await writerFor(path)(path, windows());
    const table = tableFromIPC(await readFile(path));
    expect(table.schema.fields.map(({ name }) => name)).toEqual(names);
    expect(table.schema.fields.map(({ type }) => String(type))).toEqual(['Float64', 'Int64', 'Utf8', 'Bool']);
    expect(table.batches).toHaveLength(3);
    expect(names.map((name) => [...table.getChild(name)!])).toEqual(expected);
  });
});

describe('a writer', () => {
  it('fails as its rows fail', async () => {
    async function* failing(): AsyncGenerator<PredictedRows> {
      yield window(0, 10, 20);
      throw new ParagradError('infinite_value', 'column "x" holds Infinity');
    }
    for (const extension of OUTPUT_EXTENSIONS) {
      const path = join(folder, `failing${extension}`);
      await expect(writerFor(path)(path, failing()), extension).rejects.toMatchObject({ code: 'infinite_value' });
    }
  });

  it('is chosen by extension, in any case', () => {
    expect(writerFor('a.PARQUET')).toBe(writerFor('b.parquet'));
    expect(() => writerFor('a.xlsx')).toThrow(
      '--out: expected a file name that ends in .parquet, .csv, .arrow, got "a.xlsx"',
    );
  });
});
