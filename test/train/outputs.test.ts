/** What comes out of a run whose loss says more than the mean: counts, quantiles, smoothed classes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/train/config.js';
import { evaluate } from '../../src/train/evaluate.js';
import type { DoneEvent } from '../../src/train/events.js';
import { loadModel } from '../../src/train/model.js';
import type { OutputColumn } from '../../src/train/output-column.js';
import { predict } from '../../src/train/predict.js';
import { crossValidate, train } from '../../src/train/run.js';
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

function config(given: Omit<TrainConfig, 'data'>): TrainConfig {
  const features = { features: ['x'], hidden: [16], workers: 2, epochs: 25, learningRate: 0.01, seed: 1 };
  return { ...features, data, runsDir: folder, ...given };
}

async function run(given: Omit<TrainConfig, 'data'>): Promise<DoneEvent> {
  return await train(config(given)).result;
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
    expect((await loadModel(model)).description.lossConstants).toEqual({ quantile: [quantile] });
    const scored = (await evaluate(model, data)).metrics as { pinball: number };
    const mean = wide.reduce((sum, y, r) => {
      return sum + Math.max(quantile * (y - predicted[r]), (quantile - 1) * (y - predicted[r]));
    }, 0);
    expect(scored.pinball).toBeCloseTo(mean / ROWS, 6);
  });
});

describe('several quantiles at once', () => {
  const quantile = [0.1, 0.5, 0.9];
  const several = { target: 'wide', loss: 'quantile', quantile, ema: 0.9, members: 2 } as const;
  let done: DoneEvent;
  let columns: readonly OutputColumn[];
  beforeAll(async () => {
    done = await run({ ...several, test: data });
    for await (const window of predict(done.model, data, { keep: ['wide'] })) ({ columns } = window);
  });
  const values = (i: number) => columns[i].values as Float64Array;

  it('have a column each, in ascending order in every row, with the share of targets below that they name, within 3%', () => {
    expect(columns.map(({ name }) => name)).toEqual([
      ...['prediction_q0.1', 'prediction_q0.5', 'prediction_q0.9', 'wide'],
    ]);
    for (let r = 0; r < ROWS; r++) {
      expect(values(0)[r]).toBeLessThanOrEqual(values(1)[r]);
      expect(values(1)[r]).toBeLessThanOrEqual(values(2)[r]);
    }
    for (const [i, q] of quantile.entries()) {
      expect(Math.abs(wide.filter((y, r) => y <= values(i)[r]).length / ROWS - q)).toBeLessThanOrEqual(0.03);
    }
  });

  it('are scored each and together, in the training as by evaluate, by what the columns say, to 5e-6', async () => {
    const { metrics } = await evaluate(done.model, data);
    expect(metrics).toEqual(done.metrics.test);
    const mean = (of: (y: number, r: number) => number) => wide.reduce((sum, y, r) => sum + of(y, r), 0) / ROWS;
    const pinballs = quantile.map((q, i) =>
      mean((y, r) => Math.max(q * (y - values(i)[r]), (q - 1) * (y - values(i)[r]))),
    );
    const wanted = {
      pinball: pinballs.reduce((sum, loss) => sum + loss, 0) / 3,
      coverage: mean((y, r) => Number(values(0)[r] <= y && y <= values(2)[r])),
      mae: mean((y, r) => Math.abs(y - values(1)[r])),
      ...Object.fromEntries(quantile.map((q, i) => [`pinball_q${q}`, pinballs[i]])),
      ...Object.fromEntries(quantile.map((q, i) => [`below_q${q}`, mean((y, r) => Number(y <= values(i)[r]))])),
    };
    for (const [name, value] of Object.entries(wanted)) {
      expect((metrics as unknown as Record<string, number>)[name], name).toBeCloseTo(value, 5);
    }
    expect(Object.keys(metrics).sort()).toEqual([...Object.keys(wanted), 'rmse', 'r2', 'mape'].sort());
    expect((await loadModel(done.model)).description.members[0].validation).toHaveProperty('below_q0.9');
  });

  it('have the same bits for 1 and 3 workers', async () => {
    for (const workers of [1, 3]) {
      expect((await run({ ...several, workers, test: data })).weightsSha256).toBe(done.weightsSha256);
    }
  });

  it('are validated by folds', async () => {
    const { metrics } = await crossValidate(config({ ...several, members: 1, epochs: 2 }), { folds: 2 }).result;
    expect(Object.keys(metrics.validation)).toContain('coverage');
  });

  it('are not mixed with a companion, nor kept over a column of the table that bears their name', async () => {
    await expect(run({ ...several, companion: 'plain' })).rejects.toMatchObject({ code: 'unread_option' });
    const clashing = join(folder, 'clashing.arrow');
    await writeArrowFile(clashing, { x: [...x], 'prediction_q0.5': [...wide] });
    const first = predict(done.model, clashing, { keep: ['prediction_q0.5'] }).next();
    await expect(first).rejects.toMatchObject({ code: 'column_clash' });
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
