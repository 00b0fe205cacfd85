/**
 * One worker's part of a step, phase by phase. Between the phases all workers meet: at barriers when each is a thread
 * (segment.ts), or because one loop runs each phase for every worker in turn (inline.ts). The arithmetic is here alone.
 *
 *   leaves     own shards: gather, forward, loss, backward; complete subtrees added up
 *   ---- meet ----
 *   total      everybody sums the shards' losses and weights, so that all agree whether to go on
 *   slice      join, average, penalty, update (with clipping: finalize, ---- meet ----, clip, update)
 *   ---- meet ----
 *
 * Deliberately not here: threads, waiting, time.
 */
import { createGather } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Views } from '../memory/views.js';
import { followedReductions, type OpenLoss, openBuiltIn } from '../nn/losses/choice.js';
import { createLeafWorker, type LeafTimes, type RowSource } from './leaf.js';
import { BLOCK_ROWS, type StepPlan } from './plan.js';
import { createSliceWorker, type SliceWorker } from './slice.js';
import { activeShards, planReduction, type Reduction, treeSum } from './tree.js';
import { createWeightPenalty } from './weight-penalty.js';

/** The rows of one batch: `rows` positions of `order` from `start`. */
export interface Batch extends RowSource {
  start: number;
  rows: number;
}

export interface StepWorker {
  /** How a batch of `rows` rows is summed. */
  reduction(rows: number): Reduction;
  /** Computes the worker's leaves. False when `stopped` became true on the way. */
  leaves(batch: Batch, timed: boolean): boolean;
  /**
   * Joins the shards' sums; after all workers' leaves.
   *
   * @returns the data loss of the batch, mean or sum as planned; NaN when the total weight is 0
   */
  total(reduction: Reduction): number;
  /** Sum of the batch's weights; after `total`. */
  readonly totalWeight: number;
  /** What the summed gradient is divided by; after `total`. */
  divisor(): number;
  readonly slice: SliceWorker;
  readonly times: LeafTimes;
}

/** Factor that brings a gradient of this norm within the bound: exactly 1 when it is within. */
export function clipFactor(norm: number, bound: number): number {
  return norm > bound ? bound / norm : 1;
}

/**
 * @param stopped asked between leaves, so that a long batch can be interrupted
 * @param opened the plan's loss; needed where that is a user's module
 */
export function createStepWorker(
  plan: StepPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  dataset: Dataset,
  stopped: () => boolean,
  opened: OpenLoss = openBuiltIn(plan.loss),
): StepWorker {
  const { layout, rowsPerShard, shards } = plan;
  const leaf = createLeafWorker(plan, worker, views, kernels, createGather(dataset, kernels), opened);
  const penalty = opened.penalty && createWeightPenalty(plan, worker, views, opened.penalty);
  const followed = followedReductions(plan.loss, plan.reduction);
  const gradients = layout.workers[worker].gradients;
  const shardSums = views.f64.subarray(layout.shardSums / 8, layout.shardSums / 8 + 2 * shards);
  const scratch = new Float64Array(shards);
  const reductions = new Map<number, Reduction>();

  function sumShards(column: number, active: number): number {
    for (let shard = 0; shard < active; shard++) scratch[shard] = shardSums[2 * shard + column];
    return treeSum(scratch, active);
  }

  const self = {
    totalWeight: 0,
    slice: createSliceWorker(plan, worker, views, kernels, penalty),
    times: leaf.times,
    reduction(rows: number): Reduction {
      const active = activeShards(rows, rowsPerShard);
      let reduction = reductions.get(active);
      if (reduction === undefined) {
        reduction = planReduction(shards, plan.workers, active, rowsPerShard <= BLOCK_ROWS);
        reductions.set(active, reduction);
      }
      return reduction;
    },
    leaves(batch: Batch, timed: boolean): boolean {
      penalty?.evaluate();
      for (const operation of self.reduction(batch.rows).operations[worker]) {
        if (operation.kind === 'add') {
          const before = timed ? performance.now() : 0;
          kernels.add(gradients[operation.buffer], gradients[operation.source], plan.network.parameters);
          if (timed) leaf.times.add += performance.now() - before;
          continue;
        }
        if (stopped()) return false;
        const { shard, buffer, accumulate } = operation;
        const first = shard * rowsPerShard;
        const rows = Math.min(rowsPerShard, batch.rows - first);
        shardSums[2 * shard] = leaf.compute(gradients[buffer], accumulate, batch, batch.start + first, rows, timed);
        shardSums[2 * shard + 1] = leaf.weightSum;
      }
      return true;
    },
    total(reduction: Reduction): number {
      const loss = sumShards(0, reduction.active);
      self.totalWeight = sumShards(1, reduction.active);
      if (self.totalWeight === 0) return Number.NaN;
      return followed.loss === 'mean' ? loss / self.totalWeight : loss;
    },
    divisor: (): number => (followed.gradient === 'mean' ? self.totalWeight : 1),
  };
  return self;
}
