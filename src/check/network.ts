/**
 * A dense network in float64: forward and backward, written from the chain rule and not from the kernels, so that it can
 * judge them. For a few hundred rows; nothing trains with it.
 *
 * Dimension letters: R rows, I inputs and O outputs of a layer, P parameters. Parameters are one flat vector without padding,
 * W0 [I, O] row-major, b0 [O], W1 …
 */
import { ACTIVATION_REFERENCES, type ActivationReference } from '../kernels/references-by-name.js';
import type { ActivationName } from '../nn/activations/index.js';

const REFERENCES: Readonly<Record<ActivationName, ActivationReference>> = ACTIVATION_REFERENCES;

export interface CheckNetwork {
  /** Inputs, hidden widths, outputs. */
  readonly sizes: readonly number[];
  readonly activation: ActivationName;
}

/** One tensor of the flat vector. */
export interface CheckTensor {
  /** W0, b0, W1 … */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly isWeight: boolean;
}

/** What a forward pass leaves for the backward pass. */
export interface Trace {
  /** Per layer, [R, O]: before the activation. The last are the logits. */
  readonly pre: readonly Float64Array[];
  /** Per layer, [R, I]: what goes in. */
  readonly inputs: readonly Float64Array[];
}

export function tensorsOf(sizes: readonly number[]): CheckTensor[] {
  let offset = 0;
  return sizes.slice(1).flatMap((outputs, i) => {
    const weight = { name: `W${i}`, offset, length: sizes[i] * outputs, isWeight: true };
    const bias = { name: `b${i}`, offset: offset + weight.length, length: outputs, isWeight: false };
    offset = bias.offset + bias.length;
    return [weight, bias];
  });
}

/** P */
export function parameterCount(sizes: readonly number[]): number {
  return sizes.slice(1).reduce((sum, outputs, i) => sum + (sizes[i] + 1) * outputs, 0);
}

/** @param x [R, sizes[0]] row-major */
export function forward(network: CheckNetwork, parameters: Float64Array, x: Float64Array, rows: number): Trace {
  const { sizes, activation } = network;
  const { value } = REFERENCES[activation];
  const pre: Float64Array[] = [];
  const inputs: Float64Array[] = [x];
  let offset = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const [width, outputs] = [sizes[layer], sizes[layer + 1]];
    const bias = offset + width * outputs;
    const z = new Float64Array(rows * outputs);
    for (let r = 0; r < rows; r++) {
      const to = r * outputs;
      for (let o = 0; o < outputs; o++) z[to + o] = parameters[bias + o];
      for (let i = 0; i < width; i++) {
        const a = inputs[layer][r * width + i];
        if (a === 0) continue;
        const from = offset + i * outputs;
        for (let o = 0; o < outputs; o++) z[to + o] += a * parameters[from + o];
      }
    }
    pre.push(z);
    if (layer + 2 < sizes.length) inputs.push(z.map(value));
    offset = bias + outputs;
  }
  return { pre, inputs };
}

/** The logits of a trace, [R, O]. */
export function logitsOf(trace: Trace): Float64Array {
  return trace.pre[trace.pre.length - 1];
}

/**
 * Gradient by every parameter, [P].
 *
 * @param byLogits d(loss)/d(logits), [R, O]
 */
export function backward(
  network: CheckNetwork,
  parameters: Float64Array,
  { pre, inputs }: Trace,
  rows: number,
  byLogits: Float64Array,
): Float64Array {
  const { sizes, activation } = network;
  const { derivative } = REFERENCES[activation];
  const tensors = tensorsOf(sizes);
  const gradient = new Float64Array(parameterCount(sizes));
  let delta = byLogits;
  for (let layer = sizes.length - 2; layer >= 0; layer--) {
    const [width, outputs] = [sizes[layer], sizes[layer + 1]];
    const weight = tensors[2 * layer].offset;
    const bias = tensors[2 * layer + 1].offset;
    const below = new Float64Array(layer === 0 ? 0 : rows * width);
    for (let r = 0; r < rows; r++) {
      const from = r * outputs;
      for (let o = 0; o < outputs; o++) gradient[bias + o] += delta[from + o];
      for (let i = 0; i < width; i++) {
        const a = inputs[layer][r * width + i];
        const at = weight + i * outputs;
        let sum = 0;
        for (let o = 0; o < outputs; o++) {
          gradient[at + o] += a * delta[from + o];
          sum += parameters[at + o] * delta[from + o];
        }
        if (layer > 0) below[r * width + i] = sum * derivative(pre[layer - 1][r * width + i]);
      }
    }
    delta = below;
  }
  return gradient;
}

/** Whether some hidden unit of a kinked activation lies on another side of its kink in one trace than in the other, on any row. */
export function crossesKink({ activation }: CheckNetwork, a: Trace, b: Trace): boolean {
  if (!REFERENCES[activation].kinked) return false;
  for (let layer = 0; layer + 1 < a.pre.length; layer++) {
    const [first, second] = [a.pre[layer], b.pre[layer]];
    for (let i = 0; i < first.length; i++) if (first[i] > 0 !== second[i] > 0) return true;
  }
  return false;
}
