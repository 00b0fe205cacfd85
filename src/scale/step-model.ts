/**
 * What a step takes on any number of workers, from what its parts took on one.
 *
 * A step of a batch with S shards on W workers is
 *
 *   T(W) = max over workers of (n L + a A)  +  U c  +  j A c  +  m M(W)  +  D
 *
 *   n, a   leaves that the worker computes and subtrees that it adds up, as tree.ts plans them
 *   L      time of a leaf: gather, forward and backward of one shard
 *   A      time to add one gradient to another
 *   j      subtrees that the owners of slices join
 *   U      time to update all parameters
 *   c      share of the parameters in the largest slice: ceil(chunks / W) / chunks
 *   m      meetings of a step: 2, with clipping 3
 *   M(W)   time of a meeting: what one worker's took, and a cache line handed on from worker to worker
 *   D      what is not divided: the sums over all shards that every worker makes, starting a segment, and delays. A delay of any
 *          worker is a delay of all, so of a step's time the part above its fastest time is not divided either.
 *
 * All of them are measured in the run of one worker, but for M's line: 0.1 us, as between cores of one socket. Not in it: memory
 * bandwidth, caches and clock speed that cores share. Where these matter, measured speed-ups stay below it.
 */
import { planReduction } from '../parallel/tree.js';

/** Seconds for one cache line to go from one core to another. */
const LINE_SECONDS = 1e-7;

/** What the model needs to know of a plan. */
export interface StepShape {
  /** B: rows of a batch. */
  readonly batchSize: number;
  /** S */
  readonly shards: number;
  /** Whether a leaf is added to its sibling while it is computed (tree.ts). */
  readonly fused: boolean;
  /** Chunks of the parameter vector: the unit of slices. */
  readonly chunks: number;
  /** Of a step. */
  readonly meetings: number;
}

/** Seconds that the parts of a step take on one worker. */
export interface StepCosts {
  /** L, for each row of the shard. */
  readonly leafRow: number;
  /** A */
  readonly add: number;
  /** U */
  readonly update: number;
  /** M(1) */
  readonly meeting: number;
  /** D */
  readonly undivided: number;
}

/** What a run of one worker measured, per step, in seconds. */
export interface MeasuredStep {
  /** All of it, as the clock on the wall has it. */
  readonly wall: number;
  /** The fastest one, without what lies between two steps. */
  readonly fastest: number;
  readonly gather: number;
  readonly forward: number;
  readonly backward: number;
  readonly reduce: number;
  readonly update: number;
  readonly wait: number;
  /** To add one gradient to another, on its own. */
  readonly add: number;
}

/** The costs of a step's parts. What they took beyond the fastest step is delay, and each part has its share of it. */
export function costsOf(step: MeasuredStep, shape: StepShape): StepCosts {
  const leaves = step.gather + step.forward + step.backward;
  const parts = leaves + step.reduce + step.update;
  const sound = Math.min(1, step.fastest / (parts + step.wait));
  const adds = Math.max(...addsAndLeaves(shape, 1).map(({ adds }) => adds));
  return {
    leafRow: (sound * leaves) / shape.batchSize,
    add: adds > 0 ? (sound * step.reduce) / adds : step.add,
    update: sound * step.update,
    meeting: (sound * step.wait) / shape.meetings,
    undivided: Math.max(0, step.wall - sound * (parts + step.wait)),
  };
}

/**
 * T(W)
 *
 * @param workers W >= 1
 * @returns seconds a step
 */
export function stepSeconds(costs: StepCosts, shape: StepShape, workers: number): number {
  const plan = planReduction(shape.shards, workers, shape.shards, shape.fused);
  const leaf = costs.leafRow * (shape.batchSize / shape.shards);
  const slowest = Math.max(
    ...addsAndLeaves(shape, workers).map(({ leaves, adds }) => leaves * leaf + adds * costs.add),
  );
  const slice = Math.ceil(shape.chunks / workers) / shape.chunks;
  const meeting = costs.meeting + (workers - 1) * LINE_SECONDS;
  const joined = slice * (costs.update + plan.joins.length * costs.add);
  return slowest + joined + shape.meetings * meeting + costs.undivided;
}

function addsAndLeaves({ shards, fused }: StepShape, workers: number): { leaves: number; adds: number }[] {
  return planReduction(shards, workers, shards, fused).operations.map((operations) => {
    const leaves = operations.filter(({ kind }) => kind === 'leaf').length;
    return { leaves, adds: operations.length - leaves };
  });
}
