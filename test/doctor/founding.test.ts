/** The question that the project was made for: why does my loss explode? All four causes are named, and doing what is advised mends it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doctor } from '../../src/doctor/doctor.js';
import type { TrainConfig } from '../../src/train/config.js';
import { train } from '../../src/train/run.js';
import { writeSafetensors } from '../../src/train/safetensors.js';
import { flat, founding } from '../oracles/founding.js';

const data = fileURLToPath(new URL('../../data/founding.parquet', import.meta.url));
const ASKED = `export const batch = true;
export const loss = (p, y) => p.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0) / p.length;
export const gradient = (p, y) => p.map((v, i) => 2 * (y[i] - v));
export const penaltyGradient = (w) => w.map((v) => 0.001 * v);
`;
/** The three edits that the findings advise. */
const MENDED = ASKED.replace('2 * (y[i] - v)', '(2 * (v - y[i])) / p.length').concat(
  'export const penalty = (weights) => 0.0005 * weights.reduce((sum, w) => sum + w * w, 0);\n',
);

let folder: string;
let config: TrainConfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-asked-'));
  await writeFile(join(folder, 'asked.mjs'), ASKED);
  await writeFile(join(folder, 'mended.mjs'), MENDED);
  const shapes: Record<string, number[]> = { W0: [2, 10], b0: [10], W1: [10, 1], b1: [1] };
  const tensors = Object.entries(flat(founding.init)).map(([name, values]) => {
    return { name, shape: shapes[name], data: Float32Array.from(values) };
  });
  await writeSafetensors(join(folder, 'init.safetensors'), tensors, {});
  config = {
    ...{ data, target: 'y', scale: 'none', scaleTarget: 'none', validation: 0, hidden: [10], batchSize: 'full' },
    ...{ optimizer: 'sgd', init: join(folder, 'init.safetensors') },
  };
});
afterAll(() => rm(folder, { recursive: true }));

it('names sign, sum, penalty and rate, each with its number', async () => {
  const { findings } = await doctor({ ...config, loss: join(folder, 'asked.mjs'), learningRate: 1 });
  expect(findings.map(({ code }) => code)).toEqual([
    'gradient_sign',
    'sum_against_mean',
    'penalty_not_in_loss',
    'rate_too_large',
  ]);
  expect(findings[1].values.times).toBe(100);
  expect(findings[2].values.inGradient).toBeCloseTo(0.001, 6);
  expect(findings[3].evidence).toMatch(/the rate is \d+ times too large/);
});

it('trains once the advice is followed: nothing is found any more, and the loss falls below a hundredth', async () => {
  const asked = await doctor({ ...config, loss: join(folder, 'asked.mjs'), learningRate: 1 });
  const learningRate = asked.findings[3].values.suggested as number;
  const mended = { ...config, loss: join(folder, 'mended.mjs'), learningRate };
  expect((await doctor(mended)).findings).toEqual([]);
  const losses: number[] = [];
  for await (const event of train({ ...mended, epochs: 200, runsDir: join(folder, 'runs') })) {
    if (event.type === 'epoch') losses.push(event.trainLoss);
  }
  expect(losses[0]).toBeCloseTo(founding.exploding.reported[0], 3);
  expect(losses.at(-1)).toBeLessThan(losses[0] / 100);
});

it('any one mended alone is not enough: the others are still named', async () => {
  const signOnly = join(folder, 'sign-only.mjs');
  await writeFile(signOnly, ASKED.replace('2 * (y[i] - v)', '2 * (v - y[i])'));
  const { findings } = await doctor({ ...config, loss: signOnly, learningRate: 1 });
  expect(findings.map(({ code }) => code)).toEqual(['sum_against_mean', 'penalty_not_in_loss', 'rate_too_large']);
});
