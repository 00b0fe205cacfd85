/**
 * What goes into the first layer of a network, and its gradient, in float64 from the formulas of nn/network.ts: periodic functions of
 * numbers, learned values of categories, learned scale.
 *
 * R rows; a row x holds sizes[0] inputs, then a code for each embedded category (-1: missing).
 */
import { EMBEDDING_WIDTH, type NetworkSpec, PERIODIC_FREQUENCIES, PERIODIC_WIDTH, rowWidth } from '../nn/network.js';
import type { CheckTensor } from './tensors.js';

/** Inputs of the first layer. */
export function firstWidth({ sizes, periodic, embeddings }: NetworkSpec): number {
  return sizes[0] + PERIODIC_WIDTH * periodic + EMBEDDING_WIDTH * embeddings.length;
}

/** Where the tensors of these pieces start in the parameters. */
function placesOf(tensors: readonly CheckTensor[]) {
  const at = (name: string): number => tensors.find((tensor) => tensor.name === name)?.offset ?? -1;
  return {
    scale: at('s'),
    frequency: at('periodicW1'),
    phase: at('periodicB1'),
    weight: at('periodicW2'),
    bias: at('periodicB2'),
    embedding: (e: number) => at(`embedding${e}`),
  };
}

/** [R, firstWidth] before the scale. */
export function deriveInputs(
  network: NetworkSpec,
  tensors: readonly CheckTensor[],
  parameters: Float64Array,
  x: Float64Array,
  rows: number,
): Float64Array {
  const { sizes, periodic, embeddings } = network;
  const places = placesOf(tensors);
  const [given, width] = [rowWidth(network), firstWidth(network)];
  const out = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * given, (r + 1) * given);
    let to = r * width;
    for (let i = 0; i < sizes[0]; i++) out[to++] = row[i];
    for (let n = 0; n < periodic; n++) {
      for (let o = 0; o < PERIODIC_WIDTH; o++) {
        let sum = parameters[places.bias + n * PERIODIC_WIDTH + o];
        for (let k = 0; k < PERIODIC_FREQUENCIES; k++) {
          const at = n * PERIODIC_FREQUENCIES + k;
          const angle = 2 * Math.PI * parameters[places.frequency + at] * row[n] + parameters[places.phase + at];
          sum += parameters[places.weight + at * PERIODIC_WIDTH + o] * Math.cos(angle);
        }
        out[to++] = sum;
      }
    }
    embeddings.forEach((_, e) => {
      const code = row[sizes[0] + e];
      for (let j = 0; j < EMBEDDING_WIDTH; j++) {
        out[to++] = code < 0 ? 0 : parameters[places.embedding(e) + code * EMBEDDING_WIDTH + j];
      }
    });
  }
  return out;
}

/** The inputs as the first layer takes them: times the learned scale. */
export function scaleInputs(
  network: NetworkSpec,
  tensors: readonly CheckTensor[],
  parameters: Float64Array,
  derived: Float64Array,
): Float64Array {
  if (!network.inputScale) return derived;
  const { scale } = placesOf(tensors);
  const width = firstWidth(network);
  return derived.map((value, i) => value * parameters[scale + (i % width)]);
}

/**
 * Adds the gradients of these pieces to `gradient`, [P].
 *
 * @param byScaled gradient by the scaled inputs, [R, firstWidth]
 */
export function addInputGradient(
  network: NetworkSpec,
  tensors: readonly CheckTensor[],
  parameters: Float64Array,
  x: Float64Array,
  derived: Float64Array,
  byScaled: Float64Array,
  gradient: Float64Array,
): void {
  const { sizes, inputScale, periodic, embeddings } = network;
  const places = placesOf(tensors);
  const [given, width] = [rowWidth(network), firstWidth(network)];
  const byDerived = byScaled.map((d, i) => {
    if (!inputScale) return d;
    const s = places.scale + (i % width);
    gradient[s] += d * derived[i];
    return d * parameters[s];
  });
  for (let r = 0; r < byDerived.length / width; r++) {
    const row = x.subarray(r * given, (r + 1) * given);
    const d = byDerived.subarray(r * width + sizes[0], (r + 1) * width);
    for (let n = 0; n < periodic; n++) {
      const of = d.subarray(n * PERIODIC_WIDTH, (n + 1) * PERIODIC_WIDTH);
      of.forEach((value, o) => {
        gradient[places.bias + n * PERIODIC_WIDTH + o] += value;
      });
      for (let k = 0; k < PERIODIC_FREQUENCIES; k++) {
        const at = n * PERIODIC_FREQUENCIES + k;
        const angle = 2 * Math.PI * parameters[places.frequency + at] * row[n] + parameters[places.phase + at];
        let byCosine = 0;
        of.forEach((value, o) => {
          const w = places.weight + at * PERIODIC_WIDTH + o;
          gradient[w] += value * Math.cos(angle);
          byCosine += value * parameters[w];
        });
        gradient[places.phase + at] -= byCosine * Math.sin(angle);
        gradient[places.frequency + at] -= byCosine * Math.sin(angle) * 2 * Math.PI * row[n];
      }
    }
    embeddings.forEach((_, e) => {
      const code = row[sizes[0] + e];
      if (code < 0) return;
      for (let j = 0; j < EMBEDDING_WIDTH; j++) {
        const from = periodic * PERIODIC_WIDTH + e * EMBEDDING_WIDTH + j;
        gradient[places.embedding(e) + code * EMBEDDING_WIDTH + j] += d[from];
      }
    });
  }
}
