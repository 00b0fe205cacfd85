/**
 * Golden cases: each file of test/golden (and of the folder in PARAGRAD_GOLDEN) is a small training run computed by PyTorch in
 * float64. A file dropped in is tested with no change here. A case that names something paragrad lacks passes only by the
 * error `unknown …`, and is listed as such in its test's name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../src/nn/activations/index.js';
import { LOSSES } from '../src/nn/losses/index.js';
import { OPTIMIZERS } from '../src/nn/optimizers/index.js';
import { createLab, type LabOptions } from '../src/train/lab.js';

interface GoldenCase {
  name: string;
  sizes: number[];
  activation: string;
  loss: string;
  label_smoothing: number;
  optimizer: string;
  lr: number;
  l2: number;
  clip_norm: number | null;
  hyper: Record<string, number>;
  X: number[];
  y: number[];
  weights: number[] | null;
  batches: number[][];
  init: Record<string, number[]>;
  grad0: Record<string, number[]>;
  steps: { loss: number; grad_norm: number }[];
  final: Record<string, number[]>;
}

const TOLERANCE = 1e-4;

/** Names that a case uses and paragrad does not have. */
function lacks(golden: GoldenCase): string[] {
  return [
    ...(golden.activation in ACTIVATIONS ? [] : [`activation ${golden.activation}`]),
    ...(golden.loss in LOSSES ? [] : [`loss ${golden.loss}`]),
    ...(golden.optimizer in OPTIMIZERS ? [] : [`optimizer ${golden.optimizer}`]),
    ...(golden.label_smoothing === 0 ? [] : ['option label_smoothing']),
  ];
}

/** Largest error over the largest magnitude. */
function relativeError(got: ArrayLike<number>, expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return expected.reduce((max, value, i) => Math.max(max, Math.abs(got[i] - value)), 0) / (largest || 1);
}

const pick = (values: readonly number[], rows: readonly number[], width: number): number[] =>
  rows.flatMap((row) => values.slice(row * width, (row + 1) * width));

/** Runs a case; throws what does not agree. */
function check(golden: GoldenCase, layout: Pick<LabOptions, 'shards' | 'workers' | 'kernels'>): void {
  const { sizes, hyper } = golden;
  const rows = golden.X.length / sizes[0];
  const unknown = lacks(golden);
  if (unknown.length > 0) throw new Error(`unknown ${unknown.join(', ')}`);
  const lab = createLab({
    ...layout,
    sizes,
    batchSize: Math.max(...golden.batches.map((batch) => batch.length)),
    activation: golden.activation as keyof typeof ACTIVATIONS,
    loss: golden.loss as keyof typeof LOSSES,
    optimizer: golden.optimizer as keyof typeof OPTIMIZERS,
    learningRate: golden.lr,
    l2: golden.l2,
    ...(golden.clip_norm === null ? {} : { clipNorm: golden.clip_norm }),
    ...(hyper.momentum === undefined ? {} : { momentum: hyper.momentum }),
    ...(hyper.beta1 === undefined ? {} : { beta1: hyper.beta1, beta2: hyper.beta2, epsilon: hyper.eps }),
    ...(hyper.weight_decay === undefined ? {} : { weightDecay: hyper.weight_decay }),
    weighted: golden.weights !== null,
    parameters: golden.init,
  });
  golden.batches.forEach((batch, k) => {
    const step = lab.step({
      x: pick(golden.X, batch, sizes[0]),
      y: pick(golden.y, batch, golden.y.length / rows),
      ...(golden.weights === null ? {} : { weights: pick(golden.weights, batch, 1) }),
    });
    expect(relativeError([step.loss], [golden.steps[k].loss]), `loss before step ${k}`).toBeLessThanOrEqual(TOLERANCE);
    expect(relativeError([step.gradientNorm], [golden.steps[k].grad_norm]), `norm at step ${k}`).toBeLessThanOrEqual(
      TOLERANCE,
    );
    if (k > 0) return;
    expect(Object.keys(step.gradient).sort()).toEqual(Object.keys(golden.grad0).sort());
    for (const [name, expected] of Object.entries(golden.grad0)) {
      expect(relativeError(step.gradient[name], expected), `gradient of ${name}`).toBeLessThanOrEqual(TOLERANCE);
    }
  });
  for (const [name, expected] of Object.entries(golden.final)) {
    expect(relativeError(lab.parameters()[name], expected), `final ${name}`).toBeLessThanOrEqual(TOLERANCE);
  }
}

const folders = [new URL('./golden/', import.meta.url).pathname, process.env.PARAGRAD_GOLDEN].filter(
  (folder) => folder !== undefined,
);
const cases = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, golden: JSON.parse(readFileSync(join(folder, file), 'utf8')) as GoldenCase })),
);

describe('golden cases: losses, gradients, final parameters within 1e-4 of the largest magnitude', () => {
  for (const { file, golden } of cases) {
    const missing = lacks(golden);
    if (missing.length > 0) {
      it(`${file}: refused, unknown ${missing.join(', ')}`, () => {
        expect(() => check(golden, {})).toThrow(/^unknown /);
      });
      continue;
    }
    it(file, () => {
      check(golden, {});
      check(golden, { kernels: 'wasm-strict' });
      check(golden, { shards: 4, workers: 3 });
    });
  }
});

describe('a golden test can fail', () => {
  const { golden } = cases.find(({ file }) => file === 'ragged-tail-batch.json')!;
  const corrupt = (change: (copy: GoldenCase) => void): GoldenCase => {
    const copy = structuredClone(golden);
    change(copy);
    return copy;
  };
  it.each<[string, (copy: GoldenCase) => void]>([
    [
      'a loss',
      (copy) => {
        copy.steps[7].loss *= 1.001;
      },
    ],
    [
      'a gradient',
      (copy) => {
        copy.grad0.W1[3] += 0.01;
      },
    ],
    [
      'a final parameter',
      (copy) => {
        copy.final.b2[0] += 0.001;
      },
    ],
    [
      'an initial parameter',
      (copy) => {
        copy.init.W0[0] += 0.01;
      },
    ],
    [
      'a row',
      (copy) => {
        copy.X[5] += 0.1;
      },
    ],
    ['the order of rows', (copy) => void copy.batches[0].splice(0, 1, copy.batches[1][0])],
  ])('when %s is corrupted', (_, change) => {
    expect(() => check(corrupt(change), {})).toThrow();
  });
});
