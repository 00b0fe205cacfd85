/*
 * What the parts of the addon share about products: one description for all forms, and the panels that compute it.
 *
 * M rows, N columns, K steps of a chain. Strides count float32. M is a multiple of 4, N of 8, K any; the arithmetic is
 * that of src/kernels/kernels.ts. Nothing here allocates, checks a bound (addon.c does) or keeps state.
 */
#ifndef PARAGRAD_PRODUCT_H
#define PARAGRAD_PRODUCT_H

#include <stddef.h>

/* Names shared with src/kernels/kernels.ts, which documents them; the tests hold the two together. */
enum { KC = 256, WORKSPACE_BYTES = 1 << 20 };
enum { ACCUMULATE = 1, BIAS = 2, RELU = 4, RELU_MASK = 8 };

/* The widest panel of any instruction set. */
enum { MOST_WIDTH = 32 };

/* C[m, n] = epilogue(A B). */
typedef struct {
  ptrdiff_t m, n, k;
  /* Element (row, step) is at a + row * a_row + step * a_step; one of the two strides is 1. */
  const float *a;
  ptrdiff_t a_row, a_step;
  /* [k, n], or [n, k] where it is transposed, with rows b_row apart. */
  const float *b;
  ptrdiff_t b_row;
  int b_transposed;
  float *c;
  ptrdiff_t c_row;
  /* [n]; read only for BIAS. */
  const float *bias;
  /* [m, n], laid out like C; read only for RELU_MASK. */
  const float *mask;
  int epilogue;
  /* WORKSPACE_BYTES of scratch. */
  float *workspace;
} Product;

/* The left operand of a panel: element (row, step) is at `at` + (row / 4) * quad + (row % 4) * row + step * step. */
typedef struct {
  const float *at;
  ptrdiff_t quad, row, step;
} Left;

/* The right operand of a panel: [k, width]. */
typedef struct {
  const float *at;
  ptrdiff_t row;
} Right;

/* C[m, width] and what its epilogue reads. */
typedef struct {
  float *c;
  const float *bias, *mask;
  ptrdiff_t row;
  int epilogue;
} Result;

/* The code for `width` columns of C, a multiple of 8. */
typedef struct {
  int width;
  /* One chain of k <= KC fused multiply-adds for each element, then the epilogue. */
  void (*multiply)(ptrdiff_t m, ptrdiff_t k, Left a, Right b, Result to);
  /* Copies B[k, width], or the transpose of B[width, k], to [k, width] without gaps. */
  void (*pack)(ptrdiff_t k, Right b, float *to);
  void (*pack_transposed)(ptrdiff_t k, Right b, float *to);
} Panel;

/* `panels` widest first; the last is 8 wide. */
void multiply(const Panel *panels, const Product *product);

#endif
