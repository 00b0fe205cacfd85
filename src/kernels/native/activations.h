/*
 * Activations for one width of vectors; a part of width.h. The formulas, their constants and error bounds are those of
 * src/kernels/assembly/elementary.ts, activations.ts and gated.ts, operation by operation.
 */

/* a + b x */
INLINE Floats LANE(linear)(float a, float b, Floats x) { return SPLAT(a) + SPLAT(b) * x; }

/* The nearest whole number to x / ln 2 in the low bits. */
INLINE Floats LANE(shifted_exponent)(Floats x) { return x * SPLAT(1.44269504f) + SPLAT(12582912.0f); }

/* 2^(n + offset) */
INLINE Floats LANE(power_of_two)(Floats shifted, int offset) {
  return (Floats)(((Ints)shifted << 23) + (0x3f800000 + (offset << 23)));
}

/* e^r - 1 of what is left of x */
INLINE Floats LANE(exp_reduced)(Floats x, Floats shifted) {
  const Floats n = shifted - SPLAT(12582912.0f);
  const Floats high = x - n * SPLAT(0.693359375f);
  const Floats r = high - n * SPLAT(-2.12194440e-4f);
  const Floats r2 = r * r;
  const Floats p0 = LANE(linear)(0.5f, 1.0f / 6.0f, r), p2 = LANE(linear)(1.0f / 24.0f, 1.0f / 120.0f, r);
  const Floats p4 = LANE(linear)(1.0f / 720.0f, 1.0f / 5040.0f, r);
  return r + r2 * (p0 + (p2 + p4 * r2) * r2);
}

/* e^x for x <= 0 or NaN */
INLINE Floats LANE(exp_of_negative)(Floats x) {
  const Floats clamped = WHERE_LESS(x, SPLAT(-104.0f), SPLAT(-104.0f), x);
  const Floats shifted = LANE(shifted_exponent)(clamped);
  const Floats y = SPLAT(1.0f) + LANE(exp_reduced)(clamped, shifted);
  return y * LANE(power_of_two)(shifted, 64) * SPLAT(5.421010862427522e-20f);
}

/* e^x - 1 for -80 < x < 80 or NaN */
INLINE Floats LANE(exp_minus_one)(Floats x) {
  const Floats shifted = LANE(shifted_exponent)(x);
  const Floats power = LANE(power_of_two)(shifted, 0);
  return LANE(exp_reduced)(x, shifted) * power + (power - SPLAT(1.0f));
}

FUNCTION void LANE(elu)(ptrdiff_t count, float *h, float above, float below) {
  const Floats limit = SPLAT(-20.0f);
  for (; count >= LANES; count -= LANES, h += LANES) {
    const Floats x = LOAD(h);
    const Floats negative = SPLAT(below) * LANE(exp_minus_one)(WHERE_LESS(x, limit, limit, x));
    STORE(h, WHERE_LESS(SPLAT(0.0f), x, SPLAT(above) * x, negative));
  }
#ifdef REST
  if (count > 0) REST(elu)(count, h, above, below);
#endif
}

FUNCTION void LANE(elu_slope)(ptrdiff_t count, float *d, const float *h, float above, float below) {
  for (; count >= LANES; count -= LANES, d += LANES, h += LANES) {
    const Floats y = LOAD(h);
    STORE(d, LOAD(d) * WHERE_LESS(SPLAT(0.0f), y, SPLAT(above), y + SPLAT(below)));
  }
#ifdef REST
  if (count > 0) REST(elu_slope)(count, d, h, above, below);
#endif
}

FUNCTION void LANE(mish)(ptrdiff_t count, float *h, float *slope) {
  const Floats zero = SPLAT(0.0f), one = SPLAT(1.0f), two = SPLAT(2.0f);
  for (; count >= LANES; count -= LANES, h += LANES) {
    const Floats x = LOAD(h);
    const Floats e = LANE(exp_of_negative)((Floats)((Ints)x | (int)0x80000000));
    const Floats part = WHERE_LESS(x, zero, e * (e + two), one + (e + e));
    const Floats rest = WHERE_LESS(x, zero, two, two * (e * e));
    const Floats whole = part + rest;
    const Floats gate = part / whole;
    STORE(h, x * gate);
    if (slope != NULL) {
      const Floats bend = rest / whole * (one + gate);
      const Floats logistic = WHERE_LESS(x, zero, e, one) / (one + e);
      STORE(slope, gate + x * bend * logistic);
      slope += LANES;
    }
  }
#ifdef REST
  if (count > 0) REST(mish)(count, h, slope);
#endif
}
