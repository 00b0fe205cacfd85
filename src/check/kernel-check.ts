/**
 * The gradient that training computes, float32 kernels and all, beside the float64 one: the same network, rows and weights.
 */
import { allocateDataset, planRow } from '../data/dataset.js';
import type { RowOrder } from '../data/order.js';
import type { ChosenKernels } from '../kernels/load.js';
import type { LossName } from '../nn/losses/index.js';
import type { LossConstants } from '../nn/losses/loss.js';
import { type NetworkSpec, readTensor, rowWidth, writeTensor } from '../nn/network.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import { CONSTANT_RATE } from '../nn/schedules/rate.js';
import { createInlineStep } from '../parallel/inline.js';
import { PLAIN_UPDATES, planStep, targetsPerRow } from '../parallel/plan.js';
import { tensorsOf } from './tensors.js';

export interface KernelProblem {
  readonly network: NetworkSpec;
  readonly loss: LossName;
  readonly constants: LossConstants;
  readonly rows: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly l2: number;
}

const IN_ORDER: RowOrder = {
  fill(out, start, count) {
    for (let i = 0; i < count; i++) out[i] = start + i;
  },
};

/** The gradient of the mean loss as training computes it, [P] without padding. */
export function kernelGradient(problem: KernelProblem, parameters: Float64Array, kernels: ChosenKernels): Float64Array {
  const { network, loss, constants, rows, x, y, l2 } = problem;
  const { sizes } = network;
  const plan = planStep({
    network,
    loss,
    lossConstants: constants,
    reduction: 'mean',
    optimizer: 'sgd',
    hyper: OPTIMIZERS.sgd.defaults,
    rate: CONSTANT_RATE,
    ...PLAIN_UPDATES,
    l2,
    clipNorm: null,
    dropout: 0,
    weighted: false,
    batchSize: rows,
    shards: 2,
    workers: 1,
    batchRows: [rows],
  });
  const inputs = rowWidth(network);
  const targets = targetsPerRow(loss, sizes[sizes.length - 1], constants);
  const dataset = allocateDataset(
    rows,
    planRow({ numbers: inputs, flagged: [], categories: [], targets, weighted: false }),
  );
  const { stride } = dataset.layout;
  const stored = new Float32Array(dataset.pieces[0]);
  for (let r = 0; r < rows; r++) {
    stored.set(x.subarray(r * inputs, (r + 1) * inputs), r * stride);
    stored.set(y.subarray(r * targets, (r + 1) * targets), r * stride + inputs);
  }
  const step = createInlineStep(plan, kernels, dataset);
  const places = tensorsOf(network);
  plan.network.tensors.forEach((tensor, i) => {
    const { offset, length } = places[i];
    writeTensor(tensor, step.parameters, parameters.subarray(offset, offset + length));
  });
  step.differentiate({ order: IN_ORDER, start: 0, rows });
  const gradient = new Float64Array(parameters.length);
  plan.network.tensors.forEach((tensor, i) => gradient.set(readTensor(tensor, step.gradient()), places[i].offset));
  return gradient;
}

/** The largest error of each tensor, relative to the tensor's largest magnitude; the largest of those. */
export function largestError(network: NetworkSpec, got: Float64Array, wanted: Float64Array): number {
  return tensorsOf(network).reduce((most, { offset, length }) => {
    let [error, magnitude] = [0, 0];
    for (let i = offset; i < offset + length; i++) {
      error = Math.max(error, Math.abs(got[i] - wanted[i]));
      magnitude = Math.max(magnitude, Math.abs(wanted[i]));
    }
    if (Number.isNaN(got[offset])) return Number.NaN;
    return magnitude === 0 ? Math.max(most, error) : Math.max(most, error / magnitude);
  }, 0);
}
