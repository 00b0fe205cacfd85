/**
 * exp and log, ours, so that no engine's library shows in the bits. Argument reduction and a Taylor polynomial, in
 * float64; every operation is rounded once and none is fused, so both kernel sets (and plain C without contraction)
 * give the same bits. Coefficients are 1/n! and 2/(2n + 1), written as quotients: nothing here is a fitted number.
 *
 * Error bounds (ulp of the result; measured in test/kernels/elementary.test.ts):
 *   exp, log      float64, at most 1 ulp (exp with a denormal result: 1.5)
 *   expLanes      relative 2^-40 in float64: a float32 rounded from it is within 0.51 ulp
 */

const LOG2E: f64 = 1.4426950408889634;
/** ln 2 = LN2_HIGH + LN2_LOW; the product of LN2_HIGH (33 bits) with an exponent is exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const LN2: f64 = 0.6931471805599453;
const SQRT_HALF: f64 = 0.7071067811865476;

/** Adding 1.5 * 2^52 rounds to the nearest integer and leaves it in the low bits. */
const ROUND_TO_INTEGER: f64 = 6755399441055744.0;

// @ts-ignore: decorator
@inline
/** 2^n for -1022 <= n <= 1023. */
function powerOfTwo(n: i64): f64 {
  return reinterpret<f64>((n + 1023) << 52);
}

/** e^x. NaN gives NaN, above 709.79 Infinity, below -745.14 0. x = n ln 2 + r, |r| <= ln 2 / 2. */
export function exp(x: f64): f64 {
  if (x != x) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const shifted = x * LOG2E + ROUND_TO_INTEGER;
  const n = shifted - ROUND_TO_INTEGER;
  const high = x - n * LN2_HIGH, low = n * LN2_LOW;
  const r = high - low;
  // (e^r - 1 - r) / r^2 = 1/2! + r/3! + ... + r^11/13!, the remainder below 2^-57
  let p: f64 = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  const y = 1.0 + (high + (r * r * p - low));
  // In two halves: 2^n itself may be out of range where the result is not.
  const exponent = <i64>n;
  const half = exponent >> 1;
  return y * powerOfTwo(half) * powerOfTwo(exponent - half);
}

// @ts-ignore: decorator
@inline
/** ln(m 2^n) for m in [sqrt(1/2), sqrt(2)]. s = f / (2 + f) with f = m - 1; ln m = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + R)). */
function logReduced(m: f64, n: f64): f64 {
  const f = m - 1.0;
  const s = f / (2.0 + f);
  const z = s * s;
  // R = 2 z/3 + 2 z^2/5 + ...; z <= 0.0295
  let r: f64 = 2.0 / 25.0;
  r = r * z + 2.0 / 23.0;
  r = r * z + 2.0 / 21.0;
  r = r * z + 2.0 / 19.0;
  r = r * z + 2.0 / 17.0;
  r = r * z + 2.0 / 15.0;
  r = r * z + 2.0 / 13.0;
  r = r * z + 2.0 / 11.0;
  r = r * z + 2.0 / 9.0;
  r = r * z + 2.0 / 7.0;
  r = r * z + 2.0 / 5.0;
  r = r * z + 2.0 / 3.0;
  r = r * z;
  const half = 0.5 * f * f;
  return n * LN2_HIGH - (half - (s * (half + r) + n * LN2_LOW) - f);
}

/** Natural logarithm. NaN and negative numbers give NaN, 0 -Infinity, Infinity itself. */
export function log(x: f64): f64 {
  if (x < 0) return NaN;
  if (x == 0) return -Infinity;
  if (!(x < Infinity)) return x;
  let n: f64 = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984.0; // 2^54, out of the denormals
    n = -54;
  }
  const bits = reinterpret<i64>(x);
  n += <f64>((bits >> 52) - 1022);
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3fe0000000000000); // [1/2, 1)
  if (m < SQRT_HALF) {
    m *= 2.0;
    n -= 1.0;
  }
  return logReduced(m, n);
}

// @ts-ignore: decorator
@inline
/** ln(1 + u) for 0 <= u <= 1 (or NaN): the logarithm of the rounded sum, corrected by what the rounding lost. */
export function logOnePlus(u: f64): f64 {
  const sum = 1.0 + u;
  return log(sum) + (u - (sum - 1.0)) / sum;
}

// Two float64 lanes on the way to a float32 result. |x| must stay below 700: callers clamp first.

// @ts-ignore: decorator
@inline
/** n of x = n ln 2 + r, with n also in the low bits. */
function shiftedExponent(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, f64x2.splat(LOG2E)), f64x2.splat(ROUND_TO_INTEGER));
}

// @ts-ignore: decorator
@inline
function remainder(x: v128, shifted: v128): v128 {
  const n = f64x2.sub(shifted, f64x2.splat(ROUND_TO_INTEGER));
  return f64x2.sub(x, f64x2.mul(n, f64x2.splat(LN2)));
}

// @ts-ignore: decorator
@inline
/** 2^n out of the low bits of `shifted`. */
function scale(shifted: v128): v128 {
  return i64x2.add(i64x2.shl(shifted, 52), f64x2.splat(1.0));
}

// @ts-ignore: decorator
@inline
/** (e^r - 1) / r = 1 + r/2! + ... + r^9/10!, |r| <= ln 2 / 2: the remainder is below 2^-41. */
function quotientLanes(r: v128): v128 {
  let p = f64x2.splat(1.0 / 3628800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  return f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0));
}

// @ts-ignore: decorator
@inline
/** e^x in each lane. */
export function expLanes(x: v128): v128 {
  const shifted = shiftedExponent(x);
  const r = remainder(x, shifted);
  const p = f64x2.add(f64x2.mul(quotientLanes(r), r), f64x2.splat(1.0));
  return f64x2.mul(p, scale(shifted));
}

// @ts-ignore: decorator
@inline
/** e^x - 1 in each lane, without cancellation near 0: 2^n (e^r - 1) + (2^n - 1). */
export function expMinusOneLanes(x: v128): v128 {
  const shifted = shiftedExponent(x);
  const r = remainder(x, shifted);
  const power = scale(shifted);
  return f64x2.add(f64x2.mul(f64x2.mul(quotientLanes(r), r), power), f64x2.sub(power, f64x2.splat(1.0)));
}
