/**
 * The float64 oracle of the losses, from their formulas: like reference.ts, of which it is a part, no training path may import it.
 */
import { logistic, map, softplus, type Vector } from './reference-values.js';

/** Rows of logits and their targets, each [rows, outputs] where nothing else is said; for cross-entropy `y` is the class index of each row. */
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
  loss: (z: number, y: number, at: number) => number,
  derivative: (z: number, y: number, at: number) => number,
): LossResult {
  const gradient = new Float64Array(rows * outputs);
  let value = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    for (let at = row * outputs; at < (row + 1) * outputs; at++) {
      value += (weight / outputs) * loss(z[at]!, y[at]!, at);
      gradient[at] = (weight / outputs) * derivative(z[at]!, y[at]!, at);
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

/** Koenker & Bassett 1978. Every target, y[rows, outputs / quantiles], has an output for each quantile. */
export const pinballLoss = (batch: Batch, quantiles: readonly number[]) => {
  const q = (at: number) => quantiles[at % quantiles.length]!;
  const y = map(batch.z, (_, at) => batch.y[Math.floor(at / quantiles.length)]!);
  return meanLoss(
    { ...batch, y },
    (z, y, at) => Math.max(q(at) * (y - z), (q(at) - 1) * (y - z)),
    (z, y, at) => (z < y ? -q(at) : z > y ? 1 - q(at) : 0.5 - q(at)),
  );
};

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
