/** Training with a loss module of the user's own: refused when wrong, else as good as the built-in one and with the same bits for any number of workers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/train/config.js';
import type { FindingEvent } from '../../src/train/events.js';
import { loadModel } from '../../src/train/model.js';
import { train } from '../../src/train/run.js';

const houses = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
const founding = fileURLToPath(new URL('../../data/founding.parquet', import.meta.url));

const MODULES = {
  row: `export const loss = (p, y) => (p - y) ** 2;
        export const gradient = (p, y) => 2 * (p - y);`,
  mean: `export const batch = true;
         export const loss = (p, y) => p.reduce((s, v, i) => s + (v - y[i]) ** 2, 0) / p.length;
         export const gradient = (p, y) => p.map((v, i) => (2 * (v - y[i])) / p.length);`,
  sum: `export const batch = true;
        export const loss = (p, y) => p.reduce((s, v, i) => s + (v - y[i]) ** 2, 0);
        export const gradient = (p, y) => p.map((v, i) => 2 * (v - y[i]));`,
  penalised: `export const loss = (p, y) => (p - y) ** 2;
              export const gradient = (p, y) => 2 * (p - y);
              export const penalty = (w) => 0.05 * w.reduce((s, v) => s + v * v, 0);
              export const penaltyGradient = (w) => w.map((v) => 0.1 * v);`,
  asker: `export const batch = true;
          export const loss = (p, y) => p.reduce((s, v, i) => s + (v - y[i]) ** 2, 0) / p.length;
          export const gradient = (p, y) => p.map((v, i) => 2 * (y[i] - v));
          export const penaltyGradient = (w) => w.map((v) => 0.001 * v);`,
  softmax: `const exps = (z) => { const m = Math.max(...z); return Array.from(z, (v) => Math.exp(v - m)); };
            const total = (e) => e.reduce((s, v) => s + v, 0);
            export const loss = (z, y) => { const e = exps(z); return Math.log(total(e)) - Math.log(e[y]); };
            export const gradient = (z, y) => { const e = exps(z); const t = total(e); return e.map((v, i) => v / t - (i === y ? 1 : 0)); };`,
};

let folder: string;
const path = (name: keyof typeof MODULES) => join(folder, `${name}.mjs`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-loss-'));
  for (const [name, text] of Object.entries(MODULES)) await writeFile(join(folder, `${name}.mjs`), text);
});
afterAll(() => rm(folder, { recursive: true }));

const run = (config: Partial<TrainConfig>) =>
  train({
    data: houses,
    target: 'price',
    hidden: [16],
    epochs: 2,
    batchSize: 200,
    shards: 4,
    runsDir: join(folder, 'runs'),
    ...config,
  }).result;

async function weights(config: Partial<TrainConfig>): Promise<number[]> {
  const { model } = await run(config);
  return (await loadModel(model)).members[0].tensors.flatMap(({ data }) => [...data]);
}

const furthest = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

describe('a right module', () => {
  it.each([
    ['row', 'mse', 'mean'],
    ['row', 'mse', 'sum'],
    ['mean', 'mse', 'mean'],
    ['sum', 'mse', 'sum'],
  ] as const)('of squares (%s) trains as %s by %s does, weights within 1e-4', async (name, loss, reduction) => {
    const rate = { optimizer: 'sgd', learningRate: reduction === 'sum' ? 1e-4 : 0.05, workers: 1 } as const;
    const own = await weights({ ...rate, loss: path(name), reduction });
    const builtIn = await weights({ ...rate, loss, reduction });
    expect(furthest(own, builtIn)).toBeLessThan(1e-4);
  });

  it('with a penalty trains as --l2 does, weights within 1e-4', async () => {
    const rate = { optimizer: 'sgd', learningRate: 0.05, workers: 2 } as const;
    expect(
      furthest(await weights({ ...rate, loss: path('penalised') }), await weights({ ...rate, loss: 'mse', l2: 0.1 })),
    ).toBeLessThan(1e-4);
  });

  it.each(['row', 'mean', 'penalised'] as const)(
    '(%s) ends in the same bits for 1, 2, 3 and 5 workers',
    async (name) => {
      const config = { loss: path(name), clipNorm: name === 'row' ? 0.5 : undefined };
      const hashes = await Promise.all(
        [1, 2, 3, 5].map(async (workers) => (await run({ ...config, workers })).weightsSha256),
      );
      expect(new Set(hashes).size).toBe(1);
    },
  );

  it('on classes gets the logits and the class index', async () => {
    const target = { target: 'district', dropMissingTarget: true, exclude: ['price'] };
    const config = { ...target, workers: 2, optimizer: 'sgd' as const, learningRate: 0.05 };
    const own = await run({ ...config, loss: path('softmax') });
    expect(
      furthest(
        await weights({ ...config, loss: path('softmax') }),
        await weights({ ...config, loss: 'cross_entropy' }),
      ),
    ).toBeLessThan(1e-4);
    expect((await loadModel(own.model)).description.loss).toEqual({ file: 'softmax.mjs', targets: 'class' });
  });
});

describe("the asker's module", () => {
  const config = { data: founding, target: 'y', hidden: [10], validation: 0, epochs: 3 };

  it('is refused before the first step, with three causes', async () => {
    await expect(run({ ...config, loss: path('asker') })).rejects.toMatchObject({
      code: 'wrong_gradient',
      kind: 'input',
      message: expect.stringMatching(
        /-1\.00 x the true one.*N = 100 times too large.*penalty of 0\.001 that the loss leaves out/,
      ),
    });
  });

  it('is trained with where that is asked for, each cause an event', async () => {
    const found: FindingEvent[] = [];
    const settings = { loss: path('asker'), allowWrongGradient: true, learningRate: 1e-6, optimizer: 'sgd' } as const;
    for await (const event of train({ ...config, ...settings, runsDir: join(folder, 'runs') })) {
      if (event.type === 'finding') found.push(event);
    }
    expect(found.map(({ code }) => code)).toEqual(['gradient_sign', 'sum_against_mean', 'penalty_not_in_loss']);
  });
});

it.each([
  ['missing.mjs', null, /no such file/],
  ['syntax.mjs', 'export const loss = ', /cannot be loaded/],
  ['half.mjs', 'export const loss = () => 1;', /exports no function "gradient"/],
])('%s is refused', async (name, text, words) => {
  if (text !== null) await writeFile(join(folder, name), text);
  await expect(run({ loss: join(folder, name) })).rejects.toMatchObject({ message: expect.stringMatching(words) });
});
