/*
 * The code of one panel width for one instruction set; a template, included once for each, with these macros:
 *
 *   PANEL(name)    the name with a suffix of its own
 *   TARGET         attribute that lets a function use the instruction set
 *   Floats, Ints   vectors of LANES float32 and int32
 *   SPLAT(x)       x in every lane
 *   MADD(a, b, c)  a * b + c, rounded once
 *   TRANSPOSE8(from, row, to, to_row)   copies an 8x8 block, transposed
 *   VECTORS        vectors that a panel is wide
 *   ROWS           of the tallest tile (12, 8 or 4): ROWS * VECTORS sums, a row of B and an element of A stay in registers
 *
 * MADD is the only place where a multiplication and an addition become one operation: the build forbids the compiler to
 * fuse any others (-ffp-contract=off). It undefines PANEL, VECTORS and ROWS, so that the next width can follow.
 */
#define WIDTH (LANES * VECTORS)
/* Steps of k from a row of B being asked for to its use. */
#define AHEAD 16
#define LOAD(p) (*(const Floats *)(p))
#define STORE(p, x) (*(Floats *)(p) = (x))
#define EACH_ROW UNROLL for (int r = 0; r < rows; r++)
#define EACH_VECTOR UNROLL for (int v = 0; v < VECTORS; v++)

/* C[rows, WIDTH]. `rows` is a constant in every call, so that all loops but the one over k unroll and sums are registers. */
TARGET static inline __attribute__((always_inline)) void PANEL(tile)(
    const int rows, ptrdiff_t k, Left a, Right b, Result to) {
  Floats sums[ROWS][VECTORS];
  EACH_ROW {
    EACH_VECTOR sums[r][v] = SPLAT(0.0f);
  }
  /* What the epilogue reads and writes is on its way while the chains run. */
  EACH_ROW {
    EACH_VECTOR __builtin_prefetch(to.c + r * to.row + v * LANES, 1);
  }
  const float *quads[ROWS / 4];
  UNROLL for (int q = 0; q < rows / 4; q++) quads[q] = a.at + q * a.quad;

  for (; k > 0; k--) {
    Floats row[VECTORS];
    EACH_VECTOR {
      row[v] = LOAD(b.at + v * LANES);
      __builtin_prefetch(b.at + AHEAD * b.row + v * LANES);
    }
    EACH_ROW {
      const Floats x = SPLAT(quads[r / 4][r % 4 * a.row]);
      EACH_VECTOR sums[r][v] = MADD(x, row[v], sums[r][v]);
    }
    UNROLL for (int q = 0; q < rows / 4; q++) quads[q] += a.step;
    b.at += b.row;
  }

  if (to.epilogue & ACCUMULATE) {
    EACH_ROW {
      EACH_VECTOR sums[r][v] = sums[r][v] + LOAD(to.c + r * to.row + v * LANES);
    }
  }
  if (to.epilogue & BIAS) {
    EACH_VECTOR {
      const Floats bias = LOAD(to.bias + v * LANES);
      EACH_ROW sums[r][v] = sums[r][v] + bias;
    }
  }
  if (to.epilogue & RELU) {
    EACH_ROW {
      EACH_VECTOR sums[r][v] = (Floats)((Ints)sums[r][v] & ~(sums[r][v] < SPLAT(0.0f)));
    }
  }
  if (to.epilogue & RELU_MASK) {
    EACH_ROW {
      EACH_VECTOR {
        const Ints off = LOAD(to.mask + r * to.row + v * LANES) <= SPLAT(0.0f);
        sums[r][v] = (Floats)((Ints)sums[r][v] & ~off);
      }
    }
  }
  EACH_ROW {
    EACH_VECTOR STORE(to.c + r * to.row + v * LANES, sums[r][v]);
  }
}

/* Tiles down the rows. 16 rows are two tiles of 8: one of 12 would leave 4, whose few chains cannot fill the units. */
TARGET static void PANEL(multiply)(ptrdiff_t m, ptrdiff_t k, Left a, Right b, Result to) {
  while (m > 0) {
    ptrdiff_t rows = 4;
    if (ROWS >= 12 && m >= 12 && m != 16) rows = 12;
    else if (ROWS >= 8 && m >= 8) rows = 8;
#if ROWS >= 12
    if (rows == 12) PANEL(tile)(12, k, a, b, to);
#endif
#if ROWS >= 8
    if (rows == 8) PANEL(tile)(8, k, a, b, to);
#endif
    if (rows == 4) PANEL(tile)(4, k, a, b, to);
    m -= rows;
    a.at += rows / 4 * a.quad;
    to.c += rows * to.row;
    to.mask += rows * to.row;
  }
}

TARGET static void PANEL(pack)(ptrdiff_t k, Right b, float *to) {
  for (; k > 0; k--, b.at += b.row, to += WIDTH) {
    EACH_VECTOR STORE(to + v * LANES, LOAD(b.at + v * LANES));
  }
}

TARGET static void PANEL(pack_transposed)(ptrdiff_t k, Right b, float *to) {
  for (int column = 0; column < WIDTH; column += 8, b.at += 8 * b.row, to += 8) {
    ptrdiff_t i = 0;
    for (; i + 8 <= k; i += 8) TRANSPOSE8(b.at + i, b.row, to + i * WIDTH, WIDTH);
    for (; i < k; i++) {
      for (int c = 0; c < 8; c++) to[i * WIDTH + c] = b.at[c * b.row + i];
    }
  }
}

#undef WIDTH
#undef AHEAD
#undef LOAD
#undef STORE
#undef EACH_ROW
#undef EACH_VECTOR
#undef PANEL
#undef VECTORS
#undef ROWS
