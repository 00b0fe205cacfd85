/** What a run's config and its data say about its steps; all of the plan but the number of workers. */
import type { RowLayout } from '../data/dataset.js';
import { groupsFor } from '../nn/groups.js';
import type { LossChoice } from '../nn/losses/choice.js';
import { planStep, type StepOptions, type StepPlan } from '../parallel/plan.js';
import { defaultShards } from '../parallel/tree.js';
import { hyperparametersOf } from './hyperparameters.js';
import { lossConstantsOf } from './loss-constants.js';
import type { SettledConfig } from './settle.js';

export type RunSteps = Omit<StepOptions, 'workers'>;

/** @param loss that was chosen, and the outputs that it takes */
export function stepOptions(
  config: SettledConfig,
  layout: Pick<RowLayout, 'numbers' | 'embedded' | 'inputs' | 'weighted'>,
  { loss, outputs }: { readonly loss: LossChoice; readonly outputs: number },
  trainRows: number,
): RunSteps {
  const batchSize = config.batchSize === 'full' ? trainRows : Math.min(config.batchSize, trainRows);
  const steps = Math.min(config.epochs * Math.ceil(trainRows / batchSize), config.steps ?? Number.POSITIVE_INFINITY);
  return {
    network: {
      sizes: [layout.inputs, ...config.hidden, outputs],
      activation: config.activation,
      blend: config.learnedActivation,
      inputScale: config.inputScale,
      residual: config.residual,
      layerNorm: config.layerNorm,
      periodic: config.encode.includes('periodic') ? layout.numbers : 0,
      embeddings: layout.embedded,
    },
    loss,
    lossConstants: lossConstantsOf(config),
    reduction: config.reduction,
    optimizer: config.optimizer,
    hyper: hyperparametersOf(config),
    rate: { schedule: config.schedule, warmupSteps: config.warmupSteps, steps },
    groups: groupsFor(config),
    layerRates: config.layerRates,
    decaySchedule: config.decaySchedule,
    dropoutSchedule: config.dropoutSchedule,
    ema: config.ema ?? null,
    l2: config.l2,
    clipNorm: config.clipNorm ?? null,
    dropout: config.dropout,
    weighted: layout.weighted,
    batchSize,
    shards: config.shards ?? defaultShards(batchSize),
    batchRows: [batchSize, trainRows % batchSize].filter((rows) => rows > 0),
  };
}

/**
 * Bytes that so many workers need for such steps: their shared memory, and two copies of weights and optimizer state, the
 * last sound one and the next.
 */
export function workingBytes(options: RunSteps, workers: number): number {
  const plan: StepPlan = planStep({ ...options, workers });
  return plan.layout.bytes + 2 * 4 * plan.network.parameters * (1 + plan.layout.slots.length);
}
