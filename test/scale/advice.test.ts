/** What is advised, for steps whose parts are known. */
import { expect, test } from 'vitest';
import { advise } from '../../src/scale/advice.js';
import { type StepCosts, stepSeconds } from '../../src/scale/step-model.js';

const shapeOf = (batchSize: number) => ({
  batchSize,
  shards: Math.max(1, batchSize / 128),
  fused: true,
  chunks: 64,
  meetings: 2,
});
const large: StepCosts = { leafRow: 1e-5, add: 1e-5, update: 2e-5, meeting: 1e-7, undivided: 1e-6 };
const request = { shapeOf, batchSize: 256, trainRows: 1e6, costs: large };

test('many workers: the smallest power-of-two batch that employs them to 70%', () => {
  const [line, ...others] = advise({ ...request, workers: [2, 64] });
  expect(others).toEqual([]);
  const rows = Number(/^64 workers need --batch-size (\d+): /.exec(line)?.[1]);
  const efficiency = (batch: number) =>
    stepSeconds(large, shapeOf(batch), 1) / stepSeconds(large, shapeOf(batch), 64) / 64;
  expect(efficiency(rows)).toBeGreaterThanOrEqual(0.7);
  expect(efficiency(rows / 2)).toBeLessThan(0.7);
});

test('a table that is too short for such a batch', () => {
  const [line] = advise({ ...request, trainRows: 1000, workers: [64] });
  expect(line).toMatch(/^64 workers: 2\.0x by projection, and no batch of up to 1000 rows reaches 45x$/);
});

test('a net that is too small for a second worker', () => {
  const costs = { ...large, leafRow: 1e-9, undivided: 4e-6, update: 1e-7, add: 1e-7 };
  const [line] = advise({ ...request, costs, workers: [1] });
  expect(line).toMatch(/^this net is too small for more than 1 worker: a step takes \d+ us/);
});

test('a batch that is one shard', () => {
  expect(advise({ ...request, batchSize: 100, workers: [1] })[0]).toBe(
    'a batch of 100 rows is one shard, which one worker computes',
  );
});

test('nothing where all is well', () => {
  expect(advise({ ...request, batchSize: 2 ** 15, workers: [1, 2, 8] })).toEqual([]);
});
