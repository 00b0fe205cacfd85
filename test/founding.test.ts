/**
 * The runs that the project started from: 100 rows of y = x0 + x1, a 2-10-1 network, full batch. The corrected one is computed
 * twice, step by step in the lab and as a run on data/founding.parquet; the exploding one must explode as it did, and be
 * stopped. Oracle: test/oracles/make_seed_oracle.py.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParagradError } from '../src/errors.js';
import { createLab, type Lab } from '../src/train/lab.js';
import type { LabOptions, Tensors } from '../src/train/lab-options.js';
import { loadModel } from '../src/train/model.js';
import { train } from '../src/train/run.js';
import { readSafetensors, writeSafetensors } from '../src/train/safetensors.js';
import { runCli } from './commands/run-cli.js';
import { flat, founding } from './oracles/founding.js';

const TOLERANCE = 1e-4;
const { corrected, exploding } = founding;
const x = founding.X.flat();
const y = [...founding.y];

/** The largest error, each relative to its own expected value. */
function relativeErrors(got: ArrayLike<number>, expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(got[i] - value) / Math.abs(value)), 0);
}

/** The largest error of each tensor, relative to the tensor's largest magnitude. */
function tensorErrors(got: Tensors, expected: Record<string, readonly number[]>): number[] {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  return Object.entries(expected).map(([name, values]) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(got[name].length).toBe(values.length);
    return values.reduce((most, value, i) => Math.max(most, Math.abs(got[name][i] - value)), 0) / largest;
  });
}

const meanSquaredError = (lab: Lab) => lab.predict(x).reduce((sum, z, i) => sum + (y[i] - z) ** 2, 0) / y.length;

const NETWORK = {
  sizes: [2, 10, 1],
  activation: 'relu',
  optimizer: 'sgd',
  batchSize: 100,
  parameters: flat(founding.init),
} satisfies LabOptions;

describe('the corrected run in the lab: half_mse, summed, with an l2 penalty', () => {
  const lab = createLab({
    ...NETWORK,
    loss: 'half_mse',
    reduction: 'sum',
    learningRate: corrected.rate,
    l2: corrected.reg,
  });
  const followed: number[] = [];
  const reported: number[] = [];
  for (let i = 0; i < corrected.iterations; i++) {
    const before = meanSquaredError(lab);
    const { loss, penalty } = lab.step({ x, y });
    followed.push(loss);
    reported.push(before + penalty);
  }

  it('follows the losses of NumPy, each within 1e-4', () => {
    expect(relativeErrors(followed, corrected.followed)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('reports what the original reported (the mse metric + penalty), each within 1e-4', () => {
    expect(relativeErrors(reported, corrected.reported)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('ends with the parameters of NumPy, within 1e-4 of each tensor', () => {
    expect(Math.max(...tensorErrors(lab.parameters(), flat(corrected.final)))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('errs on the held-out rows by as much on average, within 1e-4', () => {
    const { heldOut } = corrected;
    const errors = Array.from(lab.predict(heldOut.X.flat()), (z, i) => z - heldOut.y[i]);
    const average = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(relativeErrors([average], [heldOut.averageError])).toBeLessThanOrEqual(TOLERANCE);
  });
});

describe('the exploding run through the gradient door', () => {
  /** The gradient that the asker wrote: d(scores) = 2 (y - scores), the sign turned round, summed; in float64. */
  function askersGradient({ W0, b0, W1, b1 }: Record<string, Float32Array>): Record<string, Float64Array> {
    const gradient = {
      W0: Float64Array.from(W0, (w) => exploding.reg * w),
      b0: new Float64Array(10),
      W1: Float64Array.from(W1, (w) => exploding.reg * w),
      b1: new Float64Array(1),
    };
    for (const [row, inputs] of founding.X.entries()) {
      const hidden = Array.from(b0, (b, j) => Math.max(0, b + inputs[0] * W0[j] + inputs[1] * W0[10 + j]));
      const score = hidden.reduce((sum, h, j) => sum + h * W1[j], b1[0]);
      const d = 2 * (y[row] - score);
      gradient.b1[0] += d;
      for (const [j, h] of hidden.entries()) {
        gradient.W1[j] += d * h;
        if (h <= 0) continue;
        gradient.b0[j] += d * W1[j];
        gradient.W0[j] += d * W1[j] * inputs[0];
        gradient.W0[10 + j] += d * W1[j] * inputs[1];
      }
    }
    return gradient;
  }

  it('explodes as it did, three losses within 1e-4; then its loss is not finite, and it is stopped by name', () => {
    const lab = createLab({ ...NETWORK, loss: 'mse', l2: exploding.reg, learningRate: exploding.rate });
    const step = () => lab.step({ x, y, gradient: () => askersGradient(lab.parameters()) });
    const losses = [step(), step(), step()].map(({ loss }) => loss);
    expect(relativeErrors(losses, exploding.reported.slice(0, 3))).toBeLessThanOrEqual(TOLERANCE);

    const before = lab.parameters();
    const error = (() => {
      try {
        return step();
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ParagradError);
    expect(error).toMatchObject({
      code: 'diverged',
      kind: 'diverged',
      message: expect.stringMatching(/^the loss of step 4 is (Infinity|NaN), not a finite number$/),
    });
    expect(lab.parameters()).toEqual(before);
  });
});

describe('as a run on data/founding.parquet', () => {
  const data = fileURLToPath(new URL('../data/founding.parquet', import.meta.url));
  let folder: string;
  let init: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paragrad-founding-'));
    init = join(folder, 'init.safetensors');
    const shapes: Record<string, number[]> = { W0: [2, 10], b0: [10], W1: [10, 1], b1: [1] };
    const tensors = Object.entries(flat(founding.init)).map(([name, values]) => {
      return { name, shape: shapes[name], data: Float32Array.from(values) };
    });
    await writeSafetensors(init, tensors, {});
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('the corrected one ends with the parameters of NumPy, within 1e-4 of each tensor', async () => {
    const done = await train({
      data,
      target: 'y',
      scale: 'none',
      scaleTarget: 'none',
      validation: 0,
      hidden: [10],
      init,
      loss: 'half_mse',
      reduction: 'sum',
      l2: corrected.reg,
      batchSize: 'full',
      optimizer: 'sgd',
      learningRate: corrected.rate,
      epochs: corrected.iterations,
      runsDir: join(folder, 'runs'),
      name: 'corrected',
    }).result;
    expect(done.steps).toBe(corrected.iterations);
    const { tensors } = (await loadModel(done.model)).members[0];
    const values = Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor.data]));
    expect(Math.max(...tensorErrors(values, flat(corrected.final)))).toBeLessThanOrEqual(TOLERANCE);
  });

  const asItIs = ['--scale', 'none', '--scale-target', 'none', '--validation', '0', '--hidden', '10', '--init'];
  const diverging = (...args: string[]) => [
    ...['train', data, '--target', 'y', ...asItIs, init, '--batch-size', 'full', '--loss', 'mse'],
    ...['--reduction', 'sum', '--optimizer', 'sgd', '--learning-rate', '0.03', '--l2', '0.001', '--quiet', ...args],
  ];

  it('a rate of 0.03 diverges: exit code 3, one line with step and rate, the cause and the last good weights', async () => {
    const own = join(folder, 'diverging');
    const outcome = await runCli(diverging('--runs-dir', own, '--epochs', '100'), folder);
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    const line =
      /^error: training diverged: the loss after step (\d+) \(epoch (\d+)\) is [\d.e+]+, [\d.e+]+ times the first \(before: [^)]+\); W\d grew most, from [\d.]+ to [\d.]+ in size; the loss grew as it does at [\d.]+ times the rate that holds \(that is about 0\.0\d+\); the weights of step (\d+) are kept in (\S+model\.safetensors)\. Lower --learning-rate \(it is 0\.03\)[^\n]*paragrad doctor \S+founding-1 names the cause\.\n$/;
    const [, step, epoch, kept, model] = line.exec(outcome.stderr)!;
    expect(epoch).toBe(step);
    expect(Number(kept)).toBeLessThan(Number(step) - 1);
    const { tensors, description } = (await loadModel(model)).members[0];
    expect(description.steps).toBe(Number(kept));
    for (const { data: values } of tensors) expect(values.every(Number.isFinite)).toBe(true);

    // The last step of a run is looked at like any other: its weights would be worth nothing.
    const last = await runCli(diverging('--runs-dir', own, '--epochs', step), folder);
    expect(last).toMatchObject({ code: 3, stderr: outcome.stderr.replaceAll('/founding-1', '/founding-2') });
  });

  it('a first step that is not finite leaves no model, and what the doctor needs', async () => {
    const own = join(folder, 'at-once');
    const huge = join(folder, 'huge.safetensors');
    const { tensors } = await readSafetensors(init);
    await writeSafetensors(
      huge,
      tensors.map((tensor) => ({ ...tensor, data: tensor.data.map(() => 1e30) })),
      {},
    );
    const args = diverging('--runs-dir', own).map((arg) => (arg === init ? huge : arg));
    const outcome = await runCli(args, folder);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(
      /^error: training diverged: the loss of step 1 \(epoch 1\) is Infinity; no weights grew since the last good ones: [^;]+; nothing was learned before it, so no model is kept\.[^\n]+\n$/,
    );
    const files = await readdir(join(own, 'founding-1'));
    expect(files.sort()).toEqual(['config.json', 'environment.json', 'last-good.safetensors']);
  });
});
