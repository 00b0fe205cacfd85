/**
 * Activations and their derivatives, in place, four float32 at a time; `count` is a multiple of 4.
 *
 * tanh and sigmoid are evaluated in float64 and rounded once: within 0.51 ulp over the whole range, denormal results
 * and the saturated ends included; NaN gives NaN. The derivatives take the stored output h.
 */
import { expLanes, expMinusOneLanes } from './elementary';
import { demote, promoteHigh, promoteLow, relu } from './vector';

export function reluForward(h: usize, count: i32): void {
  for (const end = h + (<usize>count << 2); h < end; h += 16) v128.store(h, relu(v128.load(h)));
}

/** d = h <= 0 ? 0 : d */
export function reluBackward(d: usize, h: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (const end = h + (<usize>count << 2); h < end; h += 16, d += 16) {
    v128.store(d, v128.andnot(v128.load(d), f32x4.le(v128.load(h), zero)));
  }
}

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

// @ts-ignore: decorator
@inline
/** tanh |x| = E / (E + 2), E = e^(2|x|) - 1. */
function tanhLanes(x: v128): v128 {
  const e = expMinusOneLanes(f64x2.add(x, x));
  return f64x2.div(e, f64x2.add(e, f64x2.splat(2.0)));
}

export function tanhForward(h: usize, count: i32): void {
  const signBit = i32x4.splat(0x80000000), limit = f32x4.splat(20); // tanh 20 rounds to 1
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const magnitude = f32x4.pmin(f32x4.abs(x), limit);
    const y = demote(tanhLanes(promoteLow(magnitude)), tanhLanes(promoteHigh(magnitude)));
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

// @ts-ignore: decorator
@inline
/** 1 / (1 + e^-x) */
function sigmoidLanes(x: v128): v128 {
  const one = f64x2.splat(1.0);
  return f64x2.div(one, f64x2.add(one, expLanes(f64x2.neg(x))));
}

export function sigmoidForward(h: usize, count: i32): void {
  const low = f32x4.splat(-104), high = f32x4.splat(104); // below, the float32 result is 0
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = f32x4.pmin(f32x4.pmax(v128.load(h), low), high);
    v128.store(h, demote(sigmoidLanes(promoteLow(x)), sigmoidLanes(promoteHigh(x))));
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
