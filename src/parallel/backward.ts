/**
 * One worker's backward pass over the block of rows whose loss gradient is in its first delta buffer: layer by layer downward, to the
 * gradient of every parameter. The input's own gradient is computed only as far as learned pieces made the input.
 */
import { EPILOGUE, type Kernels } from '../kernels/kernels.js';
import type { Views } from '../memory/views.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import { createDerivedInputs } from './derived-inputs.js';
import type { Dropout } from './dropout.js';
import { inputOf, paddedRows } from './forward.js';
import { createNorm } from './layer-norm.js';
import type { StepPlan } from './plan.js';

/**
 * @param gradient byte offset of the gradient vector to write
 * @param accumulate add to what it holds
 */
export type Backward = (rows: number, gradient: number, accumulate: boolean) => void;

export function createBackward(
  plan: StepPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  dropout: Dropout | null,
): Backward {
  const { network, layout } = plan;
  const own = layout.workers[worker];
  const { parameters } = layout;
  const { scale } = network;
  const derived = network.derived && createDerivedInputs(plan, network.derived, worker, views, kernels, parameters);
  const deactivate = createDeactivate(plan, worker, kernels);
  const last = network.layers.length - 1;
  // The layer's output gradient alternates between the two delta buffers, from the output layer (buffer 0) downward.
  const layers = network.layers.map((layer, i) => ({
    inputs: layer.inputs,
    outputs: layer.outputs,
    inputStride: layer.inputStride,
    outputStride: layer.outputStride,
    input: inputOf(network, own, i, dropout !== null),
    delta: own.deltas[(last - i) % 2],
    weight: i === 0 && scale !== null ? own.scaledWeight : parameters + 4 * layer.weight.offset,
    weightGradient: 4 * layer.weight.offset,
    biasGradient: 4 * layer.bias.offset,
    norm: layer.norm && createNorm(i, layer, layer.norm, own, kernels, parameters),
    skip: layer.skip,
  }));
  type Layer = (typeof layers)[number];

  function weightGradient(l: Layer, rows: number, to: number, accumulate: boolean): void {
    const { inputStride, outputStride } = l;
    if (outputStride === 1) {
      kernels.gemvWeightGradient(rows, inputStride, l.input, inputStride, l.delta, to, accumulate ? 1 : 0);
      return;
    }
    kernels.gemmTN(
      paddedRows(l.inputs),
      outputStride,
      rows,
      l.input,
      inputStride,
      l.delta,
      outputStride,
      to,
      outputStride,
      accumulate ? EPILOGUE.accumulate : 0,
      own.workspace,
    );
  }

  /** Of `columns` inputs from the first one on, to [m, columns]. */
  function inputGradient(l: Layer, m: number, first: number, columns: number, to: number, epilogue: number): void {
    const weight = l.weight + 4 * first * l.outputStride;
    if (l.outputStride === 1) {
      kernels.gemvInputGradient(m, columns, l.delta, weight, to, columns, l.input, epilogue);
      return;
    }
    kernels.gemmNT(
      m,
      columns,
      l.outputs,
      l.delta,
      l.outputStride,
      weight,
      l.outputStride,
      to,
      columns,
      l.input,
      epilogue,
      own.workspace,
    );
  }

  /** The first layer's weights and, where there are any, the pieces before them. */
  function firstLayer(l: Layer, rows: number, gradient: number, accumulate: boolean): void {
    if (scale === null) {
      weightGradient(l, rows, gradient + l.weightGradient, accumulate);
    } else {
      weightGradient(l, rows, own.scaledGradient, false);
      kernels.scaleRowsGradient(
        l.inputStride,
        l.outputStride,
        own.scaledGradient,
        parameters + l.weightGradient,
        parameters + 4 * scale.offset,
        gradient + l.weightGradient,
        gradient + 4 * scale.offset,
        accumulate ? 1 : 0,
      );
    }
    if (derived === null || network.derived === null) return;
    inputGradient(l, paddedRows(rows), network.derived.start, network.derived.stride, own.derivedDelta, 0);
    derived.backward(rows, gradient, accumulate);
  }

  return (rows, gradient, accumulate) => {
    const m = paddedRows(rows);
    for (let i = last; i >= 0; i--) {
      const l = layers[i];
      kernels.biasGradient(
        rows,
        l.outputStride,
        l.delta,
        l.outputStride,
        gradient + l.biasGradient,
        accumulate ? 1 : 0,
      );
      if (i === 0) {
        firstLayer(l, rows, gradient, accumulate);
        return;
      }
      const below = layers[i - 1];
      weightGradient(l, rows, gradient + l.weightGradient, accumulate);
      inputGradient(l, m, 0, l.inputStride, below.delta, deactivate.epilogues[i - 1]);
      const count = m * l.inputStride;
      if (l.skip) kernels.add(below.delta, own.skipDelta, count);
      if (below.skip) views.f32.copyWithin(own.skipDelta / 4, below.delta / 4, below.delta / 4 + count);
      if (dropout !== null) dropout.apply(i - 1, below.delta, below.delta, m, l.inputStride);
      deactivate.run(i - 1, below.delta, rows, gradient, accumulate);
      if (below.norm !== null) below.norm.backward(below.delta, rows, gradient, accumulate);
    }
  };
}

interface Deactivate {
  /** Of each hidden layer: what the product that makes its gradient does of it. */
  readonly epilogues: readonly number[];
  /** Takes the gradient of hidden layer `i` through its activation, in place, and adds up that of its blend. */
  run(i: number, delta: number, rows: number, gradient: number, accumulate: boolean): void;
}

function createDeactivate({ network, layout }: StepPlan, worker: number, kernels: Kernels): Deactivate {
  const own = layout.workers[worker];
  const { derivativeFrom, backwardEpilogue, backward }: Activation = ACTIVATIONS[network.activation];
  const hidden = network.layers.slice(0, -1).map(({ outputStride, blend }, i) => ({
    stride: outputStride,
    // What the derivative is taken from.
    kept: derivativeFrom === 'slope' ? own.slopes[i] : own.outputs[i],
    slope: own.slopes[i],
    bend: own.bends[i],
    blendGradient: blend === null ? 0 : 4 * blend.offset,
  }));
  if (network.blend) {
    return {
      epilogues: hidden.map(() => 0),
      run(i, delta, rows, gradient, accumulate) {
        const { stride, slope, bend, blendGradient } = hidden[i];
        kernels.blendGradient(rows, stride, delta, bend, gradient + blendGradient, accumulate ? 1 : 0);
        kernels.multiply(delta, slope, paddedRows(rows) * stride);
      },
    };
  }
  // A gradient that also goes around a layer is whole only after the product, and the product's input is not the activation's output.
  const epilogues = hidden.map((_, i) => (network.layers[i].skip || network.layers[i + 1].skip ? 0 : backwardEpilogue));
  return {
    epilogues,
    run(i, delta, rows) {
      const { stride, kept } = hidden[i];
      if (epilogues[i] === 0 && backward !== null) backward(kernels, delta, kept, paddedRows(rows) * stride);
    },
  };
}
