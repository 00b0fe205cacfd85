/** Tables written by pyarrow read as pyarrow says; the oracle is test/tables/expected.json. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeTable } from '../../src/data/inspect.js';
import type { ColumnKind } from '../../src/data/table.js';
import { readColumns, tableFile, withTable, writeArrow, writeParquetQuery } from './tables.js';

interface Expected {
  rows: number;
  columns: Record<string, { type: string; values: (number | string | null)[] }>;
}

const expected: Expected = JSON.parse(readFileSync(tableFile('expected.json'), 'utf8'));
const refused = ['not-parquet.parquet', 'truncated.parquet', 'truncated.arrow', 'zero-rows.parquet'];
const files = readdirSync(tableFile('.')).filter((name) => /\.(parquet|arrow)$/.test(name) && !refused.includes(name));

/** The oracle's values as a reader gives them. */
function expectedColumn(name: string, kind: ColumnKind): (number | string | null)[] {
  const { values } = expected.columns[name];
  if (kind === 'number') return values.map((value) => (value === null || value === 'NaN' ? Number.NaN : value));
  if (kind === 'boolean') return values.map((value) => (value === null ? null : String(value === 1)));
  return values;
}

describe.each(files)('%s', (file) => {
  const path = tableFile(file);

  it('has every column of the oracle, of a known kind', async () => {
    await withTable(path, async (table) => {
      expect(table.rows).toBe(expected.rows);
      expect(table.columns.map(({ name }) => name)).toEqual(Object.keys(expected.columns));
      const unsupported = table.columns.filter(({ kind }) => kind === 'unsupported').map(({ name }) => name);
      expect(unsupported).toEqual(['day', 'ts_us', 'ts_ms_naive']);
    });
  });

  it('reads every value exactly', async () => {
    await withTable(path, async (table) => {
      const usable = table.columns.filter(({ kind }) => kind !== 'unsupported');
      const names = usable.map(({ name }) => name);
      const columns = await readColumns(table.read({ columns: names }), names);
      for (const { name, kind } of usable) expect(columns[name], name).toEqual(expectedColumn(name, kind));
    });
  });

  it('reads any range of rows, in the order asked for', async () => {
    await withTable(path, async (table) => {
      const names = ['city', 'f64'];
      for (const [rowStart, rowEnd] of [
        [0, 1],
        [129, 131],
        [77, 401],
        [499, 500],
      ]) {
        const columns = await readColumns(table.read({ columns: names, rowStart, rowEnd }), names);
        expect(columns.f64).toEqual(expectedColumn('f64', 'number').slice(rowStart, rowEnd));
        expect(columns.city).toEqual(expectedColumn('city', 'category').slice(rowStart, rowEnd));
      }
    });
  });

  it('knows its blocks', async () => {
    await withTable(path, async ({ blocks, rows }) => {
      expect(blocks[0].rowStart).toBe(0);
      expect(blocks[blocks.length - 1].rowEnd).toBe(rows);
      for (let i = 1; i < blocks.length; i++) expect(blocks[i].rowStart).toBe(blocks[i - 1].rowEnd);
      expect(blocks.length).toBe(basename(path) === 'one-row-group.parquet' ? 1 : 4);
    });
  });

  it('counts nulls apart from NaN, and distinct values', async () => {
    await withTable(path, async (table) => {
      const { columns } = await describeTable(table);
      for (const column of columns) {
        const { values } = expected.columns[column.name];
        expect(column.nulls, column.name).toBe(values.filter((value) => value === null).length);
        const numbers = values.filter((value) => typeof value === 'number');
        if (column.kind === 'unsupported') continue;
        const distinct = new Set(values.filter((value) => value !== null && value !== 'NaN'));
        expect(column.distinct, column.name).toBe(distinct.size);
        if (column.numbers === null) continue;
        expect(column.numbers.nans, column.name).toBe(values.filter((value) => value === 'NaN').length);
        if (numbers.length === 0) {
          expect(column.numbers.range).toBeNull();
          continue;
        }
        const { min, max, mean } = column.numbers.range!;
        expect([min, max], column.name).toEqual([Math.min(...numbers), Math.max(...numbers)]);
        expect(mean).toBeCloseTo(numbers.reduce((sum, value) => sum + value, 0) / numbers.length, 6);
      }
    });
  });
});

describe('distinct values', () => {
  const words = ['b', 'a', '', ' a', 'é', 'Z', '😀', '\uffee', 'a', null];

  it.each(['arrow', 'parquet'])('are sorted by UTF-16 code units in %s', async (format) => {
    const path =
      format === 'arrow'
        ? writeArrow({ word: words }, 3)
        : await writeParquetQuery(
            `SELECT unnest([${words.map((word) => (word === null ? 'NULL' : `'${word}'`)).join(', ')}]) AS word`,
          );
    await withTable(path, async (table) => {
      const [values] = await table.distinct(['word'], 100);
      expect(values).toEqual(['', ' a', 'Z', 'a', 'b', 'é', '😀', '\uffee']);
      expect((await table.distinct(['word'], 3))[0]).toHaveLength(4);
    });
  });

  it('are those in use, not those that a dictionary lists', async () => {
    const path = writeArrow({ word: ['x', 'y', 'z', 'x'], n: [0, 1, 2, 3] }, 4, true);
    await withTable(path, async (table) => {
      expect(table.columns[0].type).toMatch(/^Dictionary/);
      const columns = await readColumns(table.read({ columns: ['word'], rowStart: 1, rowEnd: 3 }), ['word']);
      expect(columns.word).toEqual(['y', 'z']);
    });
  });
});

describe('Parquet columns are addressed by position', () => {
  it('whatever they are called', async () => {
    const names = ['"; DROP TABLE t; --', "it's", 'file_row_number', 'SELECT', 'a', 'c0'];
    const list = names.map((name, i) => `range + ${i * 100} AS "${name.replaceAll('"', '""')}"`).join(', ');
    const path = await writeParquetQuery(`SELECT ${list} FROM range(5)`);
    await withTable(path, async (table) => {
      expect(table.columns.map(({ name }) => name)).toEqual(names);
      const columns = await readColumns(table.read({ columns: names, rowStart: 2, rowEnd: 4 }), names);
      for (const [i, name] of names.entries()) expect(columns[name]).toEqual([i * 100 + 2, i * 100 + 3]);
    });
  });

  it('looks for known values only when told so, even with quotes and NUL in them', async () => {
    const path = await writeParquetQuery(`SELECT unnest(['it''s', 'a' || chr(0) || 'b', 'other', NULL]) AS word`);
    await withTable(path, async (table) => {
      const values = new Map([['word', ["it's", 'a\0b']]]);
      for await (const batch of table.read({ columns: ['word'], values })) {
        expect(batch.columns[0]).toEqual({
          kind: 'category',
          codes: Int32Array.of(0, 1, -1, -1),
          dictionary: ["it's", 'a\0b'],
        });
      }
    });
  });
});
