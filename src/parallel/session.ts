/**
 * The coordinator's side of a run: it owns the shared memory, asks every worker for its part of a segment, and speaks for
 * those that cannot: when a worker fails or the user interrupts, it sets the abort bit, so that nobody waits for ever.
 */
import { availableParallelism } from 'node:os';
import type { Dataset } from '../data/dataset.js';
import { ParagradError } from '../errors.js';
import type { ChosenKernels } from '../kernels/load.js';
import { abortBarrier, barrierLine, FASTEST_STEP, openBarrier, PHASES, type Phase } from '../memory/control.js';
import { allocateMemory, createViews, type Views } from '../memory/views.js';
import { readTensor, writeTensor } from '../nn/network.js';
import { LONG_TURNS } from './patience.js';
import { BLOCK_ROWS, type ForwardPlan, type StepPlan } from './plan.js';
import { type Pool, workerFailure } from './pool.js';
import type { SegmentRequest, SegmentResult } from './segment.js';
import type { ForwardTask, RunSetup, SegmentTask, SummedLoss } from './thread.js';
import { ownedRange } from './tree.js';

/** Rows below which a forward pass is not worth another thread. */
const FORWARD_ROWS = 1024;

let runs = 0;

/** A planned memory, and the pool that works in it. */
export interface Session<P extends ForwardPlan = ForwardPlan> {
  readonly plan: P;
  readonly pool: Pool;
  readonly setup: RunSetup;
  readonly views: Views;
}

/** Sessions that have had a task: their threads have the setup, but for those that did something else meanwhile. */
const begun = new WeakSet<Session>();

/** Allocates the memory of a plan. Parameters and state start as zeros. */
export function openSession<P extends ForwardPlan>(plan: P, pool: Pool, kernels: ChosenKernels): Session<P> {
  const memory = allocateMemory(plan.layout);
  const setup = { run: runs++, memory, kernels, plan };
  return { plan, pool, setup, views: createViews(memory) };
}

/** The parameter vector itself, padding included: a view, not a copy. */
export function parameterView(session: Session): Float32Array {
  return vectorView(session, session.plan.layout.parameters);
}

/** A parameter-sized array of the memory. */
function vectorView({ plan, views }: Session, offset: number): Float32Array {
  return views.f32.subarray(offset / 4, offset / 4 + plan.network.parameters);
}

/** The contents of W0, b0, W1 … without padding, copied: those that are scored. */
export function readParameters(session: Session): Float32Array[] {
  const vector = vectorView(session, session.plan.scored);
  return session.plan.network.tensors.map((tensor) => readTensor(tensor, vector));
}

/** Writes the contents of W0, b0, W1 …, each of its tensor's size. */
export function writeParameters(session: Session, values: readonly ArrayLike<number>[]): void {
  const vector = parameterView(session);
  session.plan.network.tensors.forEach((tensor, i) => {
    writeTensor(tensor, vector, values[i]);
  });
}

/** Weights and optimiser state, copied: what a run can be put back to. */
export interface Snapshot {
  readonly parameters: Float32Array;
  readonly slots: readonly Float32Array[];
}

export function takeSnapshot(session: Session): Snapshot {
  return {
    parameters: parameterView(session).slice(),
    slots: session.plan.layout.slots.map((slot) => vectorView(session, slot).slice()),
  };
}

/** Takes another snapshot in the place of one. */
export function retakeSnapshot(session: Session, { parameters, slots }: Snapshot): void {
  parameters.set(parameterView(session));
  session.plan.layout.slots.forEach((slot, i) => {
    slots[i].set(vectorView(session, slot));
  });
}

export function restoreSnapshot(session: Session, snapshot: Snapshot): void {
  parameterView(session).set(snapshot.parameters);
  session.plan.layout.slots.forEach((slot, i) => {
    vectorView(session, slot).set(snapshot.slots[i]);
  });
}

export interface SegmentOutcome extends SegmentResult {
  /** Loss before each step; NaN for a skipped batch. A copy. */
  readonly losses: Float64Array;
}

/**
 * Runs a segment on all workers of the plan. One at a time on a pool: each needs as many threads as the plan has workers.
 *
 * @param dataset the same for every segment of the session
 * @param segment number of the segment in this session, ascending
 * @param onProgress called about ten times a second with the number of finished steps
 * @throws ParagradError `worker_failed` naming the worker that threw, exited or was terminated
 */
export async function runSegment(
  session: Session<StepPlan>,
  dataset: Dataset,
  request: Omit<SegmentRequest, 'spins'>,
  signal: AbortSignal | undefined,
  onProgress?: (steps: number) => void,
): Promise<SegmentOutcome> {
  const { plan, pool, setup, views } = session;
  const line = barrierLine(plan.layout.barriers, request.segment);
  const spins = plan.workers <= availableParallelism() ? LONG_TURNS : 0;
  openBarrier(views.i32, line);
  const abort = (): void => abortBarrier(views.i32, line);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const counter = plan.layout.workers[0].counters / 4;
  const timer = onProgress && setInterval(() => onProgress(Atomics.load(views.i32, counter)), 100);
  let failure: ParagradError | null = null;
  const first = firstSetup(session);
  try {
    const tasks = Array.from({ length: plan.workers }, async (_, worker): Promise<SegmentResult | null> => {
      const task: SegmentTask = { run: setup.run, setup: first, dataset, worker, request: { ...request, spins } };
      try {
        const result = await pool.run<SegmentResult | null>('segment', task);
        return result ?? (await pool.run('segment', { ...task, setup }));
      } catch (error) {
        failure ??= error instanceof ParagradError ? error : workerFailure(`worker ${worker}`, error);
        abort();
        return null;
      }
    });
    const [result] = await Promise.all(tasks);
    if (failure !== null || result === null) throw failure;
    const from = plan.layout.losses / 8;
    return { ...result, losses: views.f64.slice(from, from + result.steps) };
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** What the tasks of a session first go out with: its setup once, and then nothing. */
function firstSetup(session: Session): RunSetup | null {
  if (begun.has(session)) return null;
  begun.add(session);
  return session.setup;
}

/** Seconds that each worker spent in each phase so far, added over the workers. */
export function phaseSeconds(session: Session<StepPlan>): Record<Phase, number> {
  const seconds: Record<Phase, number> = { gather: 0, forward: 0, backward: 0, reduce: 0, update: 0, wait: 0 };
  for (const worker of session.plan.layout.workers) {
    PHASES.forEach((phase, i) => {
      seconds[phase] += session.views.f64[worker.counters / 8 + 1 + i];
    });
  }
  return seconds;
}

/** Seconds of worker 0's fastest timed step of the last segment. */
export function fastestStep({ plan, views }: Session<StepPlan>): number {
  return views.f64[plan.layout.workers[0].counters / 8 + FASTEST_STEP];
}

export interface ForwardOptions {
  /** Also sum this loss; the dataset must hold targets (and weights, where `weighted`). */
  readonly loss?: SummedLoss;
}

export interface ForwardResult {
  /** [rows, O] row-major. Each row's bits depend on that row alone. */
  readonly logits: Float32Array;
  /** Per BLOCK_ROWS rows, from the first: the sum of weight * loss; zeros where no loss was asked for. */
  readonly lossSums: Float64Array;
}

/** Runs rows [rowStart, rowEnd) of a dataset through the network, on all workers. */
export async function forwardRows(
  session: Session,
  dataset: Dataset,
  rowStart: number,
  rowEnd: number,
  { loss }: ForwardOptions = {},
): Promise<ForwardResult> {
  const { plan, pool, setup } = session;
  const first = firstSetup(session);
  const outputs = plan.network.sizes[plan.network.sizes.length - 1];
  const rows = rowEnd - rowStart;
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const out = new SharedArrayBuffer(rows * outputs * 4);
  const sums = new SharedArrayBuffer(blocks * 8);
  const losses = loss ? { ...loss, sums } : null;
  const parts = Math.max(1, Math.min(plan.workers, Math.ceil(rows / FORWARD_ROWS)));
  const tasks = Array.from({ length: parts }, (_, worker): ForwardTask => {
    const owned = ownedRange(blocks, parts, worker);
    return { run: setup.run, setup: first, dataset, worker, rowStart, rowEnd, blocks: owned, out, losses };
  });
  const done = await pool.runAll<boolean>('forward', tasks);
  const again = tasks.filter((_, part) => !done[part]).map((task) => ({ ...task, setup }));
  if (again.length > 0) await pool.runAll('forward', again);
  return { logits: new Float32Array(out), lossSums: new Float64Array(sums) };
}
