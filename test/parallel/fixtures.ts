/** Small datasets and plans for tests of the step: explicit numbers, no files. */
import { allocateDataset, type Dataset, planRow } from '../../src/data/dataset.js';
import { type EpochOrder, planOrder } from '../../src/data/order.js';
import { targetsOf } from '../../src/nn/losses/choice.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { denseNetwork, type NetworkSpec } from '../../src/nn/network.js';
import { OPTIMIZERS } from '../../src/nn/optimizers/index.js';
import { CONSTANT_RATE } from '../../src/nn/schedules/rate.js';
import { PLAIN_UPDATES, planStep, type StepOptions, type StepPlan } from '../../src/parallel/plan.js';

type Optional = keyof typeof PLAIN_UPDATES | 'lossConstants' | 'rate' | 'dropout';

export type TestRun = Omit<StepOptions, 'batchRows' | 'hyper' | 'network' | 'workers' | Optional> &
  Partial<Pick<StepOptions, Optional>> &
  Pick<NetworkSpec, 'sizes' | 'activation'> & {
    /** Learned pieces of the network, if any. */
    pieces?: Partial<NetworkSpec>;
    rows: number;
    learningRate: number;
  };

export const BASE: TestRun = {
  sizes: [5, 16, 9, 2],
  activation: 'tanh',
  loss: 'mse',
  reduction: 'mean',
  optimizer: 'adam',
  learningRate: 0.01,
  l2: 0,
  clipNorm: null,
  weighted: false,
  batchSize: 60,
  shards: 4,
  rows: 151,
};

/** Numbers in (-1, 1) from a linear congruential generator. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A dataset of plain numbers, and codes where the run embeds some; targets are class indices where the loss wants them. */
export function makeDataset(run: TestRun, seed = 1): Dataset {
  const outputs = run.sizes[run.sizes.length - 1];
  const classes = targetsOf(run.loss) === 'class';
  const targets = classes ? 1 : outputs;
  const embeddings = run.pieces?.embeddings ?? [];
  const width = run.sizes[0] + embeddings.length;
  // Codes are gathered as if they were numbers, right behind those: where the network looks for them.
  const layout = planRow({ numbers: width, flagged: [], categories: [], targets, weighted: run.weighted });
  const dataset = allocateDataset(run.rows, layout);
  const values = numbers(run.rows * layout.stride, seed);
  const piece = new Float32Array(dataset.pieces[0]);
  piece.set(values);
  for (let row = 0; row < run.rows; row++) {
    const at = row * layout.stride;
    embeddings.forEach((count, e) => {
      const code = at + run.sizes[0] + e;
      piece[code] = Math.floor(((piece[code] + 1) / 2) * (count + 1)) - 1;
    });
    for (let t = 0; t < targets; t++) {
      const value = piece[at + width + t];
      if (classes) piece[at + width + t] = Math.floor(((value + 1) / 2) * outputs);
      else if (run.loss === 'poisson') piece[at + width + t] = Math.floor(3 * Math.abs(value));
      else if (run.loss === 'bce') piece[at + width + t] = value > 0 ? 1 : 0;
    }
    if (run.weighted) piece[at + layout.stride - 1] = row % 7 === 0 ? 0 : Math.abs(piece[at + layout.stride - 1]) + 0.1;
  }
  return dataset;
}

/** The order of an epoch of the run's dataset. */
export function orderOf(dataset: Dataset, epoch = 0): EpochOrder {
  return { plan: planOrder(dataset.rows, dataset.layout.stride), seed: 0, epoch, ring: null };
}

export function makePlan(
  { rows, learningRate, sizes, activation, pieces, ...options }: TestRun,
  workers: number,
): StepPlan {
  return planStep({
    lossConstants: LOSS_DEFAULTS,
    rate: CONSTANT_RATE,
    dropout: 0,
    ...PLAIN_UPDATES,
    ...options,
    network: { ...denseNetwork(sizes, activation), ...pieces },
    hyper: { ...OPTIMIZERS[options.optimizer].defaults, learningRate },
    workers,
    batchRows: [Math.min(options.batchSize, rows), rows % options.batchSize].filter((n) => n > 0),
  });
}
