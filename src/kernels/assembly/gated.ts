/**
 * Gated activations: h = x gate(x), with a gate that rises from 0 to 1. Four float32 at a time; `count` is a multiple of 4.
 *
 *   silu   gate = 1 / (1 + e^-x)          (Hendrycks & Gimpel 2016; Elfwing et al. 2018)
 *   mish   gate = tanh(ln(1 + e^x))       (Misra, BMVC 2020)
 *   gelu   gate = Phi(x), exact           (Hendrycks & Gimpel 2016): the normal distribution, not an approximation of it by tanh
 *
 * Their derivative cannot be told from h, which is not monotonic, but shares its power of e with the gate. So the forward pass
 * also writes it, to `slope` (0: nobody wants it), and the backward pass is a product.
 *
 * Errors: h of silu and mish is within 4 ulp wherever it is a normal number, h of gelu within (8 + x^2 / 2) 2^-24 relatively:
 * the rounding of x^2 / 2 in the exponent. Slopes are within 2^-22 absolutely. Tested in test/kernels/gated.test.ts.
 */
import { expOfNegative, linear } from './elementary';

// Phi(-a) = e^(-a^2/2) t P(t), t = 1 / (1 + TAIL_SCALE a): test/oracles/make_normal_tail.py, relatively within 2^-27.
const TAIL_SCALE: f32 = 0.3;
const TAIL_0: f32 = 0.1196877477;
const TAIL_1: f32 = 0.1195504315;
const TAIL_2: f32 = 0.1104184111;
const TAIL_3: f32 = 0.07751790108;
const TAIL_4: f32 = 0.09871138235;
const TAIL_5: f32 = -0.08421348152;
const TAIL_6: f32 = 0.1975505846;
const TAIL_7: f32 = -0.2325244073;
const TAIL_8: f32 = 0.114257453;
const TAIL_9: f32 = -0.02095602424;
/** 1 / sqrt(2 pi) */
const NORMAL_DENSITY: f32 = 0.39894228;

// @ts-ignore: decorator
@inline
/** P(t), in pairs of pairs. */
function tailPolynomial(t: v128): v128 {
  const t2 = f32x4.mul(t, t), t4 = f32x4.mul(t2, t2);
  const p0 = f32x4.add(linear(TAIL_0, TAIL_1, t), f32x4.mul(linear(TAIL_2, TAIL_3, t), t2));
  const p4 = f32x4.add(linear(TAIL_4, TAIL_5, t), f32x4.mul(linear(TAIL_6, TAIL_7, t), t2));
  return f32x4.add(p0, f32x4.mul(f32x4.add(p4, f32x4.mul(linear(TAIL_8, TAIL_9, t), t4)), t4));
}

// @ts-ignore: decorator
@inline
/** e^-|x| */
function decay(x: v128): v128 {
  return expOfNegative(f32x4.neg(f32x4.abs(x)));
}

/** slope = gate + x gate (1 - gate) */
export function siluForward(h: usize, slope: usize, count: i32): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const e = decay(x);
    const isNegative = f32x4.lt(x, zero);
    const sum = f32x4.add(one, e);
    const gate = f32x4.div(v128.bitselect(e, one, isNegative), sum);
    v128.store(h, f32x4.mul(x, gate));
    if (slope) {
      const rest = f32x4.div(v128.bitselect(one, e, isNegative), sum); // 1 - gate, without cancellation
      v128.store(slope, f32x4.mul(gate, f32x4.add(one, f32x4.mul(x, rest))));
      slope += 16;
    }
  }
}

/**
 * tanh(ln(1 + y)) = y (y + 2) / (y (y + 2) + 2), y = e^x; for positive x with both parts divided by y^2.
 * slope = gate + x (1 - gate) (1 + gate) / (1 + e^-x)
 */
export function mishForward(h: usize, slope: usize, count: i32): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), two = f32x4.splat(2);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const e = decay(x);
    const isNegative = f32x4.lt(x, zero);
    const part = v128.bitselect(f32x4.mul(e, f32x4.add(e, two)), f32x4.add(one, f32x4.add(e, e)), isNegative);
    const rest = v128.bitselect(two, f32x4.mul(two, f32x4.mul(e, e)), isNegative);
    const whole = f32x4.add(part, rest);
    const gate = f32x4.div(part, whole);
    v128.store(h, f32x4.mul(x, gate));
    if (slope) {
      const bend = f32x4.mul(f32x4.div(rest, whole), f32x4.add(one, gate)); // 1 - gate^2, without cancellation
      const logistic = f32x4.div(v128.bitselect(e, one, isNegative), f32x4.add(one, e));
      v128.store(slope, f32x4.add(gate, f32x4.mul(f32x4.mul(x, bend), logistic)));
      slope += 16;
    }
  }
}

/** slope = gate + x e^(-x^2/2) / sqrt(2 pi) */
export function geluForward(h: usize, slope: usize, count: i32): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (const end = h + (<usize>count << 2); h < end; h += 16) {
    const x = v128.load(h);
    const e = expOfNegative(f32x4.mul(f32x4.splat(-0.5), f32x4.mul(x, x)));
    const t = f32x4.div(one, linear(1, TAIL_SCALE, f32x4.abs(x)));
    const tail = f32x4.mul(e, f32x4.mul(t, tailPolynomial(t)));
    const gate = v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, zero));
    v128.store(h, f32x4.mul(x, gate));
    if (slope) {
      v128.store(slope, f32x4.add(gate, f32x4.mul(x, f32x4.mul(f32x4.splat(NORMAL_DENSITY), e))));
      slope += 16;
    }
  }
}
