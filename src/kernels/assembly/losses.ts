/**
 * Losses that are a mean over outputs of a function of one logit and one target. Everything is float64 until the
 * gradient is rounded; the sum runs over rows in row order, and in a row over outputs in order.
 *
 *   value     sum over rows of  weight * ((sum over outputs of loss) / outputs)
 *   gradient  (weight / outputs) * loss', rounded to float32 once
 *
 * A row of weight 0 is skipped, so an infinite loss in it cannot turn into NaN.
 */
import { exp, logOnePlus } from './elementary';
import { clear } from './vector';

const SQUARED: i32 = 0;
const ABSOLUTE: i32 = 1;
const HUBER: i32 = 2;
const BINARY_CROSS_ENTROPY: i32 = 3;
const POISSON: i32 = 4;

// @ts-ignore: decorator
@inline
/** The loss of one output; `parameter` is the scale of squared, the delta of huber. */
function lossOf(kind: i32, z: f64, y: f64, parameter: f64): f64 {
  const e = z - y;
  if (kind == SQUARED) return parameter * (e * e);
  if (kind == ABSOLUTE) return abs(e);
  const magnitude = abs(e);
  return magnitude <= parameter ? 0.5 * e * e : parameter * (magnitude - 0.5 * parameter);
}

// @ts-ignore: decorator
@inline
/** Its derivative by z; NaN stays NaN. */
function slopeOf(kind: i32, z: f64, y: f64, parameter: f64): f64 {
  const e = z - y;
  if (kind == SQUARED) return 2.0 * parameter * e;
  const bound = kind == ABSOLUTE ? 1.0 : parameter;
  if (kind == ABSOLUTE && e == 0) return 0;
  if (kind == HUBER && abs(e) <= parameter) return e;
  return e > 0 ? bound : e < 0 ? -bound : e;
}

// @ts-ignore: decorator
@inline
function pointwise(
  kind: i32, rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize, parameter: f64,
): f64 {
  let total: f64 = 0;
  const width = <f64>outputs;
  const padding = ld - <usize>outputs;
  for (; rows > 0; rows--) {
    let weight: f64 = 1;
    if (weights) {
      weight = <f64>f32.load(weights);
      weights += 4;
    }
    if (weight == 0) {
      clear(d, ld);
      d += ld << 2;
      z += ld << 2;
      y += <usize>outputs << 2;
      continue;
    }
    const factor = outputs == 1 ? weight : weight / width;
    let sum: f64 = 0;
    for (let i = outputs; i > 0; i--) {
      const logit = <f64>f32.load(z), target = <f64>f32.load(y);
      let slope: f64;
      if (kind == BINARY_CROSS_ENTROPY) {
        // softplus(z) - z y, with u = e^-|z| in place of e^z so that nothing overflows; sigmoid(z) - y
        const smooth = target * (1.0 - parameter) + 0.5 * parameter;
        const u = exp(-abs(logit));
        sum += (max(logit, 0) - logit * smooth) + logOnePlus(u);
        slope = (logit >= 0 ? 1.0 : u) / (1.0 + u) - smooth;
      } else if (kind == POISSON) {
        const rate = exp(logit);
        sum += rate - target * logit;
        slope = rate - target;
      } else {
        sum += lossOf(kind, logit, target, parameter);
        slope = slopeOf(kind, logit, target, parameter);
      }
      f32.store(d, <f32>(factor * slope));
      z += 4;
      y += 4;
      d += 4;
    }
    total += weight * (outputs == 1 ? sum : sum / width);
    clear(d, padding);
    d += padding << 2;
    z += padding << 2;
  }
  return total;
}

export function squaredErrorLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize, scale: f64,
): f64 {
  return pointwise(SQUARED, rows, outputs, z, ld, y, weights, d, scale);
}

export function absoluteErrorLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize,
): f64 {
  return pointwise(ABSOLUTE, rows, outputs, z, ld, y, weights, d, 0);
}

export function huberLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize, delta: f64,
): f64 {
  return pointwise(HUBER, rows, outputs, z, ld, y, weights, d, delta);
}

export function binaryCrossEntropyLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize, smoothing: f64,
): f64 {
  return pointwise(BINARY_CROSS_ENTROPY, rows, outputs, z, ld, y, weights, d, smoothing);
}

export function poissonLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize,
): f64 {
  return pointwise(POISSON, rows, outputs, z, ld, y, weights, d, 0);
}

/** One output of several: the same, of column `column` of z and d, and every ldy-th target. Column 0 clears all of d. */
export function pinballLoss(
  rows: i32, outputs: i32, column: i32, z: usize, ld: usize, y: usize, ldy: usize, weights: usize, d: usize, quantile: f64,
): f64 {
  if (column == 0) clear(d, <usize>rows * ld);
  z += <usize>column << 2;
  d += <usize>column << 2;
  let total: f64 = 0;
  const width = <f64>outputs;
  for (; rows > 0; rows--) {
    let weight: f64 = 1;
    if (weights) {
      weight = <f64>f32.load(weights);
      weights += 4;
    }
    if (weight != 0) {
      const e = <f64>f32.load(z) - <f64>f32.load(y);
      const slope = e < 0 ? -quantile : e > 0 ? 1.0 - quantile : e == 0 ? 0.5 - quantile : e;
      total += weight * ((e < 0 ? -quantile * e : (1.0 - quantile) * e) / width);
      f32.store(d, <f32>((weight / width) * slope));
    }
    z += ld << 2;
    y += ldy << 2;
    d += ld << 2;
  }
  return total;
}
