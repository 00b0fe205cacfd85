/** What becomes of categories by the number of their values: one-hot inputs, buckets, or nothing. */
import { describe, expect, it } from 'vitest';
import { createGather } from '../../src/data/batches.js';
import { BUCKETS, bucketOf } from '../../src/data/buckets.js';
import { loadForModel, loadTraining, type TrainingLoad } from '../../src/data/load.js';
import { featureNames } from '../../src/data/preprocess.js';
import { executeInline } from '../../src/data/tasks.js';
import {
  type Cell,
  type Cells,
  readColumns,
  withTable,
  writeArrow,
  writeParquet,
  writeParquetQuery,
} from './tables.js';

const ROWS = 3000;
const column = (cell: (row: number) => Cell) => Array.from({ length: ROWS }, (_, row) => cell(row));
const y = column((row) => row / 7);

const load = (path: string, options: Partial<TrainingLoad> = {}) =>
  withTable(path, (table) =>
    loadTraining({
      table,
      target: 'y',
      validation: 0,
      scale: 'standard',
      scaleTarget: 'standard',
      dropMissingTarget: false,
      seed: 0,
      execute: executeInline,
      ...options,
    }),
  );

describe('the bucket of a value', () => {
  it('is a function of its bytes alone, fixed for ever', () => {
    // FNV-1a of "" and "a" by its authors' tables, mixed by hand as MurmurHash3 does.
    const mixed = (hash: bigint) => {
      const word = (value: bigint) => value & 0xffff_ffffn;
      let h = word((hash ^ (hash >> 16n)) * 0x85eb_ca6bn);
      h = word((h ^ (h >> 13n)) * 0xc2b2_ae35n);
      return Number((h ^ (h >> 16n)) % 256n);
    };
    expect(bucketOf('', 256)).toBe(mixed(0x811c_9dc5n));
    expect(bucketOf('a', 256)).toBe(mixed(0xe40c_292cn));
    expect(bucketOf('foobar', 256)).toBe(mixed(0xbf9c_f968n));
  });

  it('is spread evenly', () => {
    const counts = new Uint32Array(BUCKETS);
    for (let i = 0; i < 100 * BUCKETS; i++) counts[bucketOf(`user-${i}`, BUCKETS)]++;
    expect(Math.min(...counts)).toBeGreaterThan(55);
    expect(Math.max(...counts)).toBeLessThan(155);
  });
});

describe.each(['arrow', 'parquet'])('a category (%s)', (format) => {
  const write = async (cells: Cells) => (format === 'arrow' ? writeArrow(cells, 700) : await writeParquet(cells, 2048));

  it('of many values is hashed, in training and for a model, with a note', async () => {
    const zip = column((row) => (row % 50 === 0 ? null : `zip ${(row * 7919) % 1500}`));
    const path = await write({ zip, y });
    const { preprocessing, dataset, notes } = await load(path);
    expect(preprocessing.categories).toEqual([{ name: 'zip', values: [], buckets: BUCKETS }]);
    expect(featureNames(preprocessing)).toHaveLength(BUCKETS);
    expect(dataset.layout.inputs).toBe(BUCKETS);
    expect(notes).toEqual([`column "zip" of ${path} has more than 1000 values, and is hashed into 256 buckets`]);
    const { stride } = dataset.layout;
    const stored = new Float32Array(dataset.pieces[0]);
    const codes = zip.map((_, row) => stored[row * stride]);
    expect(codes).toEqual(zip.map((value) => (value === null ? -1 : bucketOf(String(value), BUCKETS))));
    const later = await write({ zip: ['zip 7', 'never seen', null] });
    await withTable(later, async (table) => {
      const again = await loadForModel({ table, preprocessing, withTarget: false, execute: executeInline });
      const words = new Float32Array(again.pieces[0]);
      expect([...words]).toEqual([bucketOf('zip 7', BUCKETS), bucketOf('never seen', BUCKETS), -1]);
    });
  });

  it('that is an identifier is left out with a note, unless it was asked for', async () => {
    const id = column((row) => `customer ${row % 2950}`);
    const path = await write({ id, x: y, y });
    const { preprocessing, notes } = await load(path);
    expect(preprocessing.categories).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/column "id" .* is left out: nearly every row has another value/)]);
    const asked = await load(path, { features: ['id', 'x'] });
    expect(asked.preprocessing.categories).toEqual([{ name: 'id', values: [], buckets: BUCKETS }]);
  });

  it('of two values is one input of -1 and 1, and one of more than eight is embedded, where that is asked for', async () => {
    const cells = {
      sure: column((row) => (row % 7 === 0 ? null : row % 3 === 0)),
      size: column((row) => ['l', 'm', 's'][row % 3]),
      eight: column((row) => `e${row % 8}`),
      nine: column((row) => `n${row % 9}`),
      zip: column((row) => `zip ${(row * 7919) % 1500}`),
      y,
    };
    const path = await write(cells);
    const { preprocessing, dataset } = await load(path, { encode: ['sign', 'embedding'] });
    expect(preprocessing.categories.map(({ encoding }) => encoding)).toEqual([
      'sign',
      undefined,
      undefined,
      'embedding',
      'embedding',
    ]);
    const names = featureNames(preprocessing);
    expect(names).toHaveLength(1 + 3 + 8);
    expect(names[0]).toBe('sure = true or false');
    const { inputs, stride } = dataset.layout;
    expect([inputs, stride]).toEqual([12, 6]);
    const x = new Float32Array(12 * 9);
    createGather(dataset)(
      Uint32Array.from({ length: 9 }, (_, i) => i),
      9,
      x,
      0,
      12,
      new Float32Array(9),
      0,
      null,
      0,
    );
    expect(Array.from({ length: 9 }, (_, row) => x[12 * row])).toEqual([0, -1, -1, 1, -1, -1, 1, 0, -1]);
    const plain = await load(path);
    expect(plain.preprocessing.categories.every(({ encoding }) => encoding === undefined)).toBe(true);
  });

  it('of few values is one-hot, even where they are all different', async () => {
    const cells = { name: Array.from({ length: 40 }, (_, i) => `n${i}`), y: y.slice(0, 40) };
    const { preprocessing, notes } = await load(await write(cells));
    expect(preprocessing.categories[0].values).toHaveLength(40);
    expect(notes).toEqual([]);
  });
});

describe.each([
  ['with a dictionary', ''],
  ['without one', ', dictionary_size_limit 1'],
])('strings in Parquet %s', (_, options) => {
  it.each([3, 256, 257, 1000])(
    'are found among %i known values by their bytes, anything else is missing',
    async (count) => {
      const odd = ["it's", 'a"b', '', 'Ä', 'A\u0308', ' x', 'x'];
      const known = [...odd, ...Array.from({ length: count }, (_, i) => `v${i}`)].slice(0, count);
      const all = [...known, 'unknown', 'X', null];
      const list = all.map((value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`)).join(', ');
      const path = await writeParquetQuery(`SELECT unnest([${list}]) AS name FROM range(20)`, options);
      const values = new Map([['name', known]]);
      const { name } = await withTable(path, (table) =>
        readColumns(table.read({ columns: ['name'], values }), ['name']),
      );
      const expected = all.map((value) => (value !== null && known.includes(value) ? value : null));
      expect(name).toEqual(Array.from({ length: 20 }, () => expected).flat());
    },
  );
});
