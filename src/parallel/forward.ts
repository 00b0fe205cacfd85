/**
 * One worker's forward pass over the block of rows in its input buffer: layer by layer, outputs kept for the backward pass.
 */
import { EPILOGUE, type Kernels } from '../kernels/kernels.js';
import type { WorkerLayout } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Activation } from '../nn/activations/activation.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import type { Dropout } from './dropout.js';
import type { ForwardPlan } from './plan.js';

/** Rows rounded up to the kernels' multiple of 4; what is computed in the extra rows is never read. */
export function paddedRows(rows: number): number {
  return (rows + 3) & ~3;
}

/**
 * @param dropout of the hidden layers, while training; the plan then has room for what is left
 * @returns a function that computes every layer's output for `rows` rows of the input buffer
 */
export function createForward(
  plan: ForwardPlan,
  worker: number,
  views: Views,
  kernels: Kernels,
  dropout: Dropout | null = null,
): (rows: number) => void {
  const own = plan.layout.workers[worker];
  const hidden: Activation = ACTIVATIONS[plan.activation];
  const last = plan.network.layers.length - 1;
  const layers = plan.network.layers.map((layer, i) => {
    const activation: Activation = i === last ? ACTIVATIONS.identity : hidden;
    return {
      inputs: layer.inputs,
      outputs: layer.outputs,
      inputStride: layer.inputStride,
      outputStride: layer.outputStride,
      input: inputOf(own, i, dropout !== null),
      output: own.outputs[i],
      slope: own.slopes[i] ?? 0,
      weight: plan.layout.parameters + 4 * layer.weight.offset,
      bias: plan.layout.parameters + 4 * layer.bias.offset,
      epilogue: EPILOGUE.bias | activation.forwardEpilogue,
      apply: activation.forward,
      clearPadding: !activation.keepsZero && layer.outputStride > layer.outputs,
    };
  });

  return (rows) => {
    const m = paddedRows(rows);
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
          l.epilogue,
          own.workspace,
        );
      }
      if (l.apply !== null) l.apply(kernels, l.output, m * l.outputStride, l.slope);
      if (l.clearPadding) clearColumns(views.f32, l.output / 4, m, l.outputs, l.outputStride);
      if (dropout !== null && i < last) dropout.apply(i, l.output, own.dropped[i], m, l.outputStride);
    }
  };
}

/** Where layer `i` takes its input from. */
export function inputOf(own: WorkerLayout, i: number, dropped: boolean): number {
  if (i === 0) return own.input;
  return dropped ? own.dropped[i - 1] : own.outputs[i - 1];
}

/** Zeroes columns [from, stride) of [rows, stride] at an element index. */
function clearColumns(f32: Float32Array, start: number, rows: number, from: number, stride: number): void {
  for (let r = 0; r < rows; r++) f32.fill(0, start + r * stride + from, start + (r + 1) * stride);
}
