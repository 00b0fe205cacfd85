/**
 * Activations and their derivatives, in place, four float32 at a time; `count` is a multiple of 4.
 *
 * tanh and sigmoid are within 2 ulp over the whole range, denormal results and saturated ends included, elu within 3; NaN
 * gives NaN. The derivatives take the stored output h. (Activations whose h does not tell its derivative: gated.ts.)
 */
import { expMinusOne, expOfNegative } from './elementary';

/** h = h > 0 ? h : slope h */
export function leakyReluForward(h: usize, count: i32, slope: f32): void {
  const zero = f32x4.splat(0), factor = f32x4.splat(slope);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    v128.store(h, v128.bitselect(x, f32x4.mul(factor, x), f32x4.gt(x, zero)));
  }
}

/** d = h <= 0 ? slope d : d */
export function leakyReluBackward(d: usize, h: usize, count: i32, slope: f32): void {
  const zero = f32x4.splat(0), factor = f32x4.splat(slope);
  for (const end = h + (<usize>count << 2); h < end; h += 16, d += 16) {
    const x = v128.load(d);
    v128.store(d, v128.bitselect(f32x4.mul(factor, x), x, f32x4.le(v128.load(h), zero)));
  }
}

/** tanh x = sign(x) E / (E + 2), E = e^(2|x|) - 1 */
export function tanhForward(h: usize, count: i32): void {
  const signBit = i32x4.splat(0x80000000), limit = f32x4.splat(10); // tanh 10 rounds to 1
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const magnitude = f32x4.pmin(f32x4.abs(x), limit);
    const e = expMinusOne(f32x4.add(magnitude, magnitude));
    const y = f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
    v128.store(h, v128.or(y, v128.and(x, signBit)));
  }
}

/** d = d (1 - h h) */
export function tanhBackward(d: usize, h: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (const end = h + (<usize>count << 2); h < end; h += 16, d += 16) {
    const y = v128.load(h);
    v128.store(d, f32x4.mul(v128.load(d), f32x4.sub(one, f32x4.mul(y, y))));
  }
}

/** sigmoid x = (x < 0 ? e : 1) / (1 + e), e = e^-|x|, so that nothing overflows */
export function sigmoidForward(h: usize, count: i32): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const e = expOfNegative(f32x4.neg(f32x4.abs(x)));
    const numerator = v128.bitselect(e, one, f32x4.lt(x, zero));
    v128.store(h, f32x4.div(numerator, f32x4.add(one, e)));
  }
}

/** d = d (h (1 - h)) */
export function sigmoidBackward(d: usize, h: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (const end = h + (<usize>count << 2); h < end; h += 16, d += 16) {
    const y = v128.load(h);
    v128.store(d, f32x4.mul(v128.load(d), f32x4.mul(y, f32x4.sub(one, y))));
  }
}

/** h = h > 0 ? scale h : alpha (e^h - 1) */
export function eluForward(h: usize, count: i32, scale: f32, alpha: f32): void {
  const zero = f32x4.splat(0), limit = f32x4.splat(-20); // e^-20 - 1 rounds to -1
  const above = f32x4.splat(scale), below = f32x4.splat(alpha);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const negative = f32x4.mul(below, expMinusOne(f32x4.pmax(x, limit)));
    v128.store(h, v128.bitselect(f32x4.mul(above, x), negative, f32x4.gt(x, zero)));
  }
}

/** d = d (h > 0 ? scale : h + alpha) */
export function eluBackward(d: usize, h: usize, count: i32, scale: f32, alpha: f32): void {
  const zero = f32x4.splat(0), above = f32x4.splat(scale), below = f32x4.splat(alpha);
  for (const end = h + (<usize>count << 2); h < end; h += 16, d += 16) {
    const y = v128.load(h);
    const slope = v128.bitselect(above, f32x4.add(y, below), f32x4.gt(y, zero));
    v128.store(d, f32x4.mul(v128.load(d), slope));
  }
}

/** d = d slope */
export function multiply(d: usize, slope: usize, count: i32): void {
  for (const end = d + (<usize>count << 2); d < end; d += 16, slope += 16) {
    v128.store(d, f32x4.mul(v128.load(d), v128.load(slope)));
  }
}
