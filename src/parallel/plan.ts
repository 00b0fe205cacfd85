/**
 * The plan of a run's steps: network, loss, optimiser, how a batch is cut and summed, and where everything lies in memory.
 * Plain data, made once by the coordinator and posted to every worker; nothing in it changes while training.
 */
import { KC, WORKSPACE_BYTES } from '../kernels/kernels.js';
import { type Layout, planLayout } from '../memory/layout.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations/index.js';
import { type LossChoice, targetsOf } from '../nn/losses/choice.js';
import type { LossConstants } from '../nn/losses/loss.js';
import { type Network, planNetwork } from '../nn/network.js';
import { OPTIMIZERS, type OptimizerName } from '../nn/optimizers/index.js';
import type { Hyperparameters } from '../nn/optimizers/optimizer.js';
import type { RatePlan } from '../nn/schedules/rate.js';
import { activeShards, planReduction, shardRows } from './tree.js';

/** What a worker needs to run a network forward. */
export interface ForwardPlan {
  readonly network: Network;
  readonly activation: ActivationName;
  readonly workers: number;
  readonly layout: Layout;
}

/** What a worker needs to train it. */
export interface StepPlan extends ForwardPlan {
  readonly loss: LossChoice;
  readonly lossConstants: LossConstants;
  /** Whether the followed loss is the weighted mean over the batch's rows or the sum. */
  readonly reduction: 'mean' | 'sum';
  readonly optimizer: OptimizerName;
  readonly hyper: Hyperparameters;
  readonly rate: RatePlan;
  /** Coefficient of the penalty l2 / 2 * sum of W^2 over weights (not biases). */
  readonly l2: number;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clipNorm: number | null;
  /** Probability of a hidden unit to be left out of a step; 0 for no dropout. */
  readonly dropout: number;
  readonly weighted: boolean;
  /** B: rows of a full batch. */
  readonly batchSize: number;
  /** S */
  readonly shards: number;
  /** Rows of a full shard. */
  readonly rowsPerShard: number;
}

export interface StepOptions {
  /** Inputs, hidden widths …, outputs. */
  sizes: readonly number[];
  activation: ActivationName;
  loss: LossChoice;
  lossConstants: LossConstants;
  reduction: 'mean' | 'sum';
  optimizer: OptimizerName;
  hyper: Hyperparameters;
  /** How the learning rate goes over the run. */
  rate: RatePlan;
  l2: number;
  clipNorm: number | null;
  dropout: number;
  weighted: boolean;
  batchSize: number;
  /** A power of two. */
  shards: number;
  workers: number;
  /** The sizes of the batches that will be run, so that buffers are planned for each; null for any up to batchSize. */
  batchRows: readonly number[] | null;
}

/** Rows that a worker computes at once: one block of the kernels' multiply-add chain. */
export const BLOCK_ROWS = KC;

/** Target values a row: one per output, or the class index. */
export function targetsPerRow(loss: LossChoice, outputs: number): number {
  return targetsOf(loss) === 'class' ? 1 : outputs;
}

/**
 * Plans a training run.
 *
 * @throws ParagradError `memory_plan_too_large`
 */
export function planStep(options: StepOptions): StepPlan {
  const { sizes, batchRows, ...rest } = options;
  const network = planNetwork(sizes);
  const rowsPerShard = shardRows(options.batchSize, options.shards);
  const actives = batchRows?.map((rows) => activeShards(rows, rowsPerShard)) ?? range(1, options.shards);
  const gradientBuffers = new Array<number>(options.workers).fill(0);
  for (const active of new Set(actives)) {
    planReduction(options.shards, options.workers, active, rowsPerShard <= BLOCK_ROWS).buffers.forEach((count, w) => {
      gradientBuffers[w] = Math.max(gradientBuffers[w], count);
    });
  }
  const layout = planLayout({
    parameters: network.parameters,
    slots: OPTIMIZERS[options.optimizer].slots.length,
    shards: options.shards,
    gradientBuffers,
    rows: BLOCK_ROWS,
    inputStride: network.layers[0].inputStride,
    outputStrides: network.layers.map((layer) => layer.outputStride),
    slopeStrides: keepsSlopes(options.activation) ? hiddenStrides(network) : [],
    droppedStrides: options.dropout > 0 ? hiddenStrides(network) : [],
    penaltyGradients: typeof options.loss !== 'string' && options.loss.penaltyGradient ? 1 : 0,
    targets: targetsPerRow(options.loss, sizes[sizes.length - 1]),
    workspaceBytes: WORKSPACE_BYTES,
  });
  return { ...rest, network, rowsPerShard, layout };
}

function keepsSlopes(name: ActivationName): boolean {
  const activation: Activation = ACTIVATIONS[name];
  return activation.derivativeFrom === 'slope';
}

function hiddenStrides({ layers }: Network): number[] {
  return layers.slice(0, -1).map((layer) => layer.outputStride);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Plans forward passes only: no gradients, no optimiser state. */
export function planForward(sizes: readonly number[], activation: ActivationName, workers: number): ForwardPlan {
  const network = planNetwork(sizes);
  const layout = planLayout({
    parameters: network.parameters,
    slots: 0,
    shards: 1,
    gradientBuffers: new Array<number>(workers).fill(0),
    rows: BLOCK_ROWS,
    inputStride: network.layers[0].inputStride,
    outputStrides: network.layers.map((layer) => layer.outputStride),
    slopeStrides: [],
    droppedStrides: [],
    penaltyGradients: 0,
    targets: 1,
    workspaceBytes: WORKSPACE_BYTES,
  });
  return { network, activation, workers, layout };
}
