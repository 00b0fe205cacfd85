/**
 * One worker's gradient leaves: for a shard, the sum over its rows, in row order, of weight * d(loss)/d(parameter), and
 * the sum of weight * loss.
 *
 * A shard is worked through in blocks of at most BLOCK_ROWS rows: gather, forward, loss, backward. The block is also the
 * length of the kernels' multiply-add chain, so a longer shard's leaf is the sum of its blocks' gradients in order.
 */
import type { Gather } from '../data/batches.js';
import type { RowOrder } from '../data/order.js';
import type { Kernels } from '../kernels/kernels.js';
import type { WorkerLayout } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { OpenLoss } from '../nn/losses/choice.js';
import type { LossArguments } from '../nn/losses/loss.js';
import { factorAt } from '../nn/schedules/rate.js';
import { createBackward } from './backward.js';
import { createDropout, type MaskKey } from './dropout.js';
import { createForward } from './forward.js';
import { BLOCK_ROWS, type StepPlan } from './plan.js';

/** Milliseconds of work so far, by phase; only timed leaves add to it. */
export interface LeafTimes {
  gather: number;
  forward: number;
  backward: number;
  /** Additions of complete subtrees. */
  add: number;
}

/** Where the rows of a batch come from. */
export interface RowSource {
  order: RowOrder;
  /** What the dropout of these rows depends on; absent where there is none. */
  masks?: MaskKey;
  /** Updates made before this batch, by which scheduled dropout goes; absent: 0. */
  updates?: number;
}

export interface LeafWorker {
  /**
   * Computes one leaf.
   *
   * @param gradient byte offset of the gradient vector to write
   * @param accumulate add to what the vector holds; only for a shard of one block
   * @param start position in the order of the shard's first row
   * @param rows rows of the shard, at least 1
   * @returns the sum of weight * loss; the sum of weights is in `weightSum` until the next call
   */
  compute(
    gradient: number,
    accumulate: boolean,
    source: RowSource,
    start: number,
    rows: number,
    timed: boolean,
  ): number;
  readonly weightSum: number;
  readonly times: LeafTimes;
}

/** Of rows that come from nowhere in particular. */
const NO_MASKS: MaskKey = { seed: 0, epoch: 0 };

export function createLeafWorker(
  plan: StepPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  gather: Gather,
  opened: OpenLoss,
): LeafWorker {
  const own = plan.layout.workers[worker];
  const loss = opened.bind(views.f32);
  const dropout = plan.dropout > 0 ? createDropout(plan.network.layers.length - 1, kernels) : null;
  const forward = createForward(plan, worker, views, kernels, plan.layout.parameters, dropout);
  const backward = createBackward(plan, worker, views, kernels, dropout);
  const order = views.u32.subarray(own.order / 4, own.order / 4 + BLOCK_ROWS);
  const inputStride = plan.network.layers[0].inputStride;
  const outputLayer = plan.network.layers[plan.network.layers.length - 1];
  const isWeighted = plan.weighted || plan.classWeights !== undefined;
  const weigh =
    plan.classWeights === undefined ? null : createClassWeights(plan.classWeights, plan.weighted, own, views.f32);
  const block: LossArguments = {
    rows: 0,
    outputs: outputLayer.outputs,
    z: own.outputs[own.outputs.length - 1],
    ld: outputLayer.outputStride,
    y: own.targets,
    weights: isWeighted ? own.weights : 0,
    d: own.deltas[0],
  };
  const weights = plan.weighted ? views.f32 : null;
  const times: LeafTimes = { gather: 0, forward: 0, backward: 0, add: 0 };

  function sumWeights(rows: number): number {
    if (!isWeighted) return rows;
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += views.f32[own.weights / 4 + r];
    return sum;
  }

  const self = {
    weightSum: 0,
    times,
    compute(
      gradient: number,
      accumulate: boolean,
      source: RowSource,
      start: number,
      rows: number,
      timed: boolean,
    ): number {
      const rate = plan.dropout * factorAt(plan.dropoutSchedule, plan.rate.steps, (source.updates ?? 0) + 1);
      let lossSum = 0;
      self.weightSum = 0;
      for (let done = 0; done < rows; done += BLOCK_ROWS) {
        const count = Math.min(BLOCK_ROWS, rows - done);
        const t0 = timed ? performance.now() : 0;
        source.order.fill(order, start + done, count);
        gather(
          order,
          count,
          views.f32,
          own.input / 4,
          inputStride,
          views.f32,
          own.targets / 4,
          weights,
          own.weights / 4,
        );
        weigh?.(count);
        const t1 = timed ? performance.now() : 0;
        dropout?.place(source.masks ?? NO_MASKS, start + done, rate);
        forward(count);
        block.rows = count;
        lossSum += loss.run(kernels, block, plan.lossConstants);
        self.weightSum += sumWeights(count);
        const t2 = timed ? performance.now() : 0;
        backward(count, gradient, accumulate || done > 0);
        if (timed) {
          times.gather += t1 - t0;
          times.forward += t2 - t1;
          times.backward += performance.now() - t2;
        }
      }
      return lossSum;
    },
  };
  return self;
}

/** Multiplies the weights of gathered rows, 1 where they have none, with those of their classes. */
function createClassWeights(
  classWeights: readonly number[],
  weighted: boolean,
  { weights, targets }: WorkerLayout,
  f32: Float32Array,
): (rows: number) => void {
  const ofClass = Float32Array.from(classWeights);
  return (rows) => {
    for (let r = 0; r < rows; r++) {
      const own = weighted ? f32[weights / 4 + r] : 1;
      f32[weights / 4 + r] = own * ofClass[f32[targets / 4 + r]];
    }
  };
}
