/**
 * Softmax and its cross-entropy, on rows of two or more logits whose leading dimension is a multiple of 4.
 *
 * Shifted by the row's maximum, so that no power overflows. Powers are float32, each relatively within
 * (2 + |z - max|) 2^-24; their sum is float64: four partial sums, of columns 0, 4, 8 … to 3, 7, 11 …, joined as
 * (s0 + s1) + (s2 + s3). Padding columns are selected out.
 * A logit that is NaN or infinite, of either sign, makes the whole row NaN: a network that overflowed is never hidden.
 */
import { expOfNegative, log } from './elementary';
import { clear, demote, promoteHigh, promoteLow } from './vector';

// @ts-ignore: decorator
@inline
/** All ones in the lanes whose column, counted from this vector's first, is below `left`. */
function columnsBelow(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** The largest logit of a row; NaN is passed over here and shows in the sum. */
function rowMaximum(outputs: i32, z: usize): f32 {
  const lowest = f32x4.splat(-Infinity);
  let best = lowest;
  for (; outputs > 0; outputs -= 4) {
    best = f32x4.pmax(best, v128.bitselect(v128.load(z), lowest, columnsBelow(outputs)));
    z += 16;
  }
  best = f32x4.pmax(best, i8x16.shuffle(best, best, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  best = f32x4.pmax(best, i8x16.shuffle(best, best, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  return f32x4.extract_lane(best, 0);
}

/** to[outputs] = e^(z - maximum), 0 in the padding columns; returns the float64 sum, NaN when a logit is not finite. */
function exponentials(outputs: i32, z: usize, to: usize, ld: usize, maximum: f32): f64 {
  const shift = f32x4.splat(maximum);
  const end = to + (ld << 2);
  let sumLow = f64x2.splat(0), sumHigh = f64x2.splat(0), poison = f32x4.splat(0);
  for (; outputs > 0; outputs -= 4) {
    const columns = columnsBelow(outputs);
    const logits = v128.and(v128.load(z), columns);
    poison = f32x4.add(poison, f32x4.sub(logits, logits));
    const powers = v128.and(expOfNegative(f32x4.sub(logits, shift)), columns);
    sumLow = f64x2.add(sumLow, promoteLow(powers));
    sumHigh = f64x2.add(sumHigh, promoteHigh(powers));
    v128.store(to, powers);
    z += 16;
    to += 16;
  }
  for (; to < end; to += 16) v128.store(to, f32x4.splat(0));
  const bad = f64x2.add(promoteLow(poison), promoteHigh(poison));
  const sum =
    (f64x2.extract_lane(sumLow, 0) + f64x2.extract_lane(sumLow, 1)) +
    (f64x2.extract_lane(sumHigh, 0) + f64x2.extract_lane(sumHigh, 1));
  return sum + (f64x2.extract_lane(bad, 0) + f64x2.extract_lane(bad, 1));
}

/** x[count] = float32 of factor * x - shift; NaN in the factor reaches every element. */
function scaleRow(x: usize, count: i32, factor: f64, shift: f64): void {
  const f = f64x2.splat(factor), s = f64x2.splat(shift);
  for (; count > 0; count -= 4) {
    const v = v128.load(x);
    v128.store(x, demote(
      f64x2.sub(f64x2.mul(promoteLow(v), f), s),
      f64x2.sub(f64x2.mul(promoteHigh(v), f), s),
    ));
    x += 16;
  }
}

// @ts-ignore: decorator
@inline
/** Puts zero back into the padding lanes of the last vector, where scaleRow may have made NaN of it. */
function clearPadding(x: usize, outputs: i32): void {
  const rest = outputs & 3;
  if (rest) {
    const last = x + (<usize>(outputs - rest) << 2);
    v128.store(last, v128.and(v128.load(last), columnsBelow(rest)));
  }
}

export function softmax(rows: i32, outputs: i32, z: usize, ld: usize): void {
  for (; rows > 0; rows--) {
    const sum = exponentials(outputs, z, z, ld, rowMaximum(outputs, z));
    scaleRow(z, outputs, 1.0 / sum, 0);
    clearPadding(z, outputs);
    z += ld << 2;
  }
}

/** The float64 sum of a row's logits, in order. */
function sumRow(outputs: i32, z: usize): f64 {
  let sum: f64 = 0;
  for (; outputs > 0; outputs--) {
    sum += <f64>f32.load(z);
    z += 4;
  }
  return sum;
}

/**
 * A class index that is not one of 0 … outputs - 1 gives NaN. With smoothing e, a row's target is 1 - e of its class and e in
 * equal parts of all (Szegedy et al., CVPR 2016, section 7): ln(sum of e^z) - (1 - e) z[class] - e (mean of z).
 */
export function crossEntropyLoss(
  rows: i32, outputs: i32, z: usize, ld: usize, y: usize, weights: usize, d: usize, smoothing: f64,
): f64 {
  let total: f64 = 0;
  const width = <f64>outputs;
  const share = smoothing / width;
  const row = ld << 2;
  for (; rows > 0; rows--, z += row, d += row, y += 4) {
    let weight: f64 = 1;
    if (weights) {
      weight = <f64>f32.load(weights);
      weights += 4;
    }
    if (weight == 0) {
      clear(d, ld);
      continue;
    }
    const maximum = rowMaximum(outputs, z);
    let sum = exponentials(outputs, z, d, ld, maximum);
    const label = f32.load(y);
    const known = label >= 0 && label < <f32>outputs;
    if (!known) sum = NaN;
    const offset = known ? <usize>label << 2 : 0;
    const inverse = 1.0 / sum;
    const ofLabel = <f64>f32.load(d + offset);
    scaleRow(d, outputs, weight * inverse, weight * share);
    clearPadding(d, outputs);
    f32.store(d + offset, <f32>(weight * (ofLabel * inverse - (1.0 - smoothing + share))));
    const missed = <f64>maximum - <f64>f32.load(z + offset);
    const spread = smoothing == 0 ? 0 : smoothing * (<f64>maximum - sumRow(outputs, z) / width - missed);
    total += weight * (log(sum) + (missed + spread));
  }
  return total;
}
