/**
 * The vector operations that every kernel is built of. Four float32 lanes; no wider type shows anywhere.
 *
 * `madd` is the one place where the two kernel sets differ: the same source gives the fused set (relaxed SIMD) and the
 * strict set. It is used for products of matrices only; element-wise kernels (activations, losses, updates) multiply
 * and add with a rounding each, in both sets.
 */

// @ts-ignore: decorator
@inline
/** a * b + c: rounded once in the fused set, after each operation in the strict set. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
/** x < 0 ? 0 : x, so that NaN stays NaN and -0 stays -0. */
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
/** mask <= 0 ? 0 : x, so that a NaN in the mask lets x through. */
export function keepWherePositive(x: v128, mask: v128): v128 {
  return v128.andnot(x, f32x4.le(mask, f32x4.splat(0)));
}

// The four columns of a 4x4 block held as four rows: interleave pairs of rows, then join the halves.

// @ts-ignore: decorator
@inline
/** (a0, b0, a1, b1) */
export function interleaveLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

// @ts-ignore: decorator
@inline
/** (a2, b2, a3, b3) */
export function interleaveHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

// @ts-ignore: decorator
@inline
/** (a0, a1, b0, b1) */
export function joinLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

// @ts-ignore: decorator
@inline
/** (a2, a3, b2, b3) */
export function joinHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

// @ts-ignore: decorator
@inline
/** Lanes 0 and 1 as float64. */
export function promoteLow(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

// @ts-ignore: decorator
@inline
/** Lanes 2 and 3 as float64. */
export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(joinHigh(x, x));
}

// @ts-ignore: decorator
@inline
/** Four float64 rounded to float32 lanes. */
export function demote(low: v128, high: v128): v128 {
  return joinLow(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high));
}

// @ts-ignore: decorator
@inline
/** Zeroes a few float32; memory.fill would leave for the runtime, which costs more than a row. */
export function clear(at: usize, count: usize): void {
  for (; count > 0; count--) {
    f32.store(at, 0);
    at += 4;
  }
}
