/**
 * One worker's slice of the parameter vector: join the workers' gradient subtrees in tree order, average, add the penalty,
 * clip, update. Slices are whole chunks of CHUNK parameters, the unit in which norms are summed, so no sum depends on how
 * many workers there are.
 *
 * Without clipping all of it is done chunk by chunk while the chunk is in cache. Clipping needs the norm of the whole
 * gradient first: `finalize` on every worker, a barrier, then `update`.
 */
import type { Kernels } from '../kernels/kernels.js';
import { CHUNK } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import type { Optimizer } from '../nn/optimizers/optimizer.js';
import { rateAt } from '../nn/schedules/rate.js';
import type { StepPlan } from './plan.js';
import { ownedRange, type Reduction, treeSum } from './tree.js';
import type { WeightPenalty } from './weight-penalty.js';

/** A run of parameters that is treated alike. */
interface Piece {
  /** Bytes from the start of a parameter-sized vector. */
  readonly from: number;
  readonly count: number;
  readonly penalised: boolean;
}

export interface SliceWorker {
  /** Milliseconds of work so far, by phase; only timed calls add to it. */
  readonly times: { reduce: number; update: number };
  /** Fixes the constants of update t, counted from 1; the scheduled rate is multiplied by `rateFactor`. */
  begin(t: number, rateFactor: number): void;
  /** Joins and updates the slice: the whole of it, for runs without clipping. */
  joinAndUpdate(reduction: Reduction, divisor: number, timed: boolean): void;
  /** Joins, divides and adds the penalty, leaving g' in the root buffer, and records the chunks' sums of squares. */
  finalize(reduction: Reduction, divisor: number, timed: boolean): void;
  /** Updates from a finalised gradient times `clip`. */
  update(reduction: Reduction, clip: number, timed: boolean): void;
  /** Global norm of the finalised gradient; after a barrier behind `finalize`. */
  gradientNorm(): number;
  /** l2 / 2 * sum of W^2 before the update, and a module's penalty; after a barrier behind the update. 0 without any. */
  penalty(): number;
}

/** @param modulePenalty evaluated before every step; null where the loss has none of its own */
export function createSliceWorker(
  plan: StepPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  modulePenalty: WeightPenalty | null,
): SliceWorker {
  const { layout, network, l2 } = plan;
  const optimizer: Optimizer = OPTIMIZERS[plan.optimizer];
  const rule = optimizer.bind(kernels, plan.hyper);
  const chunks = Math.ceil(network.parameters / CHUNK);
  const owned = ownedRange(chunks, plan.workers, worker);
  const pieces = Array.from({ length: chunks }, (_, chunk) => chunkPieces(plan, chunk));
  const sums = views.f64.subarray(layout.chunkSums / 8, layout.chunkSums / 8 + 2 * chunks);
  const scratch = new Float64Array(chunks);
  const times = { reduce: 0, update: 0 };

  function join(reduction: Reduction, chunk: number, divisor: number): void {
    const from = chunk * CHUNK * 4;
    const count = Math.min(CHUNK, network.parameters - chunk * CHUNK);
    for (const { destination, source } of reduction.joins) {
      kernels.add(
        layout.workers[destination.worker].gradients[destination.buffer] + from,
        layout.workers[source.worker].gradients[source.buffer] + from,
        count,
      );
    }
    modulePenalty?.add(rootOf(reduction), chunk * CHUNK, count, divisor);
  }

  function recordPenalty(chunk: number): void {
    let squares = 0;
    for (const piece of pieces[chunk]) {
      if (piece.penalised) squares += kernels.sumSquares(layout.parameters + piece.from, piece.count);
    }
    sums[2 * chunk + 1] = squares;
  }

  function rootOf(reduction: Reduction): number {
    return layout.workers[reduction.root.worker].gradients[reduction.root.buffer];
  }

  function sumChunks(column: number): number {
    for (let chunk = 0; chunk < chunks; chunk++) scratch[chunk] = sums[2 * chunk + column];
    return treeSum(scratch, chunks);
  }

  return {
    times,
    begin: (t, rateFactor) => rule.begin(t, rateFactor * rateAt(plan.rate, plan.hyper.learningRate, t)),
    joinAndUpdate(reduction, divisor, timed) {
      const gradient = rootOf(reduction);
      for (let chunk = owned.start; chunk < owned.end; chunk++) {
        const t0 = timed ? performance.now() : 0;
        join(reduction, chunk, divisor);
        if (l2 !== 0) recordPenalty(chunk);
        const t1 = timed ? performance.now() : 0;
        for (const piece of pieces[chunk]) {
          const penalty = piece.penalised ? l2 : 0;
          rule.apply(layout.parameters, gradient, layout.slots, piece.from, piece.count, divisor, penalty, 1);
        }
        if (timed) {
          times.reduce += t1 - t0;
          times.update += performance.now() - t1;
        }
      }
    },
    finalize(reduction, divisor, timed) {
      const t0 = timed ? performance.now() : 0;
      const gradient = rootOf(reduction);
      for (let chunk = owned.start; chunk < owned.end; chunk++) {
        join(reduction, chunk, divisor);
        if (l2 !== 0) recordPenalty(chunk);
        let squares = 0;
        for (const { from, count, penalised } of pieces[chunk]) {
          kernels.finalizeGradient(gradient + from, layout.parameters + from, count, divisor, penalised ? l2 : 0);
          squares += kernels.sumSquares(gradient + from, count);
        }
        sums[2 * chunk] = squares;
      }
      if (timed) times.reduce += performance.now() - t0;
    },
    update(reduction, clip, timed) {
      const t0 = timed ? performance.now() : 0;
      const gradient = rootOf(reduction);
      for (let chunk = owned.start; chunk < owned.end; chunk++) {
        for (const { from, count } of pieces[chunk]) {
          rule.apply(layout.parameters, gradient, layout.slots, from, count, 1, 0, clip);
        }
      }
      if (timed) times.update += performance.now() - t0;
    },
    gradientNorm: () => Math.sqrt(sumChunks(0)),
    penalty: () => (l2 === 0 ? 0 : 0.5 * l2 * sumChunks(1)) + (modulePenalty?.value ?? 0),
  };
}

/** The pieces of a chunk: one where there is no penalty, else cut where penalised tensors begin and end. */
function chunkPieces(plan: StepPlan, chunk: number): Piece[] {
  const start = chunk * CHUNK;
  const end = Math.min(start + CHUNK, plan.network.parameters);
  if (plan.l2 === 0) return [{ from: start * 4, count: end - start, penalised: false }];
  const pieces: Piece[] = [];
  plan.network.tensors.forEach((tensor, i) => {
    const next = plan.network.tensors[i + 1]?.offset ?? plan.network.parameters;
    const from = Math.max(start, tensor.offset);
    const to = Math.min(end, next);
    if (from < to) pieces.push({ from: from * 4, count: to - from, penalised: tensor.penalised });
  });
  return pieces;
}
