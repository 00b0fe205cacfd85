/** Runs with every learned piece of a network, from a raw table to a model and back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/train/config.js';
import { evaluate } from '../../src/train/evaluate.js';
import { loadModel } from '../../src/train/model.js';
import { predict } from '../../src/train/predict.js';
import { train } from '../../src/train/run.js';

/** A target that a learned vector for a category, and a wave of a number, make easy. */
function table(rows: number, seed: number): string {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lines = Array.from({ length: rows }, () => {
    const town = Math.floor(next() * 12);
    const [a, b] = [next() * 4, next()];
    const missing = next() < 0.05;
    const side = next() < 0.5 ? 'left' : 'right';
    const y = Math.sin(6 * a) + 0.5 * ((town * 5) % 12) + b * (side === 'left' ? 1 : -1) + 0.1 * next();
    return [a.toFixed(4), missing ? '' : b.toFixed(4), missing ? '' : `town ${town}`, side, y.toFixed(4)].join(',');
  });
  return ['a,b,town,side,y', ...lines].join('\n');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-learned-'));
  await writeFile(join(folder, 'train.csv'), table(900, 1));
  await writeFile(join(folder, 'test.csv'), table(200, 2));
  await writeFile(join(folder, 'strange.csv'), 'a,b,town,side\n1,0.5,town 3,left\n1,,nowhere,left\n1,0.5,,up\n');
});
afterAll(() => rm(folder, { recursive: true }));

const config = (change: Partial<TrainConfig> = {}): TrainConfig => ({
  data: join(folder, 'train.csv'),
  test: join(folder, 'test.csv'),
  target: 'y',
  preset: 'sgd',
  hidden: [32, 24, 24],
  activation: 'mish',
  scale: 'robust',
  encode: ['piecewise', 'periodic', 'sign', 'embedding'],
  learnedActivation: true,
  inputScale: true,
  residual: true,
  layerNorm: true,
  init: 'calibrated',
  layerRates: 'ntk',
  biasRate: 0.1,
  learningRate: 0.1,
  schedule: 'cosine_log',
  weightDecay: 0.02,
  decay: 'weights',
  decaySchedule: 'flat_cosine',
  dropout: 0.1,
  dropoutSchedule: 'flat_cosine',
  ema: 0.9,
  batchSize: 128,
  shards: 4,
  epochs: 3,
  seed: 5,
  runsDir: join(folder, 'runs'),
  ...change,
});

describe('a run with every learned piece', () => {
  it('has the same weights for 1, 2, 3, 5 and 8 workers, and for native kernels', async () => {
    const one = await train(config({ workers: 1, kernels: 'wasm-fma' })).result;
    for (const workers of [2, 3, 5, 8]) {
      const { weightsSha256, metrics } = await train(config({ workers, kernels: 'auto' })).result;
      expect({ workers, weightsSha256, metrics }).toEqual({
        workers,
        weightsSha256: one.weightsSha256,
        metrics: one.metrics,
      });
    }
  });

  it('has the same weights for 1, 2 and 3 workers as an ensemble of several quantiles too', async () => {
    const ensemble = { members: 2, loss: 'quantile', quantile: [0.1, 0.9] } as const;
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map((workers) => train(config({ ...ensemble, workers })).result),
    );
    for (const { weightsSha256, metrics } of others) {
      expect({ weightsSha256, metrics }).toEqual({ weightsSha256: first.weightsSha256, metrics: first.metrics });
    }
  });

  it('saves its pieces by name, and scores a table from the file as it did at the end of the training', async () => {
    const { model, metrics } = await train(config({ workers: 2 })).result;
    const { members } = await loadModel(model);
    expect(members[0].tensors.map(({ name }) => name)).toEqual([
      ...[0, 1, 2].flatMap((i) => [`W${i}`, `b${i}`, `normScale${i}`, `normShift${i}`, `a${i}`]),
      ...['W3', 'b3', 's'],
      ...['periodicW1', 'periodicB1', 'periodicW2', 'periodicB2', 'embedding0'],
    ]);
    expect(members[0].tensors.find(({ name }) => name === 'embedding0')?.shape).toEqual([12, 8]);
    expect((await evaluate(model, { data: join(folder, 'test.csv') })).metrics).toEqual(metrics.test);
  });

  it('learns what they are for, and worse without waves and bins', async () => {
    const score = async (change: Partial<TrainConfig>): Promise<number> => {
      const { metrics } = await train(config({ epochs: 30, workers: 2, ...change })).result;
      return (metrics.test as { rmse: number }).rmse;
    };
    const whole = await score({});
    expect(whole).toBeLessThan(0.45);
    expect(await score({ encode: ['sign', 'embedding'] })).toBeGreaterThan(whole);
  });

  it('predicts for values that it never saw and for missing ones', async () => {
    const { model } = await train(config()).result;
    for await (const { columns } of predict(model, join(folder, 'strange.csv'))) {
      expect(Array.from(columns[0].values as Float64Array).every(Number.isFinite)).toBe(true);
      expect(columns[0].values).toHaveLength(3);
    }
  });
});

describe('a running average of the weights', () => {
  it('of which nothing is kept is the weights themselves', async () => {
    const plain = await train(config({ ema: undefined })).result;
    const { weightsSha256 } = await train(config({ ema: 0 })).result;
    expect(weightsSha256).toBe(plain.weightsSha256);
    expect((await train(config({ ema: 0.5 })).result).weightsSha256).not.toBe(plain.weightsSha256);
  });
});
