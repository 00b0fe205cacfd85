/**
 * The float64 oracle of the kernels for learned pieces and running averages, from the formulas in kernels.ts: like reference.ts, of
 * which it is a part, no training path may import it.
 */

import { map, type Vector } from './reference-values.js';

/** h = z + a (h - z), z = h - z, slope = 1 + a (slope - 1); a[columns]. */
export function blendForward(h: Vector, z: Vector, slope: Vector, a: Vector) {
  const share = (i: number): number => a[i % a.length]!;
  return {
    h: map(h, (value, i) => z[i]! + share(i) * (value - z[i]!)),
    bend: map(h, (value, i) => value - z[i]!),
    slope: map(slope, (value, i) => 1 + share(i) * (value - 1)),
  };
}

/** Column sums of d * bend, [rows, n]. */
export function blendGradient(n: number, d: Vector, bend: Vector): Float64Array {
  const sums = new Float64Array(n);
  d.forEach((value, i) => {
    sums[i % n] += value * bend[i]!;
  });
  return sums;
}

/** Layer norm of rows of n values: y = scale x + shift, x = (z - mean) inverse, inverse = 1 / sqrt(variance + 1e-5). */
export function layerNormForward(n: number, z: Vector, scale: Vector, shift: Vector) {
  const x = new Float64Array(z.length);
  const inverse = Float64Array.from({ length: z.length / n }, (_, r) => {
    const row = Array.from(z.slice(r * n, (r + 1) * n));
    const mean = row.reduce((sum, value) => sum + value, 0) / n;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const factor = 1 / Math.sqrt(variance + 1e-5);
    row.forEach((value, c) => {
      x[r * n + c] = (value - mean) * factor;
    });
    return factor;
  });
  return { y: map(x, (value, i) => scale[i % n]! * value + shift[i % n]!), x, inverse };
}

/** Gradients by z, scale and shift, from d by y. */
export function layerNormBackward(n: number, d: Vector, z: Vector, scale: Vector) {
  const { x, inverse } = layerNormForward(n, z, scale, scale);
  const byScale = blendGradient(n, d, x);
  const byShift = blendGradient(
    n,
    d,
    map(x, () => 1),
  );
  const byInput = new Float64Array(z.length);
  inverse.forEach((factor, r) => {
    let [sum, product] = [0, 0];
    for (let i = r * n; i < (r + 1) * n; i++) {
      sum += scale[i % n]! * d[i]!;
      product += scale[i % n]! * d[i]! * x[i]!;
    }
    for (let i = r * n; i < (r + 1) * n; i++) {
      byInput[i] = factor * (scale[i % n]! * d[i]! - sum / n - (x[i]! * product) / n);
    }
  });
  return { byInput, byScale, byShift };
}

/** s[rows] * w[rows, columns]. */
export const scaleRows = (columns: number, w: Vector, s: Vector) => map(w, (v, i) => v * s[Math.floor(i / columns)]!);

/** From the gradient g of s * w: those by w and by s. */
export function scaleRowsGradient(columns: number, g: Vector, w: Vector, s: Vector) {
  const byScale = new Float64Array(s.length);
  g.forEach((value, i) => {
    byScale[Math.floor(i / columns)] += value * w[i]!;
  });
  return { byWeight: scaleRows(columns, g, s), byScale };
}

/** Tensors of periodic functions: w1, b1 [N, 16], W2 [16 N, 3], b2 [N, 3]. */
export interface Periodic {
  readonly frequency: Vector;
  readonly phase: Vector;
  readonly weight: Vector;
  readonly bias: Vector;
}

const FREQUENCIES = 16;
const WIDTH = 3;

/** W2' cos(2 pi w1 x + b1) + b2 of each number of x[rows, N]: [rows, 3 N]. */
export function periodicForward(
  x: Vector,
  numbers: number,
  { frequency, phase, weight, bias }: Periodic,
): Float64Array {
  return Float64Array.from({ length: x.length * WIDTH }, (_, i) => {
    const [at, o] = [Math.floor(i / WIDTH), i % WIDTH];
    const n = at % numbers;
    let y = bias[n * WIDTH + o]!;
    for (let k = n * FREQUENCIES; k < (n + 1) * FREQUENCIES; k++) {
      y += weight[k * WIDTH + o]! * Math.cos(2 * Math.PI * frequency[k]! * x[at]! + phase[k]!);
    }
    return y;
  });
}

/** Gradients by the tensors, from d[rows, 3 N] of what periodicForward gives. */
export function periodicGradient(x: Vector, numbers: number, d: Vector, { frequency, phase, weight, bias }: Periodic) {
  const by = {
    frequency: new Float64Array(frequency.length),
    phase: new Float64Array(phase.length),
    weight: new Float64Array(weight.length),
    bias: new Float64Array(bias.length),
  };
  d.forEach((value, i) => {
    const [at, o] = [Math.floor(i / WIDTH), i % WIDTH];
    const n = at % numbers;
    by.bias[n * WIDTH + o] += value;
    for (let k = n * FREQUENCIES; k < (n + 1) * FREQUENCIES; k++) {
      const angle = 2 * Math.PI * frequency[k]! * x[at]! + phase[k]!;
      by.weight[k * WIDTH + o] += value * Math.cos(angle);
      const byAngle = -value * weight[k * WIDTH + o]! * Math.sin(angle);
      by.phase[k] += byAngle;
      by.frequency[k] += byAngle * 2 * Math.PI * x[at]!;
    }
  });
  return by;
}

/** keep * a + take * p. */
export const average = (a: Vector, p: Vector, keep: number, take: number) => map(a, (v, i) => keep * v + take * p[i]!);
