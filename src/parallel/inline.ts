/**
 * The step on this thread alone: each phase is run for every worker of the plan in turn, instead of by threads that meet at
 * barriers. The same code, the same bits. It serves the research door (train/lab.ts), the measurement behind
 * `--workers auto`, and tests of the tree over any number of workers.
 */
import { createGather } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { ChosenKernels } from '../kernels/load.js';
import { instantiateKernels } from '../kernels/load.js';
import { allocateMemory, createViews } from '../memory/views.js';
import { type OpenLoss, openBuiltIn } from '../nn/losses/choice.js';
import { rateAt } from '../nn/schedules/rate.js';
import { calibrate } from './calibrate.js';
import { createForward } from './forward.js';
import { BLOCK_ROWS, type StepPlan } from './plan.js';
import { type Batch, clipFactor, createStepWorker } from './step.js';

/** What a batch's rows say before the update. */
export interface InlineLoss {
  /** Mean or sum over the batch, as planned, without the penalty. NaN when the total weight is 0. */
  readonly data: number;
  readonly penalty: number;
  readonly totalWeight: number;
  /** Global norm of the gradient of data loss plus penalty. */
  readonly gradientNorm: number;
}

export interface InlineStep {
  /** [P], padding included: views of the memory. */
  readonly parameters: Float32Array;
  /** What would be scored and saved, [P]: a view of the running average, or of the parameters. */
  readonly scored: Float32Array;
  /**
   * Runs a batch up to its finished gradient (averaged, with the penalty, not clipped). Nothing is updated.
   * Undefined gradient when the total weight is 0.
   */
  differentiate(batch: Batch): InlineLoss;
  /** The gradient of the last batch, [P]: a view; what is written to it is what `update` uses. */
  gradient(): Float32Array;
  /**
   * Update t, counted from 1, from the gradient as it stands, clipped as planned.
   *
   * @param norm global norm of the gradient
   * @param learningRate in place of the plan's
   */
  update(t: number, norm: number, learningRate?: number): void;
  /** Logits of the first `rows` rows (at most BLOCK_ROWS) of worker 0's input buffer: a view [rows, outputStride]. */
  forward(rows: number): Float32Array;
  /** Worker 0's input buffer, [BLOCK_ROWS, inputStride]: a view. */
  readonly input: Float32Array;
  /** Gives the layers calibrated initial weights, from these rows of the dataset. */
  calibrate(slots: Uint32Array, seed: number): void;
  /** Each [P]: views. */
  readonly slots: readonly Float32Array[];
  /** What a layer put out for the rows that worker 0 ran last: a view [BLOCK_ROWS, outputStride]. */
  output(layer: number): Float32Array;
}

/** @param opened the plan's loss; needed where that is a user's module */
export function createInlineStep(
  plan: StepPlan,
  chosen: ChosenKernels,
  dataset: Dataset,
  opened: OpenLoss = openBuiltIn(plan.loss),
): InlineStep {
  const { layout, network } = plan;
  const memory = allocateMemory(layout);
  const views = createViews(memory);
  const kernels = instantiateKernels(chosen, memory);
  const workers = layout.workers.map((_, w) => createStepWorker(plan, w, views, kernels, dataset, () => false, opened));
  const runForward = createForward(plan, 0, views, kernels, layout.parameters);
  const floats = (offset: number, count: number): Float32Array => views.f32.subarray(offset / 4, offset / 4 + count);
  const own = layout.workers[0];
  const last = network.layers[network.layers.length - 1];
  let reduction = workers[0].reduction(plan.batchSize);

  return {
    parameters: floats(layout.parameters, network.parameters),
    scored: floats(plan.scored, network.parameters),
    input: floats(own.input, BLOCK_ROWS * network.layers[0].inputStride),
    slots: layout.slots.map((slot) => floats(slot, network.parameters)),
    output: (layer) => floats(own.outputs[layer], BLOCK_ROWS * network.layers[layer].outputStride),
    calibrate: (slots, seed) => calibrate(plan, views, kernels, createGather(dataset), slots, seed),
    differentiate(batch) {
      reduction = workers[0].reduction(batch.rows);
      for (const worker of workers) worker.leaves(batch, false);
      const losses = workers.map((worker) => worker.total(reduction));
      const { totalWeight } = workers[0];
      if (totalWeight === 0) return { data: Number.NaN, penalty: 0, totalWeight, gradientNorm: Number.NaN };
      for (const worker of workers) worker.slice.finalize(reduction, worker.divisor(), false);
      const [{ slice }] = workers;
      return { data: losses[0], penalty: slice.penalty(), totalWeight, gradientNorm: slice.gradientNorm() };
    },
    gradient() {
      const { worker, buffer } = reduction.root;
      return floats(layout.workers[worker].gradients[buffer], network.parameters);
    },
    update(t, norm, learningRate = rateAt(plan.rate, plan.hyper.learningRate, t)) {
      const clip = plan.clipNorm === null ? 1 : clipFactor(norm, plan.clipNorm);
      for (const { slice } of workers) {
        slice.begin(t, learningRate);
        slice.update(reduction, clip, false);
      }
    },
    forward(rows) {
      runForward(rows);
      return floats(own.outputs[own.outputs.length - 1], rows * last.outputStride);
    },
  };
}
