/** Rows held out by a column of a table, in any file. */
import { describe, expect, it } from 'vitest';
import { type LoadedTraining, loadTraining, type TrainingLoad } from '../../src/data/load.js';
import { featureNames } from '../../src/data/preprocess.js';
import { executeInline } from '../../src/data/tasks.js';
import { type Cell, type Cells, withTable, writeArrow, writeParquet } from './tables.js';

const ROWS = 5000;
const column = (cell: (row: number) => Cell) => Array.from({ length: ROWS }, (_, row) => cell(row));
const mixed = (row: number) => (Math.imul(row, 2_654_435_761) >>> 0) % 1000;
const cells: Cells = {
  // The place of the row, kept as it is: which rows are held out can be read back.
  row: column((row) => row),
  kind: column((row) => (mixed(row) < 20 ? 'rare' : mixed(row) < 300 ? 'some' : 'most')),
  when: column((row) => (row % 97 === 3 ? null : mixed(row))),
  customer: column((row) => (row % 41 === 0 ? null : `c${mixed(row) % 60}`)),
  shop: column((row) => mixed(row) % 25),
  y: column((row) => mixed(row) / 7),
};
const parquet = await writeParquet(cells, ROWS);
const files = [writeArrow(cells, 97), writeArrow(cells, 1700, true), await writeParquet(cells, 2048)];

const load = (path: string, options: Partial<TrainingLoad>): Promise<LoadedTraining> =>
  withTable(path, (table) =>
    loadTraining({
      table,
      target: 'y',
      validation: 0.2,
      scale: 'none',
      scaleTarget: 'none',
      dropMissingTarget: false,
      seed: 3,
      execute: executeInline,
      ...options,
    }),
  );

/** The rows that are held out. */
function heldRows({ dataset, preprocessing, trainRows }: LoadedTraining): number[] {
  const word = preprocessing.numbers.findIndex(({ name }) => name === 'row');
  const words = new Float32Array(dataset.pieces[0]);
  const { stride } = dataset.layout;
  return Array.from({ length: dataset.rows - trainRows }, (_, i) => words[(trainRows + i) * stride + word]);
}

describe.each([
  ['stratified', { target: 'kind' }],
  ['auto', { target: 'kind' }],
  ['auto', {}],
  ['time:when', {}],
  ['group:customer', {}],
  ['group:shop', {}],
] as const)('split %s of %j', (split, options) => {
  it('is the same in any file', async () => {
    const held = heldRows(await load(parquet, { ...options, split }));
    expect(held.length).toBeGreaterThan(0.1 * ROWS);
    for (const file of files) expect(heldRows(await load(file, { ...options, split }))).toEqual(held);
  });
});

describe('a split', () => {
  it('that is stratified holds out the same share of every class', async () => {
    const held = heldRows(await load(parquet, { target: 'kind', split: 'stratified' }));
    for (const kind of ['rare', 'some', 'most']) {
      const rows = cells.kind.flatMap((value, row) => (value === kind ? [row] : []));
      const share = rows.filter((row) => held.includes(row)).length;
      expect(Math.abs(share - 0.2 * rows.length)).toBeLessThanOrEqual(1);
    }
  });

  it('by time holds out the latest rows, and says which rows have no time', async () => {
    const loaded = await load(parquet, { split: 'time:when' });
    const held = new Set(heldRows(loaded));
    const times = cells.when as readonly (number | null)[];
    const known = times.flatMap((time, row) => (time === null ? [] : [{ time, held: held.has(row) }]));
    const least = Math.min(...known.filter(({ held }) => held).map(({ time }) => time));
    expect(known.filter((row) => !row.held).every(({ time }) => time <= least)).toBe(true);
    expect(times.every((time, row) => time !== null || !held.has(row))).toBe(true);
    expect(held.size).toBe(0.2 * ROWS);
    const missing = times.filter((time) => time === null).length;
    expect(loaded.notes).toEqual([
      `column "when" of ${parquet}, by which rows are held out, is missing in ${missing} rows: they are trained on`,
    ]);
  });

  it('by groups tears none, and takes the column for a feature only where it is named', async () => {
    const loaded = await load(parquet, { split: 'group:customer' });
    const held = new Set(heldRows(loaded));
    const sides = new Map<Cell, Set<boolean>>();
    cells.customer.forEach((customer, row) => {
      sides.set(customer, (sides.get(customer) ?? new Set()).add(held.has(row)));
    });
    expect([...sides.values()].every(({ size }) => size === 1)).toBe(true);
    expect(featureNames(loaded.preprocessing).some((name) => name.startsWith('customer'))).toBe(false);
    expect(loaded.notes).toEqual([
      expect.stringMatching(/^column "customer" .* groups the rows, and is a feature only/),
    ]);
    const named = await load(parquet, { split: 'group:customer', features: ['row', 'customer'] });
    expect(featureNames(named.preprocessing)).toContain('customer = c7');
  });

  it.each([
    ['stratified', 'split_task_mismatch', /"y" .* is predicted as a number, and a stratified split needs classes/],
    ['time:whem', 'unknown_column', /no column "whem" \(to hold rows out by\)/],
    ['time:kind', 'wrong_kind', /"kind" .* a split by time takes dates, timestamps or numbers/],
    ['group:custom', 'unknown_column', /no column "custom" \(to group rows by\)/],
    ['group:y', 'conflicting_columns', /"y" is both the target and what groups the rows/],
  ] as const)('%s is refused where it cannot be: %s', async (split, code, message) => {
    await expect(load(parquet, { split })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('by groups is refused where all rows are one group', async () => {
    const path = writeArrow({ ...cells, shop: column(() => 5) }, ROWS);
    await expect(load(path, { split: 'group:shop' })).rejects.toMatchObject({ code: 'empty_split' });
  });
});
