/**
 * The plan of a run's steps: network, loss, optimiser, how a batch is cut and summed, and where everything lies in memory.
 * Plain data, made once by the coordinator and posted to every worker; nothing in it changes while training.
 */
import { KC, WORKSPACE_BYTES } from '../kernels/kernels.js';
import { type Layout, type LayoutRequest, planLayout } from '../memory/layout.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations/index.js';
import { type Groups, type LayerRates, PLAIN_GROUPS } from '../nn/groups.js';
import { type LossChoice, outputsPerValue, targetsOf } from '../nn/losses/choice.js';
import type { LossConstants } from '../nn/losses/loss.js';
import { type Network, type NetworkSpec, planNetwork } from '../nn/network.js';
import { OPTIMIZERS, type OptimizerName } from '../nn/optimizers/index.js';
import type { Hyperparameters } from '../nn/optimizers/optimizer.js';
import type { ScheduleName } from '../nn/schedules/index.js';
import type { RatePlan } from '../nn/schedules/rate.js';
import { activeShards, planReduction, shardRows } from './tree.js';

/** What a worker needs to run a network forward. */
export interface ForwardPlan {
  readonly network: Network;
  readonly workers: number;
  readonly layout: Layout;
  /** Byte offset of the parameters that are scored and saved: of their running average, where there is one. */
  readonly scored: number;
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
  /** Factors of rate and decay by what a tensor is. */
  readonly groups: Groups;
  readonly layerRates: LayerRates;
  /** How weight decay, and dropout, go over the steps of the run. */
  readonly decaySchedule: ScheduleName;
  readonly dropoutSchedule: ScheduleName;
  /** What the running average of the parameters keeps of itself at each update; null for no average. */
  readonly ema: number | null;
  /** Coefficient of the penalty l2 / 2 * sum of W^2 over weights (not biases). */
  readonly l2: number;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clipNorm: number | null;
  /** Probability of a hidden unit to be left out of a step; 0 for no dropout. */
  readonly dropout: number;
  /** Whether rows have weights of their own. */
  readonly weighted: boolean;
  /** What a row's weight is multiplied by in training, by its class; absent: nothing. */
  readonly classWeights?: readonly number[] | undefined;
  /** B: rows of a full batch. */
  readonly batchSize: number;
  /** S */
  readonly shards: number;
  /** Rows of a full shard. */
  readonly rowsPerShard: number;
}

export interface StepOptions {
  network: NetworkSpec;
  loss: LossChoice;
  lossConstants: LossConstants;
  reduction: 'mean' | 'sum';
  optimizer: OptimizerName;
  hyper: Hyperparameters;
  /** How the learning rate goes over the run. */
  rate: RatePlan;
  groups: Groups;
  layerRates: LayerRates;
  decaySchedule: ScheduleName;
  dropoutSchedule: ScheduleName;
  ema: number | null;
  l2: number;
  clipNorm: number | null;
  dropout: number;
  weighted: boolean;
  classWeights?: readonly number[] | undefined;
  batchSize: number;
  /** A power of two. */
  shards: number;
  workers: number;
  /** The sizes of the batches that will be run, so that buffers are planned for each; null for any up to batchSize. */
  batchRows: readonly number[] | null;
}

/** What is as it always was: one group, one rate and decay all the way, no running average. */
export const PLAIN_UPDATES = {
  groups: PLAIN_GROUPS,
  layerRates: 'uniform',
  decaySchedule: 'constant',
  dropoutSchedule: 'constant',
  ema: null,
} as const satisfies Partial<StepOptions>;

/** Rows that a worker computes at once: one block of the kernels' multiply-add chain. */
export const BLOCK_ROWS = KC;

/** Target values a row: as many as the outputs are for, or the class index. */
export function targetsPerRow(loss: LossChoice, outputs: number, constants: LossConstants): number {
  return targetsOf(loss) === 'class' ? 1 : outputs / outputsPerValue(loss, constants);
}

/**
 * Plans a training run.
 *
 * @throws ParagradError `memory_plan_too_large`
 */
export function planStep(options: StepOptions): StepPlan {
  const { batchRows, ...rest } = options;
  const network = planNetwork(options.network);
  const rowsPerShard = shardRows(options.batchSize, options.shards);
  const actives = batchRows?.map((rows) => activeShards(rows, rowsPerShard)) ?? range(1, options.shards);
  const gradientBuffers = new Array<number>(options.workers).fill(0);
  for (const active of new Set(actives)) {
    planReduction(options.shards, options.workers, active, rowsPerShard <= BLOCK_ROWS).buffers.forEach((count, w) => {
      gradientBuffers[w] = Math.max(gradientBuffers[w], count);
    });
  }
  const { slots } = OPTIMIZERS[options.optimizer];
  const keepsSlopes = network.blend || takesSlope(network.activation);
  const layout = planLayout({
    ...forwardRequest(network),
    slots: slots.length + (options.ema === null ? 0 : 1),
    shards: options.shards,
    gradientBuffers,
    slopeStrides: keepsSlopes ? hiddenStrides(network) : [],
    passedStrides: passedStrides(network, options.dropout > 0),
    normStrides: network.layerNorm ? hiddenStrides(network) : [],
    skipStride: Math.max(0, ...network.layers.filter(({ skip }) => skip).map(({ outputStride }) => outputStride)),
    derivedStride: network.derived?.stride ?? 0,
    embedding: Math.max(0, ...(network.derived?.embeddings ?? []).map(({ length }) => length)),
    penaltyGradients: typeof options.loss !== 'string' && options.loss.penaltyGradient ? 1 : 0,
    targets: targetsPerRow(options.loss, network.sizes[network.sizes.length - 1], options.lossConstants),
  });
  const scored = options.ema === null ? layout.parameters : layout.slots[slots.length];
  return { ...rest, network, rowsPerShard, layout, scored };
}

/** Plans forward passes only: no gradients, no optimiser state. */
export function planForward(spec: NetworkSpec, workers: number): ForwardPlan {
  const network = planNetwork(spec);
  const layout = planLayout({
    ...forwardRequest(network),
    slots: 0,
    shards: 1,
    gradientBuffers: new Array<number>(workers).fill(0),
    slopeStrides: [],
    passedStrides: passedStrides(network, false),
    normStrides: [],
    skipStride: 0,
    derivedStride: 0,
    embedding: 0,
    penaltyGradients: 0,
    targets: 1,
  });
  return { network, workers, layout, scored: layout.parameters };
}

/** What a forward pass needs. */
function forwardRequest(network: Network) {
  return {
    parameters: network.parameters,
    rows: BLOCK_ROWS,
    inputStride: network.layers[0].inputStride,
    outputStrides: network.layers.map((layer) => layer.outputStride),
    bendStrides: network.blend ? hiddenStrides(network) : [],
    scaledWeights: network.scale === null ? 0 : network.layers[0].weight.length,
    codes: network.embeddings.length,
    workspaceBytes: WORKSPACE_BYTES,
  } satisfies Partial<LayoutRequest>;
}

function takesSlope(name: ActivationName): boolean {
  const activation: Activation = ACTIVATIONS[name];
  return activation.derivativeFrom === 'slope';
}

/** Of what hidden layers pass on in place of their outputs: all with dropout, else those that add their input. */
function passedStrides({ layers }: Network, dropout: boolean): number[] {
  if (!dropout && layers.every(({ skip }) => !skip)) return [];
  return layers.slice(0, -1).map(({ skip, outputStride }) => (dropout || skip ? outputStride : 0));
}

function hiddenStrides({ layers }: Network): number[] {
  return layers.slice(0, -1).map((layer) => layer.outputStride);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
