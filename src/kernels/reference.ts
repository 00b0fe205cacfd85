/**
 * Every kernel again, in float64 and in plain TypeScript: the oracle of the kernel tests and of gradient checks.
 *
 * Written for reading, from the formulas and not from the kernels: dense row-major matrices without padding, new arrays
 * as results, no blocks, no fused operations. It follows no bits, so this is the one file of the kernels in which
 * `Math.exp` and its like are allowed; nothing on a training path may import it.
 */

type Vector = Float64Array | Float32Array | readonly number[];

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

const map = (x: Vector, f: (value: number, index: number) => number) => Float64Array.from(x, f);

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

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
export const siluForward = (x: Vector) => gated(x, logistic, (v) => logistic(v) * logistic(-v));

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
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

/** Rows of logits and their targets, each [rows, outputs]; for cross-entropy `y` is the class index of each row. */
export interface Batch {
  readonly rows: number;
  readonly outputs: number;
  readonly z: Vector;
  readonly y: Vector;
  /** [rows]; absent: all 1. */
  readonly weights?: Vector;
}

/** A summed loss and its gradient by the logits, [rows, outputs]. */
export interface LossResult {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Sum over rows of weight * mean over outputs of loss(z, y); rows of weight 0 are left out. */
function meanLoss(
  { rows, outputs, z, y, weights }: Batch,
  loss: (z: number, y: number) => number,
  derivative: (z: number, y: number) => number,
): LossResult {
  const gradient = new Float64Array(rows * outputs);
  let value = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    for (let at = row * outputs; at < (row + 1) * outputs; at++) {
      value += (weight / outputs) * loss(z[at]!, y[at]!);
      gradient[at] = (weight / outputs) * derivative(z[at]!, y[at]!);
    }
  }
  return { value, gradient };
}

export const squaredErrorLoss = (batch: Batch, scale: number) =>
  meanLoss(
    batch,
    (z, y) => scale * (z - y) ** 2,
    (z, y) => 2 * scale * (z - y),
  );

export const absoluteErrorLoss = (batch: Batch) =>
  meanLoss(
    batch,
    (z, y) => Math.abs(z - y),
    (z, y) => Math.sign(z - y),
  );

/** Huber 1964. */
export const huberLoss = (batch: Batch, delta: number) =>
  meanLoss(
    batch,
    (z, y) => (Math.abs(z - y) <= delta ? (z - y) ** 2 / 2 : delta * (Math.abs(z - y) - delta / 2)),
    (z, y) => Math.max(-delta, Math.min(delta, z - y)),
  );

/** On logits: softplus(z) - z y, with y moved towards 1/2. */
export const binaryCrossEntropyLoss = (batch: Batch, smoothing: number) => {
  const smooth = (y: number) => (1 - smoothing) * y + smoothing / 2;
  return meanLoss(
    batch,
    (z, y) => softplus(z) - z * smooth(y),
    (z, y) => logistic(z) - smooth(y),
  );
};

/** On the logarithm of the rate, without ln y!. */
export const poissonLoss = (batch: Batch) =>
  meanLoss(
    batch,
    (z, y) => Math.exp(z) - y * z,
    (z, y) => Math.exp(z) - y,
  );

/** Koenker & Bassett 1978. */
export const pinballLoss = (batch: Batch, quantile: number) =>
  meanLoss(
    batch,
    (z, y) => Math.max(quantile * (y - z), (quantile - 1) * (y - z)),
    (z, y) => (z < y ? -quantile : z > y ? 1 - quantile : 0.5 - quantile),
  );

/** e^(z - largest) of one row, with their sum. */
function powers({ outputs, z }: Pick<Batch, 'outputs' | 'z'>, row: number) {
  const logits = Array.from({ length: outputs }, (_, i) => z[row * outputs + i]!);
  const largest = Math.max(...logits);
  const values = logits.map((v) => Math.exp(v - largest));
  return { largest, values, sum: values.reduce((total, v) => total + v, 0) };
}

export function softmax(rows: number, outputs: number, z: Vector): Float64Array {
  const p = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const { values, sum } = powers({ outputs, z }, row);
    values.forEach((v, i) => {
      p[row * outputs + i] = v / sum;
    });
  }
  return p;
}

/** The target is (1 - smoothing) of the row's class and smoothing / outputs of every class. */
export function crossEntropyLoss(batch: Batch, smoothing: number): LossResult {
  const { rows, outputs, z, y, weights } = batch;
  const gradient = new Float64Array(rows * outputs);
  let value = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    const { largest, values, sum } = powers(batch, row);
    values.forEach((v, i) => {
      const at = row * outputs + i;
      const target = (i === y[row] ? 1 - smoothing : 0) + smoothing / outputs;
      value += weight * target * (Math.log(sum) + largest - z[at]!);
      gradient[at] = weight * (v / sum - target);
    });
  }
  return { value, gradient };
}

export const add = (x: Vector, y: Vector) => map(x, (v, i) => v + y[i]!);
export const sumSquares = (x: Vector) => map(x, (v) => v * v).reduce((total, v) => total + v, 0);

export const finalizeGradient = (g: Vector, p: Vector, divisor: number, l2: number) =>
  map(g, (v, i) => v / divisor + (l2 === 0 ? 0 : l2 * p[i]!));

/** What every update starts from. */
export interface Update {
  readonly p: Vector;
  readonly g: Vector;
  readonly divisor: number;
  readonly l2: number;
  readonly clip: number;
}

const finalized = ({ p, g, divisor, l2, clip }: Update) =>
  map(finalizeGradient(g, p, divisor, l2), (v) => (clip === 1 ? v : v * clip));

export function updateSgd(update: Update, rate: number, weightDecay: number): Float64Array {
  const g = finalized(update);
  return map(update.p, (p, i) => p - rate * (g[i]! + (weightDecay === 0 ? 0 : weightDecay * p)));
}

/** Sutskever et al. 2013, as PyTorch states it. */
export function updateMomentum(
  update: Update,
  velocity: Vector,
  rate: number,
  weightDecay: number,
  momentum: number,
  nesterov: boolean,
): { p: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const v = map(velocity, (old, i) => momentum * old + g[i]!);
  const direction = nesterov ? map(g, (x, i) => x + momentum * v[i]!) : v;
  return { p: map(update.p, (p, i) => p * (1 - rate * weightDecay) - rate * direction[i]!), v };
}

/** RMSprop (Tieleman & Hinton 2012) where keep + take = 1, AdaGrad (Duchi et al. 2011) where both are 1. */
export function updateScaled(
  update: Update,
  square: Vector,
  { decay, keep, take, rate, epsilon }: Readonly<Record<'decay' | 'keep' | 'take' | 'rate' | 'epsilon', number>>,
): { p: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const v = map(square, (old, i) => keep * old + take * g[i]! * g[i]!);
  return { p: map(update.p, (p, i) => decay * p - (rate * g[i]!) / (Math.sqrt(v[i]!) + epsilon)), v };
}

export interface AdamScale {
  readonly decay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly stepSize: number;
  readonly inverseRoot: number;
  readonly epsilon: number;
}

/** Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019. */
export function updateAdam(
  update: Update,
  mean: Vector,
  square: Vector,
  scale: AdamScale,
): { p: Float64Array; m: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const m = map(mean, (old, i) => scale.beta1 * old + (1 - scale.beta1) * g[i]!);
  const v = map(square, (old, i) => scale.beta2 * old + (1 - scale.beta2) * g[i]! * g[i]!);
  const p = map(
    update.p,
    (old, i) => scale.decay * old - (scale.stepSize * m[i]!) / (Math.sqrt(v[i]!) * scale.inverseRoot + scale.epsilon),
  );
  return { p, m, v };
}

export const exp = Math.exp;
export const log = Math.log;
