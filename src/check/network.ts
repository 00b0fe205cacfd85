/**
 * A network in float64: forward and backward, written from the chain rule and not from the kernels, so that it can judge them. For a
 * few hundred rows; nothing trains with it.
 *
 * Dimension letters: R rows, I inputs and O outputs of a layer, P parameters. Parameters are one flat vector without padding, in the
 * order of the network's tensors (tensors.ts). What comes before the first layer is in input-layer.ts.
 */
import { layerNormBackward, layerNormForward } from '../kernels/reference-learned.js';
import { ACTIVATION_REFERENCES, type ActivationReference } from '../kernels/references-by-name.js';
import type { ActivationName } from '../nn/activations/index.js';
import type { NetworkSpec } from '../nn/network.js';
import { addInputGradient, deriveInputs, firstWidth, scaleInputs } from './input-layer.js';
import { parameterCount, tensorsOf } from './tensors.js';

const REFERENCES: Readonly<Record<ActivationName, ActivationReference>> = ACTIVATION_REFERENCES;

/** What a forward pass leaves for the backward pass. */
export interface Trace {
  /** [R, row width]: as given. */
  readonly x: Float64Array;
  /** [R, I] of the first layer, before the learned scale. */
  readonly derived: Float64Array;
  /** Per layer, [R, O]: x W + b. */
  readonly products: readonly Float64Array[];
  /** Per layer, [R, O]: before the activation; the products, or what a norm makes of them. The last are the logits. */
  readonly pre: readonly Float64Array[];
  /** Per layer, [R, I]: what goes in. */
  readonly inputs: readonly Float64Array[];
}

interface Layer {
  readonly width: number;
  readonly outputs: number;
  readonly weight: number;
  readonly bias: number;
  /** -1 where the activation is taken as a whole. */
  readonly blend: number;
  /** Scale and shift of its norm, -1 where it has none. */
  readonly norm: readonly [number, number];
  /** Whether it adds its input to its output. */
  readonly skip: boolean;
}

function layersOf(network: NetworkSpec): Layer[] {
  const { sizes } = network;
  const tensors = tensorsOf(network);
  const at = (name: string): number => tensors.find((tensor) => tensor.name === name)?.offset ?? -1;
  return sizes.slice(1).map((outputs, i) => ({
    width: i === 0 ? firstWidth(network) : sizes[i],
    outputs,
    weight: at(`W${i}`),
    bias: at(`b${i}`),
    blend: at(`a${i}`),
    norm: [at(`normScale${i}`), at(`normShift${i}`)],
    skip: network.residual && i > 0 && i < sizes.length - 2 && sizes[i] === outputs,
  }));
}

/** @param x [R, sizes[0] and a code for each embedded category] row-major */
export function forward(network: NetworkSpec, parameters: Float64Array, x: Float64Array, rows: number): Trace {
  const { value } = REFERENCES[network.activation];
  const tensors = tensorsOf(network);
  const derived = deriveInputs(network, tensors, parameters, x, rows);
  const products: Float64Array[] = [];
  const pre: Float64Array[] = [];
  const inputs: Float64Array[] = [scaleInputs(network, tensors, parameters, derived)];
  const layers = layersOf(network);
  layers.forEach(({ width, outputs, weight, bias, blend, norm, skip }, layer) => {
    const z = new Float64Array(rows * outputs);
    for (let r = 0; r < rows; r++) {
      const to = r * outputs;
      for (let o = 0; o < outputs; o++) z[to + o] = parameters[bias + o];
      for (let i = 0; i < width; i++) {
        const a = inputs[layer][r * width + i];
        if (a === 0) continue;
        const from = weight + i * outputs;
        for (let o = 0; o < outputs; o++) z[to + o] += a * parameters[from + o];
      }
    }
    products.push(z);
    const [scale, shift] = norm.map((at) => parameters.subarray(at, at + outputs));
    const normed = norm[0] < 0 ? z : layerNormForward(outputs, z, scale, shift).y;
    pre.push(normed);
    if (layer + 1 === layers.length) return;
    inputs.push(
      normed.map((h, i) => {
        const output = blend < 0 ? value(h) : h + parameters[blend + (i % outputs)] * (value(h) - h);
        return skip ? output + inputs[layer][i] : output;
      }),
    );
  });
  return { x, derived, products, pre, inputs };
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
  network: NetworkSpec,
  parameters: Float64Array,
  { x, derived, products, pre, inputs }: Trace,
  rows: number,
  byLogits: Float64Array,
): Float64Array {
  const { value, derivative } = REFERENCES[network.activation];
  const layers = layersOf(network);
  const gradient = new Float64Array(parameterCount(network));
  let delta = byLogits;
  let around: Float64Array | null = null;
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const { width, outputs, weight, bias } = layers[layer];
    const below = new Float64Array(rows * width);
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
        below[r * width + i] = sum + (around?.[r * width + i] ?? 0);
      }
    }
    delta = below;
    if (layer === 0) break;
    const { blend, norm, skip } = layers[layer - 1];
    around = skip ? below : null;
    delta = below.map((d, i) => {
      const h = pre[layer - 1][i];
      if (blend < 0) return d * derivative(h);
      const share = blend + (i % width);
      gradient[share] += d * (value(h) - h);
      return d * (1 + parameters[share] * (derivative(h) - 1));
    });
    const [scale, shift] = norm;
    if (scale < 0) continue;
    const by = layerNormBackward(width, delta, products[layer - 1], parameters.subarray(scale, scale + width));
    gradient.set(by.byScale, scale);
    gradient.set(by.byShift, shift);
    delta = by.byInput;
  }
  addInputGradient(network, tensorsOf(network), parameters, x, derived, delta, gradient);
  return gradient;
}

/** Whether some hidden unit of a kinked activation lies on another side of its kink in one trace than in the other, on any row. */
export function crossesKink({ activation }: NetworkSpec, a: Trace, b: Trace): boolean {
  if (!REFERENCES[activation].kinked) return false;
  for (let layer = 0; layer + 1 < a.pre.length; layer++) {
    const [first, second] = [a.pre[layer], b.pre[layer]];
    for (let i = 0; i < first.length; i++) if (first[i] > 0 !== second[i] > 0) return true;
  }
  return false;
}
