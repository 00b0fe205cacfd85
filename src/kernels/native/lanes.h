/*
 * Copies, sums, products, blends and dropout for one width of vectors; a part of width.h. What each is: elementwise.h.
 */

FUNCTION void LANE(copy)(ptrdiff_t count, const float *x, float *to) {
  for (; count >= LANES; count -= LANES, x += LANES, to += LANES) STORE(to, LOAD(x));
#ifdef REST
  if (count > 0) REST(copy)(count, x, to);
#else
  for (; count > 0; count--) *to++ = *x++;
#endif
}

FUNCTION void LANE(add)(ptrdiff_t count, float *x, const float *y) {
  for (; count >= LANES; count -= LANES, x += LANES, y += LANES) STORE(x, LOAD(x) + LOAD(y));
#ifdef REST
  if (count > 0) REST(add)(count, x, y);
#endif
}

FUNCTION void LANE(multiply)(ptrdiff_t count, float *x, const float *y) {
  for (; count >= LANES; count -= LANES, x += LANES, y += LANES) STORE(x, LOAD(x) * LOAD(y));
#ifdef REST
  if (count > 0) REST(multiply)(count, x, y);
#endif
}

FUNCTION void LANE(scale)(ptrdiff_t count, float factor, const float *x, float *to) {
  for (; count >= LANES; count -= LANES, x += LANES, to += LANES) STORE(to, SPLAT(factor) * LOAD(x));
#ifdef REST
  if (count > 0) REST(scale)(count, factor, x, to);
#endif
}

FUNCTION void LANE(blend)(ptrdiff_t count, float *h, float *z, float *slope, const float *a) {
  for (; count >= LANES; count -= LANES, h += LANES, z += LANES, a += LANES) {
    const Floats share = LOAD(a), before = LOAD(z), bend = LOAD(h) - before;
    STORE(z, bend);
    STORE(h, before + share * bend);
    if (slope != NULL) {
      STORE(slope, SPLAT(1.0f) + share * (LOAD(slope) - SPLAT(1.0f)));
      slope += LANES;
    }
  }
#ifdef REST
  if (count > 0) REST(blend)(count, h, z, slope, a);
#endif
}

/* "lowbias32": Wellons, hash-prospector, 2018. */
INLINE Words LANE(mix)(Words x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

FUNCTION void LANE(drop)(ptrdiff_t count, const float *x, float *to, uint32_t key, uint32_t bound, float scale) {
  const uint32_t golden = 0x9e3779b9u;
  Words counters;
  UNROLL for (int i = 0; i < LANES; i++) counters[i] = key + golden * (uint32_t)i;
  for (; count >= LANES; count -= LANES, x += LANES, to += LANES) {
    const Ints kept = (Ints)(LANE(mix)(counters) < bound);
    STORE(to, (Floats)((Ints)(LOAD(x) * SPLAT(scale)) & kept));
    counters += golden * LANES;
  }
#ifdef REST
  if (count > 0) REST(drop)(count, x, to, counters[0], bound, scale);
#endif
}

/* Columns [0, LANES * vectors); `vectors` and `products` are constants in every call. */
INLINE void LANE(sum_columns)(const int vectors, const int products, ptrdiff_t rows, const float *d, const float *by,
                              ptrdiff_t row, float *g, int accumulate) {
  Floats sums[4];
  UNROLL for (int v = 0; v < vectors; v++) sums[v] = SPLAT(0.0f);
  for (; rows > 0; rows--) {
    UNROLL for (int v = 0; v < vectors; v++) {
      Floats x = LOAD(d + v * LANES);
      if (products) x = x * LOAD(by + v * LANES);
      sums[v] = sums[v] + x;
    }
    d += row;
    if (products) by += row;
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    if (accumulate) sums[v] = sums[v] + LOAD(g + v * LANES);
    STORE(g + v * LANES, sums[v]);
  }
}

FUNCTION void LANE(sum_rows)(ptrdiff_t rows, ptrdiff_t count, const float *d, const float *by, ptrdiff_t row, float *g,
                             int accumulate) {
  const int products = by != NULL;
  while (count >= LANES) {
    const int width = count >= 4 * LANES ? 4 * LANES : LANES;
    if (width == LANES && products) LANE(sum_columns)(1, 1, rows, d, by, row, g, accumulate);
    else if (width == LANES) LANE(sum_columns)(1, 0, rows, d, by, row, g, accumulate);
    else if (products) LANE(sum_columns)(4, 1, rows, d, by, row, g, accumulate);
    else LANE(sum_columns)(4, 0, rows, d, by, row, g, accumulate);
    count -= width;
    d += width;
    g += width;
    if (products) by += width;
  }
#ifdef REST
  if (count > 0) REST(sum_rows)(rows, count, d, by, row, g, accumulate);
#endif
}
