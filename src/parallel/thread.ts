/**
 * What a worker thread does when asked: run its part of a segment, or a range of rows forward. A thread keeps what it built
 * for the run it worked for last (views, kernel instance, compiled plans), since the next task is of the same run.
 */
import { createGather } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Kernels } from '../kernels/kernels.js';
import { instantiateKernels, type KernelSource } from '../kernels/load.js';
import { createViews, type Views } from '../memory/views.js';
import { type LossChoice, openLoss } from '../nn/losses/choice.js';
import type { LossArguments, LossConstants } from '../nn/losses/loss.js';
import { createForward } from './forward.js';
import { BLOCK_ROWS, type ForwardPlan, type StepPlan } from './plan.js';
import { createSegmentWorker, type SegmentRequest, type SegmentResult, type SegmentWorker } from './segment.js';

/** What all tasks of a run share. Memory and module are shared; the plan is copied, which takes as long as a small step or several. */
export interface RunSetup {
  /** Unique within the process. */
  readonly run: number;
  readonly memory: WebAssembly.Memory;
  readonly kernels: KernelSource;
  /** Of segments a StepPlan. */
  readonly plan: ForwardPlan;
}

/** A task of a run. */
export interface RunTask {
  readonly run: number;
  /** Null: the thread has it, unless the task before was of another run. Then the task says so, for the coordinator to ask again. */
  readonly setup: RunSetup | null;
  readonly dataset: Dataset;
}

export interface SegmentTask extends RunTask {
  readonly worker: number;
  readonly request: SegmentRequest;
}

/** A loss that a forward pass sums. */
export interface SummedLoss {
  readonly name: LossChoice;
  readonly constants: LossConstants;
  readonly weighted: boolean;
}

export interface ForwardTask extends RunTask {
  readonly worker: number;
  /** Rows of the dataset that all workers together run: [rowStart, rowEnd), cut into blocks of BLOCK_ROWS from rowStart. */
  readonly rowStart: number;
  readonly rowEnd: number;
  /** This worker's blocks. */
  readonly blocks: { readonly start: number; readonly end: number };
  /** Receives the logits of all rows, [rows, O] without padding. */
  readonly out: SharedArrayBuffer;
  /** Receives, per block, the sum of weight * loss; needs a dataset with targets. Null: no loss is wanted. */
  readonly losses: (SummedLoss & { readonly sums: SharedArrayBuffer }) | null;
}

interface Cached {
  readonly run: number;
  readonly views: Views;
  readonly kernels: Kernels;
  readonly plan: ForwardPlan;
  readonly segments: Map<number, SegmentWorker>;
}

let cached: Cached | null = null;

/** What this thread has of the task's run; null: nothing. */
function open({ run, setup }: RunTask): Cached | null {
  if (setup !== null && cached?.run !== run) {
    cached = {
      run,
      plan: setup.plan,
      views: createViews(setup.memory),
      kernels: instantiateKernels(setup.kernels, setup.memory),
      segments: new Map(),
    };
  }
  return cached?.run === run ? cached : null;
}

/** Null: the thread lacks the setup. */
export async function runSegmentTask(task: SegmentTask): Promise<SegmentResult | null> {
  const opened = open(task);
  if (opened === null) return null;
  const { views, kernels, segments } = opened;
  const { worker, dataset, request } = task;
  let segment = segments.get(worker);
  if (segment === undefined) {
    const plan = opened.plan as StepPlan;
    segment = createSegmentWorker(plan, worker, views, kernels, dataset, await openLoss(plan.loss));
    segments.set(worker, segment);
  }
  return segment.run(request);
}

/** Whether it was done; if not, the thread lacks the setup. */
export async function runForwardTask(task: ForwardTask): Promise<boolean> {
  const known = open(task);
  if (known === null) return false;
  const { views, kernels, plan } = known;
  const { rowStart, rowEnd, losses } = task;
  const opened = losses && (await openLoss(losses.name));
  const own = plan.layout.workers[task.worker];
  const forward = createForward(plan, task.worker, views, kernels, plan.scored);
  const gather = createGather(task.dataset, kernels);
  const loss = opened?.bind(views.f32);
  const sums = losses && new Float64Array(losses.sums);
  const weights = losses?.weighted ? views.f32 : null;
  const last = plan.network.layers[plan.network.layers.length - 1];
  const logits = own.outputs[own.outputs.length - 1];
  const block: LossArguments = {
    rows: 0,
    outputs: last.outputs,
    z: logits,
    ld: last.outputStride,
    y: own.targets,
    weights: weights === null ? 0 : own.weights,
    d: own.deltas[0],
  };
  const out = new Float32Array(task.out);
  const order = views.u32.subarray(own.order / 4, own.order / 4 + BLOCK_ROWS);
  const stride = plan.network.layers[0].inputStride;
  for (let b = task.blocks.start; b < task.blocks.end; b++) {
    const row = rowStart + b * BLOCK_ROWS;
    block.rows = Math.min(BLOCK_ROWS, rowEnd - row);
    for (let i = 0; i < block.rows; i++) order[i] = row + i;
    gather(order, block.rows, views.f32, own.input / 4, stride, views.f32, own.targets / 4, weights, own.weights / 4);
    forward(block.rows);
    if (loss && losses && sums) sums[b] = loss.run(kernels, block, losses.constants);
    for (let i = 0; i < block.rows; i++) {
      const from = logits / 4 + i * last.outputStride;
      out.set(views.f32.subarray(from, from + last.outputs), (row + i - rowStart) * last.outputs);
    }
  }
  return true;
}
