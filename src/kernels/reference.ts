/**
 * Every kernel again, in float64 and in plain TypeScript: the oracle of the kernel tests and of gradient checks. Here are products,
 * activations and dropout; losses, updates and learned pieces are in the files beside it.
 *
 * Written for reading, from the formulas and not from the kernels: dense row-major matrices without padding, new arrays
 * as results, no blocks, no fused operations. They follow no bits, so these are the files of the kernels in which
 * `Math.exp` and its like are allowed; nothing on a training path may import them.
 */
import { logistic, map, softplus, type Vector } from './reference-values.js';

/** What happens to a product before it is stored; absent parts do nothing. */
export interface ProductEpilogue {
  /** [M, N], added first. */
  accumulate?: Vector;
  /** [N], added to every row. */
  bias?: Vector;
  relu?: boolean;
  /** [M, N]: zero where mask <= 0. */
  reluMask?: Vector;
}

/** C[m, n] = epilogue(sum over k of left(m, k) right(k, n)). */
function product(
  [m, n, k]: readonly [number, number, number],
  left: (row: number, i: number) => number,
  right: (i: number, column: number) => number,
  epilogue: ProductEpilogue,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      const at = row * n + column;
      let sum = epilogue.accumulate?.[at] ?? 0;
      for (let i = 0; i < k; i++) sum += left(row, i) * right(i, column);
      sum += epilogue.bias?.[column] ?? 0;
      if (epilogue.relu && sum < 0) sum = 0;
      if (epilogue.reluMask && epilogue.reluMask[at]! <= 0) sum = 0;
      c[at] = sum;
    }
  }
  return c;
}

/** A[m, k] B[k, n] */
export function gemmNN(m: number, n: number, k: number, a: Vector, b: Vector, epilogue: ProductEpilogue = {}) {
  return product(
    [m, n, k],
    (row, i) => a[row * k + i]!,
    (i, column) => b[i * n + column]!,
    epilogue,
  );
}

/** A[k, m]^T B[k, n] */
export function gemmTN(m: number, n: number, k: number, a: Vector, b: Vector, epilogue: ProductEpilogue = {}) {
  return product(
    [m, n, k],
    (row, i) => a[i * m + row]!,
    (i, column) => b[i * n + column]!,
    epilogue,
  );
}

/** A[m, k] B[n, k]^T */
export function gemmNT(m: number, n: number, k: number, a: Vector, b: Vector, epilogue: ProductEpilogue = {}) {
  return product(
    [m, n, k],
    (row, i) => a[row * k + i]!,
    (i, column) => b[column * k + i]!,
    epilogue,
  );
}

/** y[m] = A[m, k] w[k] + bias */
export function gemvForward(m: number, k: number, a: Vector, w: Vector, bias: number) {
  return gemmNN(m, 1, k, a, w, { bias: [bias] });
}

/** g[n] = A[k, n]^T d[k], added to `accumulate` */
export function gemvWeightGradient(k: number, n: number, a: Vector, d: Vector, accumulate?: Vector) {
  return gemmTN(n, 1, k, a, d, accumulate ? { accumulate } : {});
}

/** C[m, n] = d[m] w[n]^T */
export function gemvInputGradient(m: number, n: number, d: Vector, w: Vector, reluMask?: Vector) {
  return gemmNT(m, n, 1, d, w, reluMask ? { reluMask } : {});
}

/** g[n] = the sum of the rows of d[rows, n], added to `accumulate` */
export function biasGradient(rows: number, n: number, d: Vector, accumulate?: Vector) {
  return gemmTN(n, 1, rows, d, new Float64Array(rows).fill(1), accumulate ? { accumulate } : {});
}

export const leakyReluForward = (x: Vector, slope: number) => map(x, (v) => (v > 0 ? v : slope * v));
export const leakyReluBackward = (d: Vector, h: Vector, slope: number) =>
  map(d, (v, i) => (h[i]! <= 0 ? slope * v : v));
export const tanhForward = (x: Vector) => map(x, Math.tanh);
export const tanhBackward = (d: Vector, h: Vector) => map(d, (v, i) => v * (1 - h[i]! * h[i]!));
export const sigmoidForward = (x: Vector) => map(x, (v) => 1 / (1 + Math.exp(-v)));
export const sigmoidBackward = (d: Vector, h: Vector) => map(d, (v, i) => v * h[i]! * (1 - h[i]!));

export const eluForward = (x: Vector, scale: number, alpha: number) =>
  map(x, (v) => (v > 0 ? scale * v : alpha * Math.expm1(v)));
export const eluBackward = (d: Vector, h: Vector, scale: number, alpha: number) =>
  map(d, (v, i) => v * (h[i]! > 0 ? scale : h[i]! + alpha));

/** An activation with its derivative, which its output does not tell. */
export interface Gated {
  readonly h: Float64Array;
  readonly slope: Float64Array;
}

/** h = x gate(x) and its derivative. */
const gated = (x: Vector, gate: (x: number) => number, gateSlope: (x: number) => number): Gated => ({
  h: map(x, (v) => v * gate(v)),
  slope: map(x, (v) => gate(v) + v * gateSlope(v)),
});

export const siluForward = (x: Vector) => gated(x, logistic, (v) => logistic(v) * logistic(-v));

export const mishForward = (x: Vector) =>
  gated(
    x,
    (v) => Math.tanh(softplus(v)),
    (v) => logistic(v) / Math.cosh(softplus(v)) ** 2,
  );

const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/**
 * The normal distribution. Its tail by the series density(a) (a + a^3/3 + a^5/15 + ...) below 3, whose terms are all positive,
 * and beyond by Laplace's continued fraction density(a) / (a + 1 / (a + 2 / (a + ...))). (Abramowitz & Stegun 26.2.11, 26.2.14)
 */
function normal(x: number): number {
  if (Math.abs(x) < 3) {
    let [term, sum] = [x, x];
    for (let n = 3; n < 100; n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return 0.5 + normalDensity(x) * sum;
  }
  let fraction = Math.abs(x);
  for (let n = 200; n > 0; n--) fraction = Math.abs(x) + n / fraction;
  const tail = normalDensity(x) / fraction;
  return x > 0 ? 1 - tail : tail;
}
export const geluForward = (x: Vector) => gated(x, normal, normalDensity);

export const multiply = (d: Vector, slope: Vector) => map(d, (v, i) => v * slope[i]!);

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The units that dropout keeps are part of the result: which ones is the kernels' own definition, in scalar integers. */
export function dropout(
  x: Vector,
  columns: number,
  { rowKey, unitKey, firstRow }: Readonly<Record<'rowKey' | 'unitKey' | 'firstRow', number>>,
  keepBelow: number,
  scale: number,
): Float64Array {
  return map(x, (v, i) => {
    const key = mix((firstRow + Math.floor(i / columns)) ^ rowKey) ^ unitKey;
    return mix((key + Math.imul(i % columns, 0x9e3779b9)) | 0) < keepBelow ? v * scale : 0;
  });
}

export const exp = Math.exp;
export const log = Math.log;
