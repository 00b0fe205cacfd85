/** Numbers that are codes, from a raw table to a model and back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig, type TrainConfig } from '../../src/train/config.js';
import { evaluate } from '../../src/train/evaluate.js';
import type { DoneEvent } from '../../src/train/events.js';
import { loadModel } from '../../src/train/model.js';
import { predict } from '../../src/train/predict.js';
import type { RowSizes } from '../../src/train/rows.js';
import { train } from '../../src/train/run.js';
import { runTraining } from '../../src/train/trainer.js';

const CODES = 60;

/** A product's number says what it costs, its size nothing; some rows miss it. */
function table(rows: number, seed: number): string {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lines = Array.from({ length: rows }, () => {
    const code = Math.floor(next() * CODES);
    const amount = next();
    const price = ((code * 7919) % 101) / 50 + amount + 0.2 * next();
    return [next() < 0.05 ? '' : 1000 + code, amount.toFixed(4), price.toFixed(4)].join(',');
  });
  return ['product,amount,price', ...lines].join('\n');
}

let folder: string;
let coded: DoneEvent;
const config = (change: Partial<TrainConfig> = {}): TrainConfig => ({
  data: join(folder, 'train.csv'),
  test: join(folder, 'test.csv'),
  target: 'price',
  preset: 'sgd',
  hidden: [32],
  scale: 'robust',
  encode: ['piecewise', 'values'],
  epochs: 30,
  learningRate: 0.02,
  seed: 4,
  runsDir: join(folder, 'runs'),
  ...change,
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-values-'));
  await writeFile(join(folder, 'train.csv'), table(3000, 1));
  await writeFile(join(folder, 'test.csv'), table(500, 2));
  await writeFile(join(folder, 'strange.csv'), 'product,amount\n1003,0.5\n,0.5\n1003.5,0.5\n999999,0.5\n');
  coded = await train(config({ workers: 1 })).result;
});
afterAll(() => rm(folder, { recursive: true }));

const rmse = ({ metrics }: DoneEvent) => (metrics.test as { rmse: number }).rmse;

describe('a number that is a code', () => {
  it('has a vector for each value, and another number has none', async () => {
    const [{ description }] = (await loadModel(coded.model)).members;
    const [product, amount] = description.preprocessing.numbers;
    expect(product.values).toHaveLength(CODES);
    expect(amount.values).toBeUndefined();
    expect(description.network.embeddings).toEqual([CODES]);
  });

  it('tells more so than by bins alone', async () => {
    expect(rmse(coded)).toBeLessThan(0.7 * rmse(await train(config({ encode: ['piecewise'] })).result));
  });

  it('has the same bits for 1, 2 and 3 workers, and for rows in a file', async () => {
    for (const workers of [2, 3]) {
      expect((await train(config({ workers })).result).weightsSha256).toBe(coded.weightsSha256);
    }
    const inSmallWindows = (storage: RowSizes['storage']) =>
      runTraining(resolveConfig(config({ workers: 2 })), new AbortController().signal, () => undefined, {
        order: { wholeBytes: 1000, groupBytes: 700, windowGroups: 64 },
        storage,
      });
    expect((await inSmallWindows('file')).weightsSha256).toBe((await inSmallWindows('memory')).weightsSha256);
  });

  it('is read alike from the model, values that are missing or were never seen included', async () => {
    expect((await evaluate(coded.model, join(folder, 'test.csv'))).metrics).toEqual(coded.metrics.test);
    for await (const { columns } of predict(coded.model, join(folder, 'strange.csv'))) {
      expect([...(columns[0].values as Float64Array)].every(Number.isFinite)).toBe(true);
    }
  });
});
