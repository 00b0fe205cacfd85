/*
 * Periodic functions of a number for one width of vectors; a part of width.h. The formulas are those of
 * src/kernels/assembly/periodic.ts, operation by operation.
 *
 * Forward, lanes are rows. For the gradient, whose sums run over every fourth row, a vector is four rows of as many
 * frequencies as fit.
 */

/* sin(2 pi t) for |t| <= 1/4 */
INLINE Floats LANE(sine_of_quarter)(Floats t) {
  const Floats y = SPLAT(6.2831853f) * t;
  const Floats y2 = y * y, y4 = y2 * y2;
  const Floats p0 = LANE(linear)(-1.0f / 6.0f, 1.0f / 120.0f, y2), p2 = LANE(linear)(-1.0f / 5040.0f, 1.0f / 362880.0f, y2);
  const Floats p4 = LANE(linear)(-1.0f / 39916800.0f, 1.0f / 6227020800.0f, y2);
  return y + y * y2 * (p0 + (p2 + p4 * y4) * y4);
}

INLINE Floats LANE(magnitude)(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }

/* The angle in turns, less the nearest whole number. */
INLINE Floats LANE(turn_of)(Floats x, Floats frequency, Floats phase) {
  const Floats turns = frequency * x + phase * SPLAT(0.15915494f);
  return turns - NEAREST(turns);
}

INLINE Floats LANE(cosine)(Floats turn) { return LANE(sine_of_quarter)(SPLAT(0.25f) - LANE(magnitude)(turn)); }

INLINE Floats LANE(sine)(Floats turn) {
  const Floats size = LANE(magnitude)(turn), other = SPLAT(0.5f) - size;
  const Floats quarter = WHERE_LESS(other, size, other, size);
  return LANE(sine_of_quarter)((Floats)((Ints)quarter | ((Ints)turn & (int)0x80000000)));
}

FUNCTION void LANE(waves)(WaveRows of, const Waves *by) {
  for (; of.rows >= LANES; of.rows -= LANES) {
    Floats x, y[WAVES];
    UNROLL for (int r = 0; r < LANES; r++) x[r] = of.x[r * of.x_row];
    UNROLL for (int o = 0; o < WAVES; o++) y[o] = SPLAT(by->bias[o]);
    for (int k = 0; k < FREQUENCIES; k++) {
      const Floats c = LANE(cosine)(LANE(turn_of)(x, SPLAT(by->frequency[k]), SPLAT(by->phase[k])));
      UNROLL for (int o = 0; o < WAVES; o++) y[o] = y[o] + SPLAT(by->weight[k * WAVES + o]) * c;
    }
    UNROLL for (int r = 0; r < LANES; r++) {
      UNROLL for (int o = 0; o < WAVES; o++) of.y[r * of.y_row + o] = y[o][r];
    }
    of.x += LANES * of.x_row;
    of.y += LANES * of.y_row;
  }
#ifdef REST
  if (of.rows > 0) REST(waves)(of, by);
#endif
}

/* In every group of four lanes, the next of the numbers that lie `apart`. */
INLINE Floats LANE(each_in_four)(const float *at, ptrdiff_t apart) {
  Floats x;
  UNROLL for (int lane = 0; lane < LANES; lane++) x[lane] = at[lane / 4 * apart];
  return x;
}

/* The sums of each group of four lanes, times `factor`, to or onto numbers that lie `apart`. */
INLINE void LANE(store_sums)(float *at, ptrdiff_t apart, Floats sums, float factor, int accumulate) {
  UNROLL for (int lane = 0; lane < LANES; lane += 4, at += apart) {
    const float sum = ((sums[lane] + sums[lane + 1]) + (sums[lane + 2] + sums[lane + 3])) * factor;
    *at = accumulate ? sum + *at : sum;
  }
}

/* The narrowest one is not needed where there are wider vectors. */
__attribute__((unused)) FUNCTION void LANE(waves_gradient)(ptrdiff_t rows, const float *columns, const Waves *by,
                                                           const Waves *to, int accumulate) {
  const int groups = LANES / 4;
  for (int k = 0; k < FREQUENCIES; k += groups) {
    const Floats frequency = LANE(each_in_four)(by->frequency + k, 1), phase = LANE(each_in_four)(by->phase + k, 1);
    Floats weights[WAVES], sums[WAVES], by_phase = SPLAT(0.0f), by_frequency = SPLAT(0.0f);
    UNROLL for (int o = 0; o < WAVES; o++) {
      weights[o] = LANE(each_in_four)(by->weight + k * WAVES + o, WAVES);
      sums[o] = SPLAT(0.0f);
    }
    for (const float *at = columns; at < columns + rows; at += 4) {
      const Floats x = SPLAT_QUAD(at);
      const Floats turn = LANE(turn_of)(x, frequency, phase), c = LANE(cosine)(turn);
      const Floats d0 = SPLAT_QUAD(at + rows), d1 = SPLAT_QUAD(at + 2 * rows), d2 = SPLAT_QUAD(at + 3 * rows);
      sums[0] = sums[0] + d0 * c;
      sums[1] = sums[1] + d1 * c;
      sums[2] = sums[2] + d2 * c;
      const Floats by_cosine = weights[0] * d0 + weights[1] * d1 + weights[2] * d2;
      const Floats less = by_cosine * LANE(sine)(turn);
      by_phase = by_phase + less;
      by_frequency = by_frequency + less * x;
    }
    UNROLL for (int o = 0; o < WAVES; o++) {
      LANE(store_sums)(to->weight + k * WAVES + o, WAVES, sums[o], 1.0f, accumulate);
    }
    LANE(store_sums)(to->phase + k, 1, by_phase, -1.0f, accumulate);
    LANE(store_sums)(to->frequency + k, 1, by_frequency, -6.2831853f, accumulate);
  }
}
