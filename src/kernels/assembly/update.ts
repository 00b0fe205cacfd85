/**
 * Joining gradients and updating parameters, four float32 at a time; `count` is a multiple of 4. Every operation is
 * rounded once, in the order in which the formulas are written. A term that is switched off (l2, decay or clip) is left
 * out, not added as 0: 0 times an infinite parameter would be NaN.
 *
 * Rates and betas come as float64, so that 1 - beta is taken before it is rounded.
 */
import { promoteHigh, promoteLow } from './vector';

export function add(destination: usize, source: usize, count: i32): void {
  for (const end = destination + (<usize>count << 2); destination < end; destination += 16, source += 16) {
    v128.store(destination, f32x4.add(v128.load(destination), v128.load(source)));
  }
}

// @ts-ignore: decorator
@inline
/** Whether multiplying with 1 / x has the bits of dividing by x: x is a power of two (or 0, or infinite). */
function hasExactInverse(x: f32): bool {
  return (reinterpret<i32>(x) & 0x7fffff) == 0;
}

// @ts-ignore: decorator
@inline
/** What `finalized` multiplies with or divides by: batches are often of a power of two, and a division takes long. */
function divisorOrInverse(divisor: f32): v128 {
  return f32x4.splat(hasExactInverse(divisor) ? 1 / divisor : divisor);
}

// @ts-ignore: decorator
@inline
/** ((g / divisor) + l2 p) clip */
function finalized(g: v128, p: v128, inverse: bool, divisor: v128, l2: f32, clip: f32): v128 {
  let x = inverse ? f32x4.mul(g, divisor) : f32x4.div(g, divisor);
  if (l2 != 0) x = f32x4.add(x, f32x4.mul(f32x4.splat(l2), p));
  if (clip != 1) x = f32x4.mul(x, f32x4.splat(clip));
  return x;
}

export function finalizeGradient(g: usize, p: usize, count: i32, divisor: f32, l2: f32): void {
  const inverse = hasExactInverse(divisor), divisors = divisorOrInverse(divisor);
  for (const end = g + (<usize>count << 2); g < end; g += 16, p += 16) {
    v128.store(g, finalized(v128.load(g), v128.load(p), inverse, divisors, l2, 1));
  }
}

/** a = keep a + take p: a running average of the parameters. */
export function average(a: usize, p: usize, count: i32, keep: f32, take: f32): void {
  const kept = f32x4.splat(keep), taken = f32x4.splat(take);
  for (const end = a + (<usize>count << 2); a < end; a += 16, p += 16) {
    v128.store(a, f32x4.add(f32x4.mul(kept, v128.load(a)), f32x4.mul(taken, v128.load(p))));
  }
}

/** Four partial sums, of elements 0, 4, 8 … to 3, 7, 11 …, joined as (s0 + s1) + (s2 + s3). Squares are exact in float64. */
export function sumSquares(x: usize, count: i32): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (const end = x + (<usize>count << 2); x < end; x += 16) {
    const v = v128.load(x);
    const a = promoteLow(v), b = promoteHigh(v);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  return (
    (f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1)) +
    (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))
  );
}

/** p = p - rate (g' + weightDecay p) */
export function updateSgd(
  p: usize, g: usize, count: i32, divisor: f32, l2: f32, clip: f32, rate: f32, weightDecay: f32,
): void {
  const inverse = hasExactInverse(divisor), divisors = divisorOrInverse(divisor);
  const rates = f32x4.splat(rate);
  for (const end = p + (<usize>count << 2); p < end; p += 16, g += 16) {
    const parameter = v128.load(p);
    let x = finalized(v128.load(g), parameter, inverse, divisors, l2, clip);
    if (weightDecay != 0) x = f32x4.add(x, f32x4.mul(f32x4.splat(weightDecay), parameter));
    v128.store(p, f32x4.sub(parameter, f32x4.mul(rates, x)));
  }
}

/** v = momentum v + g'; p = (1 - rate weightDecay) p - rate (nesterov ? g' + momentum v : v) */
export function updateMomentum(
  p: usize, g: usize, v: usize, count: i32, divisor: f32, l2: f32, clip: f32, rate: f64, weightDecay: f64,
  momentum: f32, nesterov: i32,
): void {
  const inverse = hasExactInverse(divisor), divisors = divisorOrInverse(divisor);
  const momenta = f32x4.splat(momentum);
  const rates = f32x4.splat(<f32>rate), decay = f32x4.splat(<f32>(1.0 - rate * weightDecay));
  for (const end = p + (<usize>count << 2); p < end; p += 16, g += 16, v += 16) {
    const parameter = v128.load(p);
    const x = finalized(v128.load(g), parameter, inverse, divisors, l2, clip);
    const velocity = f32x4.add(f32x4.mul(momenta, v128.load(v)), x);
    v128.store(v, velocity);
    const direction = nesterov ? f32x4.add(x, f32x4.mul(momenta, velocity)) : velocity;
    v128.store(p, f32x4.sub(f32x4.mul(decay, parameter), f32x4.mul(rates, direction)));
  }
}

/** v = keep v + take g'^2; p = decay p - rate g' / (sqrt(v) + epsilon) */
export function updateScaled(
  p: usize, g: usize, v: usize, count: i32, divisor: f32, l2: f32, clip: f32,
  decay: f32, keep: f32, take: f32, rate: f32, epsilon: f32,
): void {
  const inverse = hasExactInverse(divisor), divisors = divisorOrInverse(divisor);
  const decays = f32x4.splat(decay), rates = f32x4.splat(rate);
  const kept = f32x4.splat(keep), taken = f32x4.splat(take), epsilons = f32x4.splat(epsilon);
  for (const end = p + (<usize>count << 2); p < end; p += 16, g += 16, v += 16) {
    const parameter = v128.load(p);
    const x = finalized(v128.load(g), parameter, inverse, divisors, l2, clip);
    const square = f32x4.add(f32x4.mul(kept, v128.load(v)), f32x4.mul(taken, f32x4.mul(x, x)));
    v128.store(v, square);
    const denominator = f32x4.add(f32x4.sqrt(square), epsilons);
    v128.store(p, f32x4.sub(f32x4.mul(decays, parameter), f32x4.div(f32x4.mul(rates, x), denominator)));
  }
}

/** m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2; p = decay p - stepSize m / (sqrt(v) inverseRoot + epsilon) */
export function updateAdam(
  p: usize, g: usize, m: usize, v: usize, count: i32, divisor: f32, l2: f32, clip: f32,
  decay: f32, beta1: f64, beta2: f64, stepSize: f32, inverseRoot: f32, epsilon: f32,
): void {
  const inverse = hasExactInverse(divisor), divisors = divisorOrInverse(divisor);
  const decays = f32x4.splat(decay), steps = f32x4.splat(stepSize);
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1.0 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1.0 - beta2));
  const roots = f32x4.splat(inverseRoot), epsilons = f32x4.splat(epsilon);
  for (const end = p + (<usize>count << 2); p < end; p += 16, g += 16, m += 16, v += 16) {
    const parameter = v128.load(p);
    const x = finalized(v128.load(g), parameter, inverse, divisors, l2, clip);
    const mean = f32x4.add(f32x4.mul(keep1, v128.load(m)), f32x4.mul(take1, x));
    const square = f32x4.add(f32x4.mul(keep2, v128.load(v)), f32x4.mul(take2, f32x4.mul(x, x)));
    v128.store(m, mean);
    v128.store(v, square);
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(square), roots), epsilons);
    v128.store(p, f32x4.sub(f32x4.mul(decays, parameter), f32x4.div(f32x4.mul(steps, mean), denominator)));
  }
}
