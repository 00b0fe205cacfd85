/* What tables are written, measured and standardised by: kernels over rows of float32, outside of the memory of a run. */
#ifndef PARAGRAD_TABLE_KERNELS_H
#define PARAGRAD_TABLE_KERNELS_H

#include <stddef.h>

/* Some rows, from one of their columns on. */
typedef struct {
  ptrdiff_t rows;
  float *at;
  ptrdiff_t stride;
} TableRows;

/* Of one column; as src/data/statistics.ts has them. */
typedef struct {
  double count, missing, mean, m2, min, max;
} Moments;

/* How one column is standardised. */
typedef struct {
  double shift, scale, missing;
} Standard;

static const Standard UNCHANGED = {0, 1, __builtin_nan("")};

/* Each on `width` columns side by side, of which those before `first` have been dealt with and stay as they are. */
typedef struct {
  int width;
  void (*add_sums)(TableRows of, Moments *to, int first);
  void (*add_squares)(TableRows of, Moments *to, int first);
  void (*standardise)(TableRows of, const Standard *by, int first);
} TableKernels;

/* Those of one width, in the order above. */
#define TABLE_KERNELS(lanes, width) {width, add_sums_##lanes, add_squares_##lanes, standardise_##lanes}

#endif
