/**
 * One worker's forward pass over the block of rows in its input buffer: inputs that are made of others, then layer by layer,
 * outputs kept for the backward pass.
 */
import { EPILOGUE, type Kernels } from '../kernels/kernels.js';
import type { WorkerLayout } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import type { Network } from '../nn/network.js';
import { createDerivedInputs } from './derived-inputs.js';
import type { Dropout } from './dropout.js';
import { createNorm } from './layer-norm.js';
import type { ForwardPlan } from './plan.js';

/** Rows rounded up to the kernels' multiple of 4; what is computed in the extra rows is never read. */
export function paddedRows(rows: number): number {
  return (rows + 3) & ~3;
}

/** Computes the outputs of all layers for `rows` rows of the input buffer; or up to layer `until`, of which only the product. */
export type Forward = (rows: number, until?: number) => void;

/**
 * @param parameters byte offset of the parameter vector
 * @param dropout of the hidden layers, while training; the plan then has room for what is left
 */
export function createForward(
  plan: ForwardPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  parameters: number,
  dropout: Dropout | null = null,
): Forward {
  const { network, layout } = plan;
  const own = layout.workers[worker];
  const { scale } = network;
  const [first] = network.layers;
  const derived = network.derived && createDerivedInputs(plan, network.derived, worker, views, kernels, parameters);
  const last = network.layers.length - 1;
  const layers = network.layers.map((layer, i) => ({
    inputs: layer.inputs,
    outputs: layer.outputs,
    inputStride: layer.inputStride,
    outputStride: layer.outputStride,
    input: inputOf(network, own, i, dropout !== null),
    output: own.outputs[i],
    weight: i === 0 && scale !== null ? own.scaledWeight : parameters + 4 * layer.weight.offset,
    bias: parameters + 4 * layer.bias.offset,
    norm: layer.norm && createNorm(i, layer, layer.norm, own, kernels, parameters),
    skip: layer.skip,
    ...(i === last ? { epilogue: 0, activate: null } : createActivation(plan, i, own, views, kernels, parameters)),
  }));

  return (rows, until = layers.length) => {
    const m = paddedRows(rows);
    derived?.forward(rows, m);
    if (scale !== null) {
      const weight = parameters + 4 * first.weight.offset;
      kernels.scaleRows(first.inputStride, first.outputStride, weight, parameters + 4 * scale.offset, own.scaledWeight);
    }
    for (let i = 0; i < layers.length; i++) {
      const l = layers[i];
      if (l.outputStride === 1) {
        kernels.gemvForward(m, l.inputs, l.input, l.inputStride, l.weight, l.bias, l.output);
      } else {
        kernels.gemmNN(
          m,
          l.outputStride,
          l.inputs,
          l.input,
          l.inputStride,
          l.weight,
          l.outputStride,
          l.output,
          l.outputStride,
          l.bias,
          i === until ? EPILOGUE.bias : EPILOGUE.bias | l.epilogue,
          own.workspace,
        );
      }
      if (i === until) return;
      if (l.norm !== null) l.norm.forward(rows);
      if (l.activate !== null) l.activate(m);
      if (dropout !== null && i < last) dropout.apply(i, l.output, own.passed[i], m, l.outputStride);
      if (l.skip) {
        const count = m * l.outputStride;
        if (dropout === null) views.f32.copyWithin(own.passed[i] / 4, l.output / 4, l.output / 4 + count);
        kernels.add(own.passed[i], l.input, count);
      }
    }
  };
}

/** The activation of hidden layer `i`: what the product's epilogue does of it, and what is left to do for so many rows. */
function createActivation(
  { network }: ForwardPlan,
  i: number,
  own: WorkerLayout,
  { f32 }: Views,
  kernels: Kernels,
  parameters: number,
): { readonly epilogue: number; readonly activate: ((rows: number) => void) | null } {
  const activation: Activation = ACTIVATIONS[network.activation];
  const { outputs, outputStride: stride, norm, blend } = network.layers[i];
  const h = own.outputs[i];
  const slope = own.slopes[i] ?? 0;
  const clearsPadding = !activation.keepsZero && stride > outputs;
  const { forward, backward } = activation;
  if (blend === null) {
    const epilogue = norm === null ? activation.forwardEpilogue : 0;
    if (epilogue !== 0 || forward === null) return { epilogue, activate: null };
    return {
      epilogue,
      activate(rows) {
        forward(kernels, h, rows * stride, slope);
        if (clearsPadding) clearColumns(f32, h / 4, rows, outputs, stride);
      },
    };
  }
  const before = own.bends[i];
  const share = parameters + 4 * blend.offset;
  const fromOutput = activation.derivativeFrom === 'output' && slope !== 0;
  return {
    epilogue: 0,
    activate(rows) {
      const count = rows * stride;
      f32.copyWithin(before / 4, h / 4, h / 4 + count);
      if (forward !== null) forward(kernels, h, count, slope);
      if (fromOutput) {
        f32.fill(1, slope / 4, slope / 4 + count);
        if (backward !== null) backward(kernels, slope, h, count);
      }
      // Padding columns blend with a share of 0, and so stay 0.
      kernels.blendForward(h, before, slope, share, rows, stride);
    },
  };
}

/** Where layer `i` takes its input from. */
export function inputOf({ layers }: Network, own: WorkerLayout, i: number, dropped: boolean): number {
  if (i === 0) return own.input;
  return dropped || layers[i - 1].skip ? own.passed[i - 1] : own.outputs[i - 1];
}

/** Zeroes columns [from, stride) of [rows, stride] at an element index. */
function clearColumns(f32: Float32Array, start: number, rows: number, from: number, stride: number): void {
  for (let r = 0; r < rows; r++) f32.fill(0, start + r * stride + from, start + (r + 1) * stride);
}
