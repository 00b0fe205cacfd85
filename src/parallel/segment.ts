/**
 * A segment: consecutive steps that one worker thread runs without returning to the coordinator. Workers meet at barriers in
 * shared memory; the coordinator has a say through the abort bit only. All workers take every decision (skip a batch,
 * stop on a loss that is not finite or too large) from the same shared sums, so they take the same one.
 */
import type { Dataset } from '../data/dataset.js';
import { createOrder, type EpochOrder } from '../data/order.js';
import type { Kernels } from '../kernels/kernels.js';
import { barrierLine, FASTEST_STEP, isAborted, PHASES } from '../memory/control.js';
import type { Views } from '../memory/views.js';
import { type OpenLoss, openBuiltIn } from '../nn/losses/choice.js';
import { rateAt } from '../nn/schedules/rate.js';
import { meet } from './barrier.js';
import { createPatience } from './patience.js';
import type { StepPlan } from './plan.js';
import { type Batch, clipFactor, createStepWorker } from './step.js';
import type { Reduction } from './tree.js';

/** What the coordinator asks of every worker, alike. */
export interface SegmentRequest {
  /** Number of the segment in this run; decides its barrier line. */
  readonly segment: number;
  /** Of the rows trained on, and where they are in the dataset. */
  readonly order: EpochOrder;
  /** First batch of the epoch to run, and how many. */
  readonly firstBatch: number;
  readonly batches: number;
  /** Updates made before this segment. */
  readonly updates: number;
  /** What the learning rate of every step is multiplied by; absent: 1. */
  readonly rateFactor?: number;
  /** A data loss (mean or sum, as reported) above this has run away; absent: no finite one has. */
  readonly lossLimit?: number;
  /** Most turns of a busy wait at a barrier before the thread sleeps; 0 where workers outnumber the cores. */
  readonly spins: number;
}

export interface SegmentResult {
  /**
   * `stopped`: by the abort bit. `diverged`: the loss of batch firstBatch + steps was not finite, or above the limit; no update was
   * made from it.
   */
  readonly status: 'done' | 'stopped' | 'diverged';
  /** Steps finished, skipped ones included. */
  readonly steps: number;
  /** Batches skipped because their total weight was 0. */
  readonly skipped: number;
  /** The loss that ended it. */
  readonly loss: number;
}

/** Below this much work a step is timed once in SAMPLE steps: reading the clock would show. */
const TIMED_WORK = 4e6;
const SAMPLE = 16;

export interface SegmentWorker {
  run(request: SegmentRequest): SegmentResult;
}

export function createSegmentWorker(
  plan: StepPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  dataset: Dataset,
  opened: OpenLoss = openBuiltIn(plan.loss),
): SegmentWorker {
  const { layout } = plan;
  const counters = layout.workers[worker].counters;
  let line = 0;
  const step = createStepWorker(plan, worker, views, kernels, dataset, () => isAborted(views.i32, line), opened);
  const sample = plan.network.trainable * plan.batchSize < TIMED_WORK ? SAMPLE : 1;
  let waited = 0;
  let fastest = Number.POSITIVE_INFINITY;

  function publishTimes(): void {
    const { gather, forward, backward, add } = step.times;
    const { reduce, update } = step.slice.times;
    const milliseconds = { gather, forward, backward, reduce: reduce + add, update, wait: waited };
    PHASES.forEach((phase, i) => {
      views.f64[counters / 8 + 1 + i] = (milliseconds[phase] * sample) / 1000;
    });
    views.f64[counters / 8 + FASTEST_STEP] = fastest / 1000;
  }

  function run(request: SegmentRequest): SegmentResult {
    const { rateFactor = 1, lossLimit = Number.POSITIVE_INFINITY } = request;
    const patience = createPatience(request.spins);
    const trainRows = request.order.plan.rows;
    line = barrierLine(layout.barriers, request.segment);
    const barrier = { words: views.i32, at: line / 4 };
    const meetAll = (timed: boolean): boolean => {
      const before = timed ? performance.now() : 0;
      const everyone = meet(barrier, plan.workers, patience);
      if (timed) waited += performance.now() - before;
      return everyone;
    };
    const batch: Batch = {
      order: createOrder(request.order, kernels),
      masks: request.order,
      updates: 0,
      start: 0,
      rows: 0,
    };
    let skipped = 0;
    for (let i = 0; i < request.batches; i++) {
      const timed = i % sample === 0;
      const before = timed ? performance.now() : 0;
      batch.start = (request.firstBatch + i) * plan.batchSize;
      batch.rows = Math.min(plan.batchSize, trainRows - batch.start);
      batch.updates = request.updates + i - skipped;
      const stopped: SegmentResult = { status: 'stopped', steps: i, skipped, loss: Number.NaN };
      if (!step.leaves(batch, timed) || !meetAll(timed)) return stopped;

      const reduction = step.reduction(batch.rows);
      const loss = step.total(reduction);
      const isSkipped = step.totalWeight === 0;
      if (isSkipped) skipped++;
      else if (!Number.isFinite(loss) || loss > lossLimit) return { status: 'diverged', steps: i, skipped, loss };
      else if (!updateSlice(reduction, request.updates + i + 1 - skipped, rateFactor, timed, meetAll)) return stopped;
      if (!meetAll(timed)) return stopped;
      if (worker === 0) views.f64[layout.losses / 8 + i] = isSkipped ? Number.NaN : loss + step.slice.penalty();
      if (timed) fastest = Math.min(fastest, performance.now() - before);
      Atomics.store(views.i32, counters / 4, i + 1);
    }
    return { status: 'done', steps: request.batches, skipped, loss: Number.NaN };
  }

  function updateSlice(
    reduction: Reduction,
    t: number,
    rateFactor: number,
    timed: boolean,
    meetAll: (timed: boolean) => boolean,
  ): boolean {
    const { slice } = step;
    slice.begin(t, rateFactor * rateAt(plan.rate, plan.hyper.learningRate, t));
    if (plan.clipNorm === null) {
      slice.joinAndUpdate(reduction, step.divisor(), timed);
      return true;
    }
    slice.finalize(reduction, step.divisor(), timed);
    if (!meetAll(timed)) return false;
    slice.update(reduction, clipFactor(slice.gradientNorm(), plan.clipNorm), timed);
    return true;
  }

  return {
    run(request) {
      Atomics.store(views.i32, counters / 4, 0);
      fastest = Number.POSITIVE_INFINITY;
      try {
        return run(request);
      } finally {
        publishTimes();
      }
    },
  };
}
