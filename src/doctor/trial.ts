/**
 * Training on trial: the run's own step, kernels and row order, on this thread and on a memory of its own, at a rate that may
 * change from step to step. Nothing of it reaches a run; its state can be saved and put back exactly.
 */
import type { Dataset } from '../data/dataset.js';
import { createOrder, type OrderPlan } from '../data/order.js';
import type { ChosenKernels } from '../kernels/load.js';
import type { OpenLoss } from '../nn/losses/choice.js';
import { createInlineStep, type InlineStep } from '../parallel/inline.js';
import type { StepPlan } from '../parallel/plan.js';
import type { Batch } from '../parallel/step.js';

export interface TrialState {
  readonly parameters: Float32Array;
  readonly slots: readonly Float32Array[];
  /** Steps and updates made. */
  readonly steps: number;
  readonly updates: number;
}

export interface Trial {
  readonly plan: StepPlan;
  readonly step: InlineStep;
  /** Updates made. */
  readonly updates: number;
  save(): TrialState;
  restore(state: TrialState): void;
  /**
   * One step.
   *
   * @returns the loss before it, penalty included; where that is not finite, nothing is updated. NaN also for rows of weight 0
   */
  advance(learningRate: number): number;
  /** The batch of the next step. */
  batch(): Batch;
  /**
   * The loss of the same rows at whatever weights there are, penalty included: the mean over the last whole batches of an epoch, of at
   * least `rows` rows where there are so many. NaN where all have weight 0. Nothing is updated.
   */
  probe(rows: number): () => number;
}

export interface TrialRows {
  readonly dataset: Dataset;
  /** Of the training rows. */
  readonly order: OrderPlan;
  readonly seed: number;
}

/** @param plan for one worker; its weights start as zeros */
export function createTrial(plan: StepPlan, kernels: ChosenKernels, opened: OpenLoss, rows: TrialRows): Trial {
  const { dataset, order, seed } = rows;
  const step = createInlineStep(plan, kernels, dataset, opened);
  const perEpoch = Math.ceil(order.rows / plan.batchSize);
  let steps = 0;
  let updates = 0;
  let epoch = -1;
  let rowOrder = createOrder({ plan: order, seed, epoch: 0, ring: null });

  function nextBatch(): Batch {
    const wanted = Math.floor(steps / perEpoch);
    if (wanted !== epoch) {
      epoch = wanted;
      rowOrder = createOrder({ plan: order, seed, epoch, ring: null });
    }
    const start = (steps % perEpoch) * plan.batchSize;
    return { order: rowOrder, masks: { seed, epoch }, start, rows: Math.min(plan.batchSize, order.rows - start) };
  }

  function lastBatches(rows: number): Batch[] {
    const { batchSize } = plan;
    const whole = Math.max(1, Math.floor(order.rows / batchSize));
    const first = createOrder({ plan: order, seed, epoch: 0, ring: null });
    return Array.from({ length: Math.min(whole, Math.ceil(rows / batchSize)) }, (_, i) => {
      const start = (whole - 1 - i) * batchSize;
      return { order: first, masks: { seed, epoch: 0 }, start, rows: Math.min(batchSize, order.rows) };
    });
  }

  return {
    plan,
    step,
    batch: nextBatch,
    probe(rows) {
      const batches = lastBatches(rows);
      return () => {
        const losses = batches.map((batch) => step.differentiate(batch));
        const weighed = losses.filter(({ totalWeight }) => totalWeight !== 0);
        return weighed.reduce((sum, { data, penalty }) => sum + data + penalty, 0) / weighed.length;
      };
    },
    get updates() {
      return updates;
    },
    save: () => ({
      parameters: step.parameters.slice(),
      slots: step.slots.map((slot) => slot.slice()),
      steps,
      updates,
    }),
    restore(state) {
      step.parameters.set(state.parameters);
      step.slots.forEach((slot, i) => {
        slot.set(state.slots[i]);
      });
      ({ steps, updates } = state);
    },
    advance(learningRate) {
      const { data, penalty, gradientNorm } = step.differentiate(nextBatch());
      steps++;
      const loss = data + penalty;
      if (!Number.isFinite(loss)) return loss;
      step.update(++updates, gradientNorm, learningRate);
      return loss;
    },
  };
}
