/** Class weights: in training they are weights of rows, and nowhere else. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../src/data/preprocess.js';
import { weightsOfClasses } from '../../src/train/class-weights.js';
import type { TrainConfig } from '../../src/train/config.js';
import { train } from '../../src/train/run.js';
import { writeArrow, writeParquet } from '../data/tables.js';

const ROWS = 400;
const rows = Array.from({ length: ROWS }, (_, r) => r);
const kind = rows.map((r) => (r % 10 === 0 ? 'rare' : r % 4 === 0 ? 'some' : 'usual'));
const x = rows.map((r) => ((r * 37) % 101) / 10 + (r % 10 === 0 ? 4 : 0));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-class-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

const plain: Partial<TrainConfig> = { preset: 'sgd', hidden: [8], epochs: 2, batchSize: 64, shards: 2, validation: 0 };
const run = (given: Partial<TrainConfig> & { target: string }) =>
  train({ ...plain, runsDir: join(folder, 'runs'), workers: 1, ...given }).result;

/** A table whose rows have the weight of their class, times another one. */
function weighted(
  classes: readonly string[],
  byClass: Readonly<Record<string, number>>,
  own: readonly number[],
): string {
  return writeArrow({ x, kind: classes, w: classes.map((name, r) => byClass[name] * own[r]) }, 100);
}

describe('weightsOfClasses', () => {
  const target = (classes: string[]): Target => ({ name: 'y', task: 'multiclass', type: 'string', classes });

  it('balanced are those of compute_class_weight of scikit-learn 1.9', () => {
    expect(weightsOfClasses('balanced', target(['a', 'b', 'c']), [7, 2, 1])).toEqual([10 / 21, 10 / 6, 10 / 3]);
    const [first, second] = weightsOfClasses('balanced', target(['0', '1']), [13, 4]);
    expect([first, second]).toEqual([0.6538461538461539, 2.125]);
    expect(weightsOfClasses('balanced', target(['a', 'b']), [4, 0])).toEqual([0.5, 0]);
  });

  it('refuse a list of another length, and a regression', () => {
    expect(() => weightsOfClasses([1, 2], target(['a', 'b', 'c']), null)).toThrow(
      'expected 3 class weights, one for each of a, b, c, got 2',
    );
    const price: Target = { name: 'y', task: 'regression', centre: 0, shift: 0, scale: 1 };
    expect(() => weightsOfClasses('balanced', price, null)).toThrow('class weights have no effect on a regression');
  });
});

describe.each([
  ['three classes', kind, { rare: 4, some: 1.5, usual: 0.25 }],
  ['two classes', kind.map((name) => (name === 'rare' ? name : 'usual')), { rare: 8, usual: 0.5 }],
] as const)('a run with class weights (%s)', (_, classes, byClass) => {
  const list = Object.values(byClass);
  const table = () => writeArrow({ x, kind: classes }, 100);
  const ones = rows.map(() => 1);

  it('has the bits of a run whose rows have those weights, for any number of workers', async () => {
    const byColumn = await run({ data: weighted(classes, byClass, ones), target: 'kind', weightColumn: 'w' });
    for (const workers of [1, 2, 3]) {
      const byOption = await run({ data: table(), target: 'kind', classWeights: list, workers });
      expect(byOption.weightsSha256).toBe(byColumn.weightsSha256);
    }
    expect((await run({ data: table(), target: 'kind' })).weightsSha256).not.toBe(byColumn.weightsSha256);
  });

  it('multiplies the weights that rows have', async () => {
    const own = rows.map((r) => (r % 3) / 2);
    const once = await run({ data: weighted(classes, byClass, own), target: 'kind', weightColumn: 'w' });
    const rowsOnly = weighted(classes, Object.fromEntries(Object.keys(byClass).map((name) => [name, 1])), own);
    const twice = await run({ data: rowsOnly, target: 'kind', weightColumn: 'w', classWeights: list });
    expect(twice.weightsSha256).toBe(once.weightsSha256);
  });

  it('balances by the training rows of any source, and scores rows as they are', async () => {
    const counts = Object.keys(byClass).map((name) => classes.filter((own) => own === name).length);
    const balanced = counts.map((count) => ROWS / (counts.length * count));
    const parquet = await writeParquet({ x, kind: classes }, 100);
    const validation = table();
    const said = await run({ data: parquet, target: 'kind', classWeights: 'balanced', validation });
    const listed = await run({ data: table(), target: 'kind', classWeights: balanced, validation });
    expect(said.weightsSha256).toBe(listed.weightsSha256);
    const scored = await train({
      ...plain,
      runsDir: folder,
      data: parquet,
      target: 'kind',
      classWeights: 'balanced',
      test: validation,
    }).result;
    expect(scored.metrics.test).toEqual(said.metrics.validation);
  });
});
