/**
 * Golden cases: each file of test/golden (and of the folder in PARAGRAD_GOLDEN) is a small training run computed by PyTorch in
 * float64. A file dropped in is tested with no change here. A case that names something paragrad lacks is given to it all the
 * same, and passes only by its refusal, `unknown …` with that very name; it is listed as such in its test's name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../src/nn/activations/index.js';
import { LOSSES } from '../src/nn/losses/index.js';
import { LOSS_DEFAULTS } from '../src/nn/losses/loss.js';
import { OPTIMIZERS } from '../src/nn/optimizers/index.js';
import { createLab } from '../src/train/lab.js';
import type { LabOptions } from '../src/train/lab-options.js';

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
  hyper: Record<string, unknown>;
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

/** What paragrad calls the constants of a case. */
const OPTION_NAMES: Readonly<Record<string, string>> = { eps: 'epsilon', weight_decay: 'weightDecay', tau: 'quantile' };
/** Constants that are part of what a name means here. */
const FIXED: Readonly<Record<string, unknown>> = {
  negative_slope: 0.01,
  delta: 1,
  nesterov: true,
  gelu: 'exact, by erf',
};

/** The constants of a case as options, with the names that paragrad has for them, or else their own. */
function optionsOf({ hyper, label_smoothing }: GoldenCase): Record<string, unknown> {
  const constants = Object.entries(hyper).filter(([name, value]) => FIXED[name] !== value);
  return {
    ...Object.fromEntries(constants.map(([name, value]) => [OPTION_NAMES[name] ?? name, value])),
    ...(label_smoothing === 0 ? {} : { labelSmoothing: label_smoothing }),
  };
}

/** What paragrad may say of a case: one line for each name in it that it does not have. */
function refusals(golden: GoldenCase): string[] {
  const named = { activation: ACTIVATIONS, loss: LOSSES, optimizer: OPTIMIZERS };
  const choices = (Object.keys(named) as (keyof typeof named)[]).filter((key) => !(golden[key] in named[key]));
  const options = Object.keys(optionsOf(golden)).filter(
    (name) => !(name in OPTIMIZERS.sgd.defaults || name in LOSS_DEFAULTS),
  );
  return [
    ...choices.map((key) => `unknown ${key} "${golden[key]}"`),
    ...options.map((name) => `unknown option "${name}"`),
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
  const { sizes } = golden;
  const rows = golden.X.length / sizes[0];
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
    ...optionsOf(golden),
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

function refusal(act: () => void): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('was not refused');
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
    const expected = refusals(golden);
    if (expected.length > 0) {
      it(`${file}: refused, ${expected.join(', ')}`, () => {
        const error = refusal(() => check(golden, {}));
        expect(error).toMatchObject({ name: 'ParagradError', code: 'bad_option' });
        expect(expected.filter((line) => error.message.startsWith(line))).toHaveLength(1);
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
