/** Lists of numbers of one length as columns, in Parquet and Arrow; lists of several lengths, refused with a way out. */
import { writeFileSync } from 'node:fs';
import {
  Table as ArrowTable,
  Field,
  FixedSizeList,
  Float32,
  Int16,
  List,
  RecordBatchFileWriter,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { loadForModel, loadTraining } from '../../src/data/load.js';
import { featureNames } from '../../src/data/preprocess.js';
import { closeThreadTables, executeInline } from '../../src/data/tasks.js';
import { splitColumnNames } from '../../src/train/columns.js';
import { freshPath, readColumns, withTable, writeParquetQuery } from './tables.js';

const embedding = [[1, 2, 3], [4, null, 6], null, [7, 8, 9.5], [0, 0, 1]];
const pair = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
  [9, 10],
];
const ragged = [[1], [2, 3], [], null, [4]];
const y = [1.5, 2.5, 3.5, 4.5, 5.5];

/** In record batches of two rows. */
function writeArrowVectors(): string {
  const item = <T>(type: T) => new Field('item', type as never, true);
  const whole = new ArrowTable({
    embedding: vectorFromArray(embedding, new List(item(new Float32()))),
    pair: vectorFromArray(pair, new FixedSizeList(2, item(new Int16()))),
    ragged: vectorFromArray(ragged, new List(item(new Int16()))),
    y: vectorFromArray(y),
  });
  const writer = new RecordBatchFileWriter();
  for (let start = 0; start < y.length; start += 2)
    for (const batch of whole.slice(start, start + 2).batches) writer.write(batch);
  const path = freshPath('.arrow');
  writeFileSync(path, writer.finish().toUint8Array(true));
  return path;
}

function writeParquetVectors(): Promise<string> {
  const sql = (value: unknown): string =>
    Array.isArray(value) ? `[${value.map(sql).join(', ')}]` : String(value ?? 'NULL');
  return writeParquetQuery(
    `SELECT unnest(${sql(embedding)}::FLOAT[][]) AS embedding, unnest(${sql(pair)}::SMALLINT[][]) AS pair,
      unnest(${sql(ragged)}::SMALLINT[][]) AS ragged, unnest(${sql(y)}::DOUBLE[]) AS y`,
  );
}

const base = {
  target: 'y',
  validation: 0,
  scale: 'standard',
  scaleTarget: 'standard',
  dropMissingTarget: false,
  seed: 0,
  execute: executeInline,
} as const;

describe.each([
  ['Parquet', writeParquetVectors],
  ['Arrow', async () => writeArrowVectors()],
])('vectors in %s', (_, write) => {
  it('are columns, an element each', async () => {
    await withTable(await write(), async (table) => {
      expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual([
        ['embedding[0]', 'number'],
        ['embedding[1]', 'number'],
        ['embedding[2]', 'number'],
        ['pair[0]', 'number'],
        ['pair[1]', 'number'],
        ['ragged', 'unsupported'],
        ['y', 'number'],
      ]);
      const names = ['pair[1]', 'embedding[2]', 'y', 'embedding[1]'];
      expect(await readColumns(table.read({ columns: names, rowStart: 1 }), names)).toEqual({
        'pair[1]': [4, 6, 8, 10],
        'embedding[2]': [6, Number.NaN, 9.5, 1],
        y: y.slice(1),
        'embedding[1]': [Number.NaN, Number.NaN, 8, 0],
      });
    });
  });

  it('are features by the name of the whole, and asked for again by a model', async () => {
    await withTable(await write(), async (table) => {
      const features = splitColumnNames(['pair,embedding'], table.columns)!;
      const { preprocessing, dataset } = await loadTraining({ ...base, table, features });
      expect(featureNames(preprocessing)).toEqual([
        ...['pair[0]', 'pair[1]', 'embedding[0]', 'embedding[1]', 'embedding[2]'],
        ...['embedding[0] is missing', 'embedding[1] is missing', 'embedding[2] is missing'],
      ]);
      const again = await loadForModel({ table, preprocessing, withTarget: true, execute: executeInline });
      expect(Buffer.from(again.pieces[0]).equals(Buffer.from(dataset.pieces[0]))).toBe(true);
      const without = await loadTraining({ ...base, table, exclude: ['embedding', 'ragged'] });
      expect(featureNames(without.preprocessing)).toEqual(['pair[0]', 'pair[1]']);
    });
    await closeThreadTables();
  });

  it('of several lengths are refused by name, with what to do', async () => {
    await withTable(await write(), async (table) => {
      await expect(loadTraining({ ...base, table })).rejects.toMatchObject({
        code: 'unsupported_column',
        message: expect.stringContaining('column "ragged"'),
        hint: expect.stringMatching(/--exclude ragged; or .*len\("ragged"\) AS/),
      });
    });
  });
});
