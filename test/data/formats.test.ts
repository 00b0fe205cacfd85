/** What formats have in common: ranges of rows, blocks, nulls, distinct values, columns of any name. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeTable } from '../../src/data/inspect.js';
import { readOracle } from './oracle.js';
import { readColumns, tableFile, withTable, writeArrow, writeParquetQuery } from './tables.js';

const expected = readOracle(tableFile('expected.json'));
const readable = (name: string) =>
  /\.(parquet|arrow|arrows|feather)$/.test(name) && !/^(truncated|not-|zero-|stream-dictionary)/.test(name);
const files = readdirSync(tableFile('.')).filter(readable);
/** Files whose writer made one block of all rows. */
const ONE_BLOCK = ['one-row-group.parquet', 'feather-v2.feather'];

/** The oracle's numbers as a reader gives them. */
function expectedNumbers(name: string): unknown[] {
  return expected.columns[name].values.map((value) => (value === null || value === 'NaN' ? Number.NaN : value));
}

describe.each(files)('%s', (file) => {
  const path = tableFile(file);

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
        expect(columns.f64).toEqual(expectedNumbers('f64').slice(rowStart, rowEnd));
        expect(columns.city).toEqual(expected.columns.city.values.slice(rowStart, rowEnd));
      }
    });
  });

  it('knows its blocks', async () => {
    await withTable(path, async ({ blocks, rows }) => {
      expect(blocks[0].rowStart).toBe(0);
      expect(blocks[blocks.length - 1].rowEnd).toBe(rows);
      for (let i = 1; i < blocks.length; i++) expect(blocks[i].rowStart).toBe(blocks[i - 1].rowEnd);
      expect(blocks.length).toBe(ONE_BLOCK.includes(file) ? 1 : 4);
    });
  });

  it('counts nulls apart from NaN, and distinct values', async () => {
    await withTable(path, async (table) => {
      const { columns } = await describeTable(table);
      for (const column of columns) {
        const { values } = expected.columns[column.name];
        expect(column.nulls, column.name).toBe(values.filter((value) => value === null).length);
        const numbers = values.filter((value) => typeof value === 'number');
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
