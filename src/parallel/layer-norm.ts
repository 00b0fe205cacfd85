/**
 * Layer norm of one hidden layer and one worker (Ba, Kiros, Hinton, "Layer normalization", 2016; PyTorch's LayerNorm): the product's
 * values of each row, less their mean and over their spread, times a learned scale and plus a learned shift of each unit. A row at a
 * time, so neither blocks nor shards show.
 */
import type { Kernels } from '../kernels/kernels.js';
import type { WorkerLayout } from '../memory/layout.js';
import type { DenseLayer, NormTensors } from '../nn/network.js';

export interface Norm {
  /** In place in the layer's output, between product and activation. */
  forward(rows: number): void;
  /** Takes a gradient through the norm, in place, and writes those of scale and shift. */
  backward(delta: number, rows: number, gradient: number, accumulate: boolean): void;
}

/**
 * @param i the layer's place in the network
 * @param parameters byte offset of the parameter vector
 */
export function createNorm(
  i: number,
  { outputs, outputStride }: DenseLayer,
  norm: NormTensors,
  own: WorkerLayout,
  kernels: Kernels,
  parameters: number,
): Norm {
  const output = own.outputs[i];
  // Only a plan with gradients has these; the kernel writes nothing to 0.
  const normalised = own.normalised[i] ?? 0;
  const inverseSpread = own.inverseSpreads[i] ?? 0;
  const [scaleAt, shiftAt] = [4 * norm.scale.offset, 4 * norm.shift.offset];
  const [scale, shift] = [parameters + scaleAt, parameters + shiftAt];
  return {
    forward(rows) {
      kernels.layerNormForward(rows, outputs, output, outputStride, scale, shift, normalised, inverseSpread);
    },
    backward(delta, rows, gradient, accumulate) {
      const add = accumulate ? 1 : 0;
      kernels.biasGradient(rows, outputStride, delta, outputStride, gradient + shiftAt, add);
      // The gradient of a factor of a unit: that of a blend, with the normalised value as what it multiplies.
      kernels.blendGradient(rows, outputStride, delta, normalised, gradient + scaleAt, add);
      kernels.layerNormBackward(rows, outputs, delta, outputStride, scale, normalised, inverseSpread);
    },
  };
}
