/** What comes out of a run whose loss says more than the mean: counts, quantiles, smoothed classes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/train/config.js';
import { evaluate } from '../../src/train/evaluate.js';
import { loadModel } from '../../src/train/model.js';
import { predict } from '../../src/train/predict.js';
import { train } from '../../src/train/run.js';
import { writeArrowFile } from '../commands/tables.js';
import { numbers } from '../parallel/fixtures.js';

let folder: string;
let data: string;
const ROWS = 1500;
const x = numbers(ROWS, 1);
const noise = numbers(ROWS, 7);
/** Uniform around 10 x, from -5 to 5: its quantile q is 10 x - 5 + 10 q. */
const wide = x.map((value, r) => 10 * value + 5 * noise[r]);
/** Around 100 e^x. */
const counts = x.map((value, r) => Math.round(100 * Math.exp(value) * (1 + 0.1 * noise[r])));
const side = x.map((value) => (value > 0 ? 1 : 0));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-outputs-'));
  data = join(folder, 'data.arrow');
  await writeArrowFile(data, { x: [...x], wide: [...wide], counts: [...counts], side: [...side] });
});
afterAll(() => rm(folder, { recursive: true }));

async function run(config: Omit<TrainConfig, 'data'>) {
  const features = { features: ['x'], hidden: [16], workers: 2, epochs: 25, learningRate: 0.01, seed: 1 };
  return await train({ ...features, data, runsDir: folder, ...config }).result;
}

async function predictions(model: string): Promise<Float64Array> {
  for await (const { columns } of predict(model, data)) return columns[0].values as Float64Array;
  throw new Error('no rows');
}

describe.each([0.1, 0.5, 0.9])('quantile %f', (quantile) => {
  it('leaves that share of the targets below the prediction, within 3%, and is scored by its pinball loss', async () => {
    const { model, metrics } = await run({ target: 'wide', loss: 'quantile', quantile });
    const predicted = await predictions(model);
    const below = wide.filter((y, r) => y < predicted[r]).length / ROWS;
    expect(Math.abs(below - quantile)).toBeLessThanOrEqual(0.03);

    // Of a uniform target of width 10, the pinball loss at the true quantile is 10 q (1 - q) / 2.
    const { pinball } = metrics.validation as { pinball: number };
    expect(Math.abs(pinball - 5 * quantile * (1 - quantile))).toBeLessThanOrEqual(0.15);
    expect((await loadModel(model)).description.lossConstants).toEqual({ quantile });
    const scored = (await evaluate(model, data)).metrics as { pinball: number };
    const mean = wide.reduce((sum, y, r) => {
      return sum + Math.max(quantile * (y - predicted[r]), (quantile - 1) * (y - predicted[r]));
    }, 0);
    expect(scored.pinball).toBeCloseTo(mean / ROWS, 6);
  });
});

describe('a Poisson regression', () => {
  it('predicts counts, not their logarithms, on a target that keeps its units', async () => {
    const { model, metrics } = await run({ target: 'counts', loss: 'poisson', scaleTarget: 'standard' });
    expect((metrics.validation as { mape: number }).mape).toBeLessThan(0.12);
    const predicted = await predictions(model);
    expect(Math.min(...predicted)).toBeGreaterThan(0);
    const { target } = (await loadModel(model)).members[0].description.preprocessing;
    expect(target).toMatchObject({ task: 'regression', scale: 1 });
    const config = JSON.parse(await readFile(join(dirname(model), 'config.json'), 'utf8')) as TrainConfig;
    expect(config.scaleTarget).toBe('none');
  });
});

describe('label smoothing', () => {
  it.each(['bce', 'cross_entropy'] as const)(
    '%s: probabilities go to the smoothed targets, not to 0 and 1',
    async (loss) => {
      const { model } = await run({ target: 'side', loss, labelSmoothing: 0.2, epochs: 60 });
      for await (const { columns } of predict(model, data)) {
        const yes = columns[2].values as Float64Array;
        const far = [...yes].filter((_, r) => Math.abs(x[r]) > 0.5);
        for (const p of far) expect(Math.min(Math.abs(p - 0.1), Math.abs(p - 0.9))).toBeLessThan(0.05);
      }
    },
  );
});
