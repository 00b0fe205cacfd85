/** Folds through the public door: each is what a training on a split made by hand is. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldRows } from '../../src/data/folds.js';
import type { TrainConfig } from '../../src/train/config.js';
import type { RegressionMetrics } from '../../src/train/metrics.js';
import { crossValidate, train } from '../../src/train/run.js';
import { runCli } from '../commands/run-cli.js';
import { writeArrow } from '../data/tables.js';

const ROWS = 300;
const rows = Array.from({ length: ROWS }, (_, r) => r);
const x = rows.map((r) => ((r * 37) % 101) / 10);
const cells = {
  x,
  color: rows.map((r) => ['red', 'green', 'blue'][r % 3]),
  y: x.map((value, r) => 100 + 20 * value + (r % 3 === 0 ? 50 : 0) + (r % 7)),
};

let folder: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-folds-'));
  whole = writeArrow(cells, 100);
});
afterAll(() => rm(folder, { recursive: true }));

const plain: Partial<TrainConfig> = {
  preset: 'sgd',
  hidden: [8],
  epochs: 3,
  batchSize: 32,
  learningRate: 0.01,
  seed: 4,
};
const configOf = (given: Partial<TrainConfig>): TrainConfig => {
  return { ...plain, target: 'y', runsDir: join(folder, 'runs'), workers: 1, ...given };
};

/** The rows with this mark as a table of their own. */
function part(marks: Uint8Array, mark: number): string {
  const chosen = rows.filter((r) => marks[r] === mark);
  return writeArrow(
    Object.fromEntries(Object.entries(cells).map(([name, values]) => [name, chosen.map((r) => values[r])])),
    100,
  );
}

describe('crossValidate', () => {
  it('scores each fold as a training that validates on its rows does (to 1e-5), and gives mean and deviation', async () => {
    const done = await crossValidate(configOf({ data: whole }), { folds: 3 }).result;
    const rmse: number[] = [];
    for (const [index, fold] of done.folds.entries()) {
      const marks = foldRows(new Uint32Array(ROWS), { index, of: 3, seed: 4 });
      expect(fold.rows).toEqual({ train: 200, validation: 100 });
      const byHand = await train(configOf({ data: part(marks, 0), validation: part(marks, 1) })).result;
      const own = fold.validation as RegressionMetrics;
      const wanted = byHand.metrics.validation as RegressionMetrics;
      expect(Math.abs(own.rmse! / wanted.rmse! - 1)).toBeLessThan(1e-5);
      expect(fold.epochs).toEqual([3]);
      rmse.push(own.rmse!);
    }
    const mean = rmse.reduce((sum, value) => sum + value, 0) / 3;
    expect((done.metrics.validation as RegressionMetrics).rmse).toBeCloseTo(mean, 12);
    const variance = rmse.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
    expect((done.deviation.validation as RegressionMetrics).rmse).toBeCloseTo(Math.sqrt(variance), 12);
  });

  it('has the same scores for 1 and 3 workers, of classes and ensembles too, and keeps them only', async () => {
    const config = { target: 'color', preset: 'fast', members: 2, split: 'stratified', data: whole } as const;
    const one = await crossValidate(configOf(config), { folds: 2 }).result;
    const three = await crossValidate(configOf({ ...config, workers: 3 }), { folds: 2 }).result;
    expect(three.folds).toEqual(one.folds);
    expect(one.folds[0].epochs).toHaveLength(2);
    expect((await readdir(one.runDir)).sort()).toEqual([
      'config.json',
      'environment.json',
      'folds.json',
      'metrics.jsonl',
    ]);
    const { folds, metrics, deviation } = JSON.parse(await readFile(join(one.runDir, 'folds.json'), 'utf8'));
    expect({ folds, metrics, deviation }).toEqual({ folds: one.folds, metrics: one.metrics, deviation: one.deviation });
  });

  it.each([
    [{ folds: 1 }, {}, /folds: expected a whole number of at least 2, got 1/],
    [{ folds: 2.5 }, {}, /got 2\.5/],
    [{ folds: 2 }, { test: 'there.arrow' }, /folds hold out rows of the table, and a test table was named/],
    [{ folds: 2 }, { split: 'time:x' }, /a split by time/],
    [{ folds: 301 }, {}, /301 folds .* leave one of them without rows \(300 are usable\)/],
  ] as const)('refuses what makes no folds: %o %o', async (options, given, message) => {
    const runsDir = join(folder, 'refused');
    await expect(crossValidate(configOf({ data: whole, ...given, runsDir }), options).result).rejects.toThrow(message);
    await expect(readdir(runsDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

it('paragrad train --folds prints a line for each fold, and one object of JSON at the end', async () => {
  const args = ['train', whole, '--target', 'y', '--hidden', '4', '--epochs', '1', '--folds', '2', '--workers', '1'];
  const { code, stdout } = await runCli(args, folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^fold +rows +rmse .*\n +1 +150 .*\n +2 +150 .*\nmean .*\ndeviation .*\nscores in runs\//);
  const json = (await runCli([...args, '--json'], folder)).stdout.trim().split('\n').at(-1)!;
  expect(JSON.parse(json)).toMatchObject({
    type: 'done',
    folds: [{ rows: { validation: 150 } }, { rows: { train: 150 } }],
  });
});
