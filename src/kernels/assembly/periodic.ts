/**
 * Periodic functions of a number x (PBLD: Holzmueller et al., NeurIPS 2024, after Gorishniy et al., NeurIPS 2022):
 *
 *   y[o] = sum over k of W2[k, o] cos(2 pi w1[k] x + b1[k]) + b2[o]      k < FREQUENCIES, o < WIDTH
 *
 * Lanes are four rows, so that no sum runs across lanes but the last ones of a gradient: those of rows 0, 4, 8 … to 3, 7, 11 …
 * are joined as (s0 + s1) + (s2 + s3). The angle is taken in turns, where the nearest whole number comes off without rounding, so
 * cosine and sine are as good as the angle itself: within 2^-21 absolutely while the angle is below a turn or so.
 */
import { linear } from './elementary';

const FREQUENCIES: i32 = 16;
const WIDTH: i32 = 3;
const TURN: f32 = 6.2831853;
const TURNS_PER_RADIAN: f32 = 0.15915494;

// @ts-ignore: decorator
@inline
/** sin(2 pi t) for |t| <= 1/4 (or NaN), by Taylor's polynomial of degree 13: what it leaves out is below 2^-30. */
function sineOfQuarter(t: v128): v128 {
  const y = f32x4.mul(f32x4.splat(TURN), t);
  const y2 = f32x4.mul(y, y), y4 = f32x4.mul(y2, y2);
  const p0 = linear(-1.0 / 6.0, 1.0 / 120.0, y2), p2 = linear(-1.0 / 5040.0, 1.0 / 362880.0, y2);
  const p4 = linear(-1.0 / 39916800.0, 1.0 / 6227020800.0, y2);
  const p = f32x4.add(p0, f32x4.mul(f32x4.add(p2, f32x4.mul(p4, y4)), y4));
  return f32x4.add(y, f32x4.mul(f32x4.mul(y, y2), p));
}

// @ts-ignore: decorator
@inline
/** The angle w1 x + b1 / (2 pi) in turns, less the nearest whole number: -1/2 to 1/2. */
function turnOf(x: v128, frequency: usize, phase: usize): v128 {
  const start = f32x4.mul(v128.load32_splat(phase), f32x4.splat(TURNS_PER_RADIAN));
  const turns = f32x4.add(f32x4.mul(v128.load32_splat(frequency), x), start);
  return f32x4.sub(turns, f32x4.nearest(turns));
}

// @ts-ignore: decorator
@inline
/** cos(2 pi t) for |t| <= 1/2. */
function cosine(t: v128): v128 {
  return sineOfQuarter(f32x4.sub(f32x4.splat(0.25), f32x4.abs(t)));
}

// @ts-ignore: decorator
@inline
/** sin(2 pi t) for |t| <= 1/2: of the distance from the nearest half turn, with the sign of t. */
function sine(t: v128): v128 {
  const magnitude = f32x4.abs(t);
  const quarter = f32x4.pmin(magnitude, f32x4.sub(f32x4.splat(0.5), magnitude));
  return sineOfQuarter(v128.or(quarter, v128.and(t, i32x4.splat(0x80000000))));
}

// @ts-ignore: decorator
@inline
/** Four floats, `row` bytes apart. */
function loadColumn(at: usize, row: usize): v128 {
  let x = v128.load32_zero(at);
  x = v128.load32_lane(at + row, x, 1);
  x = v128.load32_lane(at + 2 * row, x, 2);
  return v128.load32_lane(at + 3 * row, x, 3);
}

// @ts-ignore: decorator
@inline
function storeColumn(at: usize, row: usize, x: v128): void {
  v128.store32_lane(at, x, 0);
  v128.store32_lane(at + row, x, 1);
  v128.store32_lane(at + 2 * row, x, 2);
  v128.store32_lane(at + 3 * row, x, 3);
}

/** y[rows, numbers * WIDTH] of x[rows, numbers]; rows a multiple of 4. */
export function periodicForward(
  rows: i32, numbers: i32, x: usize, ldx: usize, frequency: usize, phase: usize, weight: usize, bias: usize, y: usize, ldy: usize,
): void {
  const rowX = ldx << 2, rowY = ldy << 2;
  for (; numbers > 0; numbers--) {
    const b0 = v128.load32_splat(bias, 0), b1 = v128.load32_splat(bias, 4), b2 = v128.load32_splat(bias, 8);
    let from = x, to = y;
    for (let r = rows; r > 0; r -= 4) {
      const values = loadColumn(from, rowX);
      let y0 = b0, y1 = b1, y2 = b2;
      let w = weight;
      for (let k = 0; k < FREQUENCIES; k++) {
        const c = cosine(turnOf(values, frequency + (k << 2), phase + (k << 2)));
        y0 = f32x4.add(y0, f32x4.mul(v128.load32_splat(w, 0), c));
        y1 = f32x4.add(y1, f32x4.mul(v128.load32_splat(w, 4), c));
        y2 = f32x4.add(y2, f32x4.mul(v128.load32_splat(w, 8), c));
        w += WIDTH << 2;
      }
      storeColumn(to, rowY, y0);
      storeColumn(to + 4, rowY, y1);
      storeColumn(to + 8, rowY, y2);
      from += rowX << 2;
      to += rowY << 2;
    }
    x += 4;
    y += WIDTH << 2;
    frequency += FREQUENCIES << 2;
    phase += FREQUENCIES << 2;
    weight += (FREQUENCIES * WIDTH) << 2;
    bias += WIDTH << 2;
  }
}

// @ts-ignore: decorator
@inline
/** g = the sum of the lanes times `factor`, added to what it holds where `accumulate`. */
function storeSum(g: usize, lanes: v128, factor: f32, accumulate: i32): void {
  const sum =
    ((f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1)) +
      (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))) * factor;
  f32.store(g, accumulate ? sum + f32.load(g) : sum);
}

/** to[count rounded up to 4] = a column of `count` floats, `row` bytes apart, and zeros. */
function copyColumn(at: usize, row: usize, count: i32, to: usize): void {
  for (; count > 0; count--, at += row, to += 4) f32.store(to, f32.load(at));
  for (; to & 15; to += 4) f32.store(to, 0);
}

/** The sum of a run of vectors, as lanes. */
function sumOf(from: usize, end: usize): v128 {
  let sum = f32x4.splat(0);
  for (; from < end; from += 16) sum = f32x4.add(sum, v128.load(from));
  return sum;
}

/**
 * The gradients by w1, b1, W2 and b2 from d[rows, numbers * WIDTH] of y; rows exact, at most KC. The columns of one number at a time
 * are copied to the workspace (4 * KC floats), where they are contiguous.
 */
export function periodicGradient(
  rows: i32, numbers: i32, x: usize, ldx: usize, d: usize, ldd: usize, frequency: usize, phase: usize, weight: usize,
  gFrequency: usize, gPhase: usize, gWeight: usize, gBias: usize, accumulate: i32, workspace: usize,
): void {
  const rowX = ldx << 2, rowD = ldd << 2;
  const length = <usize>((rows + 3) & ~3) << 2;
  const values = workspace, end = values + length;
  const d0 = end, d1 = d0 + length, d2 = d1 + length;
  for (; numbers > 0; numbers--) {
    copyColumn(x, rowX, rows, values);
    copyColumn(d, rowD, rows, d0);
    copyColumn(d + 4, rowD, rows, d1);
    copyColumn(d + 8, rowD, rows, d2);
    storeSum(gBias, sumOf(d0, d1), 1, accumulate);
    storeSum(gBias + 4, sumOf(d1, d2), 1, accumulate);
    storeSum(gBias + 8, sumOf(d2, d2 + length), 1, accumulate);
    for (let k = 0; k < FREQUENCIES; k++) {
      const w0 = v128.load32_splat(weight, 0), w1 = v128.load32_splat(weight, 4), w2 = v128.load32_splat(weight, 8);
      let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), byPhase = f32x4.splat(0), byFrequency = f32x4.splat(0);
      for (let at = values; at < end; at += 16) {
        const number = v128.load(at);
        const turn = turnOf(number, frequency, phase);
        const c = cosine(turn);
        const e0 = v128.load(at + length), e1 = v128.load(at + 2 * length), e2 = v128.load(at + 3 * length);
        s0 = f32x4.add(s0, f32x4.mul(e0, c));
        s1 = f32x4.add(s1, f32x4.mul(e1, c));
        s2 = f32x4.add(s2, f32x4.mul(e2, c));
        const byCosine = f32x4.add(f32x4.add(f32x4.mul(w0, e0), f32x4.mul(w1, e1)), f32x4.mul(w2, e2));
        const less = f32x4.mul(byCosine, sine(turn));
        byPhase = f32x4.add(byPhase, less);
        byFrequency = f32x4.add(byFrequency, f32x4.mul(less, number));
      }
      storeSum(gWeight, s0, 1, accumulate);
      storeSum(gWeight + 4, s1, 1, accumulate);
      storeSum(gWeight + 8, s2, 1, accumulate);
      storeSum(gPhase, byPhase, -1, accumulate);
      storeSum(gFrequency, byFrequency, -TURN, accumulate);
      weight += WIDTH << 2;
      gWeight += WIDTH << 2;
      frequency += 4;
      phase += 4;
      gFrequency += 4;
      gPhase += 4;
    }
    x += 4;
    d += WIDTH << 2;
    gBias += WIDTH << 2;
  }
}
