/**
 * One worker's gradient leaves: for a shard, the sum over its rows, in row order, of weight * d(loss)/d(parameter), and
 * the sum of weight * loss.
 *
 * A shard is worked through in blocks of at most BLOCK_ROWS rows: gather, forward, loss, backward. The block is also the
 * length of the kernels' multiply-add chain, so a longer shard's leaf is the sum of its blocks' gradients in order.
 */
import type { Gather } from '../data/batches.js';
import type { RowOrder } from '../data/order.js';
import { EPILOGUE, type Kernels } from '../kernels/kernels.js';
import type { Views } from '../memory/views.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import type { OpenLoss } from '../nn/losses/choice.js';
import type { LossArguments } from '../nn/losses/loss.js';
import { createDropout, type Dropout, type MaskKey } from './dropout.js';
import { createForward, inputOf, paddedRows } from './forward.js';
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
  const dropout = plan.dropout > 0 ? createDropout(plan.dropout, plan.network.layers.length - 1, kernels) : null;
  const forward = createForward(plan, worker, views, kernels, dropout);
  const backward = createBackward(plan, worker, kernels, dropout);
  const order = views.u32.subarray(own.order / 4, own.order / 4 + BLOCK_ROWS);
  const inputStride = plan.network.layers[0].inputStride;
  const outputLayer = plan.network.layers[plan.network.layers.length - 1];
  const block: LossArguments = {
    rows: 0,
    outputs: outputLayer.outputs,
    z: own.outputs[own.outputs.length - 1],
    ld: outputLayer.outputStride,
    y: own.targets,
    weights: plan.weighted ? own.weights : 0,
    d: own.deltas[0],
  };
  const weights = plan.weighted ? views.f32 : null;
  const times: LeafTimes = { gather: 0, forward: 0, backward: 0, add: 0 };

  function sumWeights(rows: number): number {
    if (weights === null) return rows;
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += weights[own.weights / 4 + r];
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
        const t1 = timed ? performance.now() : 0;
        dropout?.place(source.masks ?? NO_MASKS, start + done);
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

/** The backward pass over the block whose loss gradient is in the first delta buffer. */
function createBackward(
  plan: StepPlan,
  worker: number,
  kernels: Kernels,
  dropout: Dropout | null,
): (rows: number, gradient: number, accumulate: boolean) => void {
  const own = plan.layout.workers[worker];
  const activation: Activation = ACTIVATIONS[plan.activation];
  const last = plan.network.layers.length - 1;
  // The layer's output gradient alternates between the two delta buffers, from the output layer (buffer 0) downward.
  const layers = plan.network.layers.map((layer, i) => ({
    inputs: layer.inputs,
    outputs: layer.outputs,
    inputStride: layer.inputStride,
    outputStride: layer.outputStride,
    input: inputOf(own, i, dropout !== null),
    // What the derivative of the activation before this layer is taken from.
    kept: activation.derivativeFrom === 'slope' ? own.slopes[i - 1] : own.outputs[i - 1],
    delta: own.deltas[(last - i) % 2],
    inputDelta: own.deltas[(last - i + 1) % 2],
    weight: plan.layout.parameters + 4 * layer.weight.offset,
    weightGradient: 4 * layer.weight.offset,
    biasGradient: 4 * layer.bias.offset,
  }));
  const epilogue = activation.backwardEpilogue;
  const derive = activation.backward;

  return (rows, gradient, accumulate) => {
    const m = paddedRows(rows);
    const add = accumulate ? 1 : 0;
    for (let i = last; i >= 0; i--) {
      const l = layers[i];
      kernels.biasGradient(rows, l.outputStride, l.delta, l.outputStride, gradient + l.biasGradient, add);
      const weightGradient = gradient + l.weightGradient;
      if (l.outputStride === 1) {
        kernels.gemvWeightGradient(rows, l.inputStride, l.input, l.inputStride, l.delta, weightGradient, add);
        if (i > 0)
          kernels.gemvInputGradient(
            m,
            l.inputStride,
            l.delta,
            l.weight,
            l.inputDelta,
            l.inputStride,
            l.input,
            epilogue,
          );
      } else {
        kernels.gemmTN(
          paddedRows(l.inputs),
          l.outputStride,
          rows,
          l.input,
          l.inputStride,
          l.delta,
          l.outputStride,
          weightGradient,
          l.outputStride,
          accumulate ? EPILOGUE.accumulate : 0,
          own.workspace,
        );
        if (i > 0) {
          kernels.gemmNT(
            m,
            l.inputStride,
            l.outputs,
            l.delta,
            l.outputStride,
            l.weight,
            l.outputStride,
            l.inputDelta,
            l.inputStride,
            l.input,
            epilogue,
            own.workspace,
          );
        }
      }
      if (i > 0 && dropout !== null) dropout.apply(i - 1, l.inputDelta, l.inputDelta, m, l.inputStride);
      if (i > 0 && derive !== null) derive(kernels, l.inputDelta, l.kept, m * l.inputStride);
    }
  };
}
