/** Types and encodings beyond those of the main oracle; the files are made by test/tables/types/make.py. */
import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ColumnKind } from '../../src/data/table.js';
import { readColumns, tableFile, withTable, writeParquetQuery } from './tables.js';

const expected: Record<string, (number | string | null)[]> = {
  i64: [-(2 ** 63), 2 ** 63, -1, Number.NaN, 2 ** 53],
  u64: [0, 2 ** 64, 2 ** 63, Number.NaN, 2 ** 53],
  u32: [0, 2 ** 32 - 1, 1, Number.NaN, 7],
  f16: [1.5, Number.NEGATIVE_INFINITY, 2 ** -24, Number.NaN, -65504],
  d128: [-0.001, 123456789012.345, -999999999999.999, Number.NaN, 0],
  d256: [-0.01, 1234567890.12, -1, Number.NaN, 0],
  large: ['é', '', '\ufeffbom', null, '東京'],
  null: [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  index64: ['x', 'y', null, 'x', 'z'],
  index8: ['x', 'y', null, 'x', 'z'],
  after: ['true', 'false', null, 'true', 'false'],
};

/** DuckDB reads decimals of more than 38 digits wrongly, so in Parquet they are refused. */
const unsupported: Record<string, string[]> = {
  'types.arrow': ['list', 'struct'],
  'types.parquet': ['d256', 'list', 'struct'],
};

describe.each(Object.keys(unsupported))('%s', (file) => {
  it('reads every value as the nearest float64, or as the string it is', async () => {
    await withTable(tableFile(`types/${file}`), async (table) => {
      const named = (kind: ColumnKind) =>
        table.columns.filter((column) => column.kind === kind).map(({ name }) => name);
      expect(named('unsupported')).toEqual(unsupported[file]);
      const names = Object.keys(expected).filter((name) => !unsupported[file].includes(name));
      const columns = await readColumns(table.read({ columns: names }), names);
      for (const name of names) expect(columns[name], name).toEqual(expected[name]);
    });
  });

  it('counts the nulls of nested columns and of those behind them', async () => {
    await withTable(tableFile(`types/${file}`), async (table) => {
      expect(await table.nulls(['null', 'list', 'struct', 'after'])).toEqual([5, 1, 1, 1]);
    });
  });

  it('finds distinct values again when told to look for them', async () => {
    await withTable(tableFile(`types/${file}`), async (table) => {
      const [values] = await table.distinct(['large'], 10);
      expect(values).toEqual(['', 'é', '東京', '\ufeffbom']);
      const request = { columns: ['large'], values: new Map([['large', values]]) };
      expect(await readColumns(table.read(request), ['large'])).toEqual({ large: expected.large });
    });
  });
});

it('reads a dictionary that grows, lists null and repeats itself', async () => {
  await withTable(tableFile('types/dictionary-delta.arrow'), async (table) => {
    const columns = await readColumns(table.read({ columns: ['grade'] }), ['grade']);
    expect(columns.grade).toEqual(['A', 'B', null, 'B', 'C', null, 'A', 'B', 'A', 'C', null, 'A']);
    expect(await table.distinct(['grade'], 10)).toEqual([['A', 'B', 'C']]);
  });
});

it('reads string views, short and long', async () => {
  await withTable(tableFile('types/view.arrow'), async (table) => {
    expect((await readColumns(table.read({ columns: ['view'], rowStart: 1 }), ['view'])).view).toEqual([
      'a string longer than twelve bytes',
      null,
      '',
      'another long string, see',
    ]);
  });
});

it('reports damage in the middle of a long Parquet file, and never takes it for the end', async () => {
  const path = await writeParquetQuery(
    'SELECT hash(range) AS a, hash(range + 1) AS b, hash(range + 2) AS c FROM range(1500000)',
    ', COMPRESSION uncompressed, ROW_GROUP_SIZE 100000',
  );
  // A column of a row group is 800 kB: twice as much damage hits the head of one at least.
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.alloc(1_600_000, 0xff), 0, 1_600_000, Math.floor(size * 0.94));
  await file.close();
  await withTable(path, async (table) => {
    const read = async () => {
      let rows = 0;
      for await (const batch of table.read({ columns: ['a', 'b', 'c'] })) rows += batch.rows;
      return rows;
    };
    await expect(read()).rejects.toMatchObject({ code: 'unreadable' });
  });
});
