/**
 * What a worker thread does when asked: run its part of a segment, or a range of rows forward. A thread keeps what it built
 * for the run it worked for last (views, kernel instance, compiled plans), since the next task is of the same run.
 */
import { createGather, type Gather } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { KernelName, Kernels } from '../kernels/kernels.js';
import { instantiateKernels } from '../kernels/load.js';
import { createViews, type Views } from '../memory/views.js';
import { createForward } from './forward.js';
import { BLOCK_ROWS, type ForwardPlan, type StepPlan } from './plan.js';
import { createSegmentWorker, type SegmentRequest, type SegmentResult, type SegmentWorker } from './segment.js';

/** What all tasks of a run share. Posting it costs little: memory, module and dataset are shared, not copied. */
export interface RunSetup {
  /** Unique within the process. */
  readonly run: number;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly kernels: KernelName;
}

export interface SegmentTask {
  readonly setup: RunSetup;
  readonly plan: StepPlan;
  readonly dataset: Dataset;
  readonly worker: number;
  readonly request: SegmentRequest;
}

export interface ForwardTask {
  readonly setup: RunSetup;
  readonly plan: ForwardPlan;
  readonly dataset: Dataset;
  readonly worker: number;
  /** Rows of the dataset to run: [rowStart, rowEnd). */
  readonly rowStart: number;
  readonly rowEnd: number;
  /** First row of the dataset that `out` holds. */
  readonly outStart: number;
  /** Receives the logits, [rows, O] without padding. */
  readonly out: SharedArrayBuffer;
}

interface Cached {
  readonly run: number;
  readonly views: Views;
  readonly kernels: Kernels;
  readonly segments: Map<number, SegmentWorker>;
}

let cached: Cached | null = null;

function open(setup: RunSetup): Cached {
  if (cached?.run !== setup.run) {
    cached = {
      run: setup.run,
      views: createViews(setup.memory),
      kernels: instantiateKernels(setup.module, setup.kernels, setup.memory),
      segments: new Map(),
    };
  }
  return cached;
}

export function runSegmentTask(task: SegmentTask): SegmentResult {
  const { views, kernels, segments } = open(task.setup);
  let segment = segments.get(task.worker);
  if (segment === undefined) {
    segment = createSegmentWorker(task.plan, task.worker, views, kernels, task.dataset);
    segments.set(task.worker, segment);
  }
  return segment.run(task.request);
}

export function runForwardTask(task: ForwardTask): void {
  const { views, kernels } = open(task.setup);
  const forward = createForward(task.plan, task.worker, views, kernels);
  const gather = createGather(task.dataset);
  forwardRows(task, forward, gather, views);
}

function forwardRows(task: ForwardTask, forward: (rows: number) => void, gather: Gather, views: Views): void {
  const { plan, rowEnd } = task;
  const own = plan.layout.workers[task.worker];
  const last = plan.network.layers[plan.network.layers.length - 1];
  const logits = own.outputs[own.outputs.length - 1] / 4;
  const out = new Float32Array(task.out);
  const order = views.u32.subarray(own.order / 4, own.order / 4 + BLOCK_ROWS);
  const stride = plan.network.layers[0].inputStride;
  for (let row = task.rowStart; row < rowEnd; row += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rowEnd - row);
    for (let i = 0; i < count; i++) order[i] = row + i;
    gather(order, count, views.f32, own.input / 4, stride, views.f32, own.targets / 4, null, 0);
    forward(count);
    for (let i = 0; i < count; i++) {
      const from = logits + i * last.outputStride;
      out.set(views.f32.subarray(from, from + last.outputs), (row + i - task.outStart) * last.outputs);
    }
  }
}
