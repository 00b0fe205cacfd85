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
import { type Factors, factorsOf } from '../nn/groups.js';
import type { Tensor } from '../nn/network.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import type { Optimizer } from '../nn/optimizers/optimizer.js';
import { factorAt } from '../nn/schedules/rate.js';
import type { StepPlan } from './plan.js';
import { ownedRange, type Reduction, treeSum } from './tree.js';
import type { WeightPenalty } from './weight-penalty.js';

/** A run of parameters that is treated alike. */
interface Piece {
  /** Bytes from the start of a parameter-sized vector. */
  readonly from: number;
  readonly count: number;
  readonly penalised: boolean;
  /** Which of the rules updates it. */
  readonly rule: number;
}

export interface SliceWorker {
  /** Milliseconds of work so far, by phase; only timed calls add to it. */
  readonly times: { reduce: number; update: number };
  /** Fixes the constants of update t, counted from 1, and its learning rate. */
  begin(t: number, rate: number): void;
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
  const groups = distinctFactors(plan);
  const rules = groups.map(() => optimizer.bind(kernels, plan.hyper));
  const average = plan.ema === null ? null : plan.scored;
  let averageKeeps = 0;
  const chunks = Math.ceil(network.parameters / CHUNK);
  const owned = ownedRange(chunks, plan.workers, worker);
  const pieces = Array.from({ length: chunks }, (_, chunk) => chunkPieces(plan, groups, chunk));
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

  function update(
    gradient: number,
    { from, count, rule }: Piece,
    divisor: number,
    penalty: number,
    clip: number,
  ): void {
    rules[rule].apply(layout.parameters, gradient, layout.slots, from, count, divisor, penalty, clip);
    if (average === null) return;
    kernels.average(average + from, layout.parameters + from, count, averageKeeps, 1 - averageKeeps);
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
    begin(t, rate) {
      const decay = plan.hyper.weightDecay * factorAt(plan.decaySchedule, plan.rate.steps, t);
      for (let i = 0; i < rules.length; i++) rules[i].begin(t, rate * groups[i].rate, decay * groups[i].decay);
      averageKeeps = t === 1 ? 0 : (plan.ema ?? 0);
    },
    joinAndUpdate(reduction, divisor, timed) {
      const gradient = rootOf(reduction);
      for (let chunk = owned.start; chunk < owned.end; chunk++) {
        const t0 = timed ? performance.now() : 0;
        join(reduction, chunk, divisor);
        if (l2 !== 0) recordPenalty(chunk);
        const t1 = timed ? performance.now() : 0;
        for (const piece of pieces[chunk]) {
          const penalty = piece.penalised ? l2 : 0;
          update(gradient, piece, divisor, penalty, 1);
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
        for (const piece of pieces[chunk]) update(gradient, piece, 1, 0, clip);
      }
      if (timed) times.update += performance.now() - t0;
    },
    gradientNorm: () => Math.sqrt(sumChunks(0)),
    penalty: () => (l2 === 0 ? 0 : 0.5 * l2 * sumChunks(1)) + (modulePenalty?.value ?? 0),
  };
}

/** The factors that any tensor has, each once. */
function distinctFactors({ network, groups, layerRates }: StepPlan): Factors[] {
  const distinct: Factors[] = [];
  for (const tensor of network.tensors) {
    const factors = factorsOf(tensor, groups, layerRates);
    if (!distinct.some((other) => areAlike(other, factors))) distinct.push(factors);
  }
  return distinct;
}

function areAlike(a: Factors, b: Factors): boolean {
  return a.rate === b.rate && a.decay === b.decay;
}

/** The pieces of a chunk: cut where the penalty or the group changes, and so one where there is one group and no penalty. */
function chunkPieces({ network, groups, layerRates, l2 }: StepPlan, distinct: Factors[], chunk: number): Piece[] {
  const start = chunk * CHUNK;
  const end = Math.min(start + CHUNK, network.parameters);
  const pieces: Piece[] = [];
  network.tensors.forEach((tensor: Tensor, i) => {
    const next = network.tensors[i + 1]?.offset ?? network.parameters;
    const from = Math.max(start, tensor.offset);
    const to = Math.min(end, next);
    if (from >= to) return;
    const factors = factorsOf(tensor, groups, layerRates);
    const rule = distinct.findIndex((other) => areAlike(other, factors));
    const penalised = l2 !== 0 && tensor.kind === 'weight';
    const before = pieces[pieces.length - 1];
    if (before?.rule === rule && before.penalised === penalised) {
      pieces[pieces.length - 1] = { ...before, count: before.count + to - from };
    } else {
      pieces.push({ from: from * 4, count: to - from, penalised, rule });
    }
  });
  return pieces;
}
