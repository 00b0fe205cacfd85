/**
 * exp and log, ours, so that no engine's library shows in the bits. Argument reduction and a Taylor polynomial, in
 * float64 for single numbers and in float32 for four lanes. Every operation is rounded once and none is fused, so both
 * kernel sets (and plain C without contraction) give the same bits. Coefficients are 1/n! and 2/(2n + 1), written as
 * quotients: nothing here is a fitted number. Polynomials are summed in pairs of pairs (Estrin), not one term after the
 * other (Horner), whose latency is twice the time of everything else.
 *
 * Error bounds, in ulp of the result; tested over the whole range in test/kernels/elementary.test.ts:
 *   exp, log         float64: 1 (1.5 where the result of exp is denormal)
 *   expOfNegative    float32: 1 (1.5 where the result is denormal)
 *   tanh, sigmoid    float32: 2 (activations.ts, made of these)
 */

const LOG2E: f64 = 1.4426950408889634;
/** ln 2 = LN2_HIGH + LN2_LOW; the product of LN2_HIGH (33 bits) with an exponent is exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
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
  // p = (e^r - 1 - r) / r^2 = 1/2! + r/3! + ... + r^11/13!; the remainder is below 2^-57
  const r2 = r * r, r4 = r2 * r2;
  const p0 = (0.5 + r * (1.0 / 6.0)) + (1.0 / 24.0 + r * (1.0 / 120.0)) * r2;
  const p4 = (1.0 / 720.0 + r * (1.0 / 5040.0)) + (1.0 / 40320.0 + r * (1.0 / 362880.0)) * r2;
  const p8 = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + (1.0 / 479001600.0 + r * (1.0 / 6227020800.0)) * r2;
  const p = p0 + (p4 + p8 * r4) * r4;
  const y = 1.0 + (high + (r2 * p - low));
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
  // R = 2 z/3 + 2 z^2/5 + ... + 2 z^12/25; z <= 0.0295
  const z2 = z * z, z4 = z2 * z2;
  const r0 = (2.0 / 3.0 + z * (2.0 / 5.0)) + (2.0 / 7.0 + z * (2.0 / 9.0)) * z2;
  const r4 = (2.0 / 11.0 + z * (2.0 / 13.0)) + (2.0 / 15.0 + z * (2.0 / 17.0)) * z2;
  const r8 = (2.0 / 19.0 + z * (2.0 / 21.0)) + (2.0 / 23.0 + z * (2.0 / 25.0)) * z2;
  const r = (r0 + (r4 + r8 * z4) * z4) * z;
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

// Four float32 lanes. x = n ln 2 + r; e^r - 1 = r + r^2 p(r).

const LOG2E_32: f32 = 1.44269504;
/** ln 2 = LN2_HIGH_32 + LN2_LOW_32; the product of LN2_HIGH_32 (10 bits) with an exponent is exact. */
const LN2_HIGH_32: f32 = 0.693359375;
const LN2_LOW_32: f32 = -2.12194440e-4;
/** Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits. */
const ROUND_TO_INTEGER_32: f32 = 12582912.0;
const ONE_BITS: i32 = 0x3f800000;

// @ts-ignore: decorator
@inline
/** n in the low bits. */
function shiftedExponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, f32x4.splat(LOG2E_32)), f32x4.splat(ROUND_TO_INTEGER_32));
}

// @ts-ignore: decorator
@inline
/** 2^(n + offset), which must be in the range of normal numbers. */
function powerOfTwoLanes(shifted: v128, offset: i32): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(ONE_BITS + (offset << 23)));
}

// @ts-ignore: decorator
@inline
/** a + b x */
export function linear(a: f32, b: f32, x: v128): v128 {
  return f32x4.add(f32x4.splat(a), f32x4.mul(f32x4.splat(b), x));
}

// @ts-ignore: decorator
@inline
/** e^r - 1 with p = 1/2! + r/3! + ... + r^5/7!; |r| <= ln 2 / 2: what is left out is below 2^-27. */
function expReducedMinusOne(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, f32x4.splat(ROUND_TO_INTEGER_32));
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH_32)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(LN2_LOW_32)));
  const r2 = f32x4.mul(r, r);
  const p0 = linear(0.5, 1.0 / 6.0, r), p2 = linear(1.0 / 24.0, 1.0 / 120.0, r), p4 = linear(1.0 / 720.0, 1.0 / 5040.0, r);
  const p = f32x4.add(p0, f32x4.mul(f32x4.add(p2, f32x4.mul(p4, r2)), r2));
  return f32x4.add(r, f32x4.mul(r2, p));
}

// @ts-ignore: decorator
@inline
/** e^x for x <= 0 (or NaN), denormal results included; 0 below -104. */
export function expOfNegative(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(-104));
  const shifted = shiftedExponent(clamped);
  const y = f32x4.add(f32x4.splat(1), expReducedMinusOne(clamped, shifted));
  // 2^n in two steps: it may be a denormal number itself, and only the last product may round.
  return f32x4.mul(f32x4.mul(y, powerOfTwoLanes(shifted, 64)), f32x4.splat(5.421010862427522e-20)); // 2^-64
}

// @ts-ignore: decorator
@inline
/** e^x - 1 for -80 < x < 80 (or NaN), without cancellation near 0: 2^n (e^r - 1) + (2^n - 1). */
export function expMinusOne(x: v128): v128 {
  const shifted = shiftedExponent(x);
  const power = powerOfTwoLanes(shifted, 0);
  return f32x4.add(f32x4.mul(expReducedMinusOne(x, shifted), power), f32x4.sub(power, f32x4.splat(1)));
}
