/*
 * What the parts of the addon share about kernels that work lane by lane: activations, dropout, the learned pieces and
 * the sums over rows of src/kernels/kernels.ts, every operation rounded once and none fused, in the order of the
 * WebAssembly ones (src/kernels/assembly/), so that the width of the vectors shows in no bit.
 */
#ifndef PARAGRAD_ELEMENTWISE_H
#define PARAGRAD_ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

/* Of periodic functions: cosines of a number, and values made of them. */
enum { FREQUENCIES = 16, WAVES = 3 };

/* Some rows of numbers and of their periodic values (or of the gradient by these), each with its distance of rows. */
typedef struct {
  ptrdiff_t rows;
  const float *x;
  ptrdiff_t x_row;
  float *y;
  ptrdiff_t y_row;
} WaveRows;

/* The parameters of the periodic functions of one number, or their gradients. */
typedef struct {
  /* Each [FREQUENCIES]. */
  float *frequency, *phase;
  /* [FREQUENCIES, WAVES], [WAVES] */
  float *weight, *bias;
} Waves;

/* `count` is a multiple of 4 in all of them but copy. */
typedef struct {
  void (*copy)(ptrdiff_t count, const float *x, float *to);
  /* x += y; x *= y; to = factor * x */
  void (*add)(ptrdiff_t count, float *x, const float *y);
  void (*multiply)(ptrdiff_t count, float *x, const float *y);
  void (*scale)(ptrdiff_t count, float factor, const float *x, float *to);
  /* h = h > 0 ? above h : below (e^h - 1); d *= h > 0 ? above : h + below */
  void (*elu)(ptrdiff_t count, float *h, float above, float below);
  void (*elu_slope)(ptrdiff_t count, float *d, const float *h, float above, float below);
  /* h = h tanh(ln(1 + e^h)), and its derivative, unless `slope` is null. */
  void (*mish)(ptrdiff_t count, float *h, float *slope);
  /* h = z + a (h - z); z = h - z; slope = 1 + a (slope - 1), unless it is null. */
  void (*blend)(ptrdiff_t count, float *h, float *z, float *slope, const float *a);
  /* to = x scale where the hash of (key, column) is below `bound`, else 0 */
  void (*drop)(ptrdiff_t count, const float *x, float *to, uint32_t key, uint32_t bound, float scale);
  /* g[count] = the sum of `rows` rows of d, or of d * by where `by` is not null, in order; + g where `accumulate`. */
  void (*sum_rows)(ptrdiff_t rows, ptrdiff_t count, const float *d, const float *by, ptrdiff_t row, float *g,
                   int accumulate);
  /* Of one number; rows a multiple of 4. */
  void (*waves)(WaveRows of, const Waves *by);
  /* The gradients by the parameters, times 1 or added to what `to` holds. Columns of x and d: [4, rows], contiguous. */
  void (*waves_gradient)(ptrdiff_t rows, const float *columns, const Waves *by, const Waves *to, int accumulate);
} Elementwise;

/* Those of one width, in the order above. */
#define ELEMENTWISE(lanes)                                                                       \
  {                                                                                              \
    copy_##lanes, add_##lanes, multiply_##lanes, scale_##lanes, elu_##lanes, elu_slope_##lanes,  \
        mish_##lanes, blend_##lanes, drop_##lanes, sum_rows_##lanes, waves_##lanes, waves_gradient_##lanes,    \
  }

#endif
