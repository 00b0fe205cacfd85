/*
 * From the numbers of a call to the kernels that work lane by lane. Sizes come first, then byte offsets, then constants;
 * all sizes and offsets are checked before anything is read.
 */
#include "elementwise-calls.h"

#include "calls.h"

static const char *const NEGATIVE = "a kernel's sizes and offsets are not negative";
static const char *const UNEVEN = "a kernel's count or columns are a multiple of 4";
static const char *const OUTSIDE = "a kernel's operand does not lie in the memory";

/* Over `count` contiguous elements. */
static const char *perform_flat(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, LENGTH, X, Y, COUNT, CONSTANTS = COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  if (n[LENGTH] % 4 != 0) return UNEVEN;
  const bool has_y = n[KERNEL] != MISH_FORWARD || n[Y] != 0;
  if (!lies_in(memory, n[X], 1, n[LENGTH], n[LENGTH])) return OUTSIDE;
  if (has_y && !lies_in(memory, n[Y], 1, n[LENGTH], n[LENGTH])) return OUTSIDE;
  const ptrdiff_t count = (ptrdiff_t)n[LENGTH];
  float *x = at(memory, n[X]), *y = has_y ? at(memory, n[Y]) : NULL;
  const float above = (float)call[CONSTANTS], below = (float)call[CONSTANTS + 1];
  if (n[KERNEL] == ADD) set->add(count, x, y);
  else if (n[KERNEL] == MULTIPLY) set->multiply(count, x, y);
  else if (n[KERNEL] == ELU_FORWARD) set->elu(count, x, above, below);
  else if (n[KERNEL] == ELU_BACKWARD) set->elu_slope(count, x, y, above, below);
  else set->mish(count, x, y);
  return NULL;
}

static const char *perform_blend(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, COLUMNS, H, Z, SLOPE, SHARE, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  if (n[COLUMNS] % 4 != 0) return UNEVEN;
  const int64_t rows = n[ROWS], columns = n[COLUMNS];
  if (!lies_in(memory, n[H], rows, columns, columns) || !lies_in(memory, n[Z], rows, columns, columns) ||
      (n[SLOPE] != 0 && !lies_in(memory, n[SLOPE], rows, columns, columns)) ||
      !lies_in(memory, n[SHARE], 1, columns, columns)) {
    return OUTSIDE;
  }
  const float *share = at(memory, n[SHARE]);
  for (int64_t row = 0; row < rows; row++) {
    const ptrdiff_t from = (ptrdiff_t)(row * columns);
    float *slope = n[SLOPE] == 0 ? NULL : at(memory, n[SLOPE]) + from;
    set->blend((ptrdiff_t)columns, at(memory, n[H]) + from, at(memory, n[Z]) + from, slope, share);
  }
  return NULL;
}

/* One column: a chain of additions down a vector, which lanes do not help. */
static void sum_column(ptrdiff_t rows, const float *d, float *g, bool accumulates) {
  float sum = 0;
  for (ptrdiff_t row = 0; row < rows; row++) sum += d[row];
  *g = accumulates ? sum + *g : sum;
}

/* The sums of columns of D, or of D times BY. */
static const char *perform_sums(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, COLUMNS, D, LD, BY, G, ACCUMULATES, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  const bool single = n[KERNEL] == BIAS_GRADIENT && n[LD] == 1 && n[COLUMNS] == 1;
  if (n[COLUMNS] % 4 != 0 && !single) return UNEVEN;
  const bool products = n[KERNEL] == BLEND_GRADIENT;
  if (!lies_in(memory, n[D], n[ROWS], n[COLUMNS], n[LD]) || !lies_in(memory, n[G], 1, n[COLUMNS], n[COLUMNS]) ||
      (products && !lies_in(memory, n[BY], n[ROWS], n[COLUMNS], n[LD]))) {
    return OUTSIDE;
  }
  if (single) {
    sum_column((ptrdiff_t)n[ROWS], at(memory, n[D]), at(memory, n[G]), n[ACCUMULATES] != 0);
    return NULL;
  }
  set->sum_rows((ptrdiff_t)n[ROWS], (ptrdiff_t)n[COLUMNS], at(memory, n[D]), products ? at(memory, n[BY]) : NULL,
                (ptrdiff_t)n[LD], at(memory, n[G]), n[ACCUMULATES] != 0);
  return NULL;
}

/* "lowbias32", as in lanes.h. */
static uint32_t mix(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

static const char *perform_dropout(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, COLUMNS, FROM, TO, ROW_KEY, UNIT_KEY, FIRST_ROW, KEEP_BELOW, COUNT, SCALE = COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  if (n[COLUMNS] % 4 != 0) return UNEVEN;
  const int64_t rows = n[ROWS], columns = n[COLUMNS];
  if (!lies_in(memory, n[FROM], rows, columns, columns) || !lies_in(memory, n[TO], rows, columns, columns)) {
    return OUTSIDE;
  }
  for (int64_t row = 0; row < rows; row++) {
    const uint32_t key = mix(((uint32_t)n[FIRST_ROW] + (uint32_t)row) ^ (uint32_t)n[ROW_KEY]) ^ (uint32_t)n[UNIT_KEY];
    const ptrdiff_t from = (ptrdiff_t)(row * columns);
    set->drop((ptrdiff_t)columns, at(memory, n[FROM]) + from, at(memory, n[TO]) + from, key, (uint32_t)n[KEEP_BELOW],
              (float)call[SCALE]);
  }
  return NULL;
}

/* With one column, a product of two vectors. */
static const char *perform_scale_rows(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, COLUMNS, W, S, TO, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  const int64_t rows = n[ROWS], columns = n[COLUMNS];
  if (columns % 4 != 0 && !(columns == 1 && rows % 4 == 0)) return UNEVEN;
  if (!lies_in(memory, n[W], rows, columns, columns) || !lies_in(memory, n[S], 1, rows, rows) ||
      !lies_in(memory, n[TO], rows, columns, columns)) {
    return OUTSIDE;
  }
  const float *w = at(memory, n[W]), *s = at(memory, n[S]);
  float *to = at(memory, n[TO]);
  for (int64_t row = 0; row < rows; row++, w += columns, to += columns) {
    if (columns == 1) *to = s[row] * *w;
    else set->scale((ptrdiff_t)columns, s[row], w, to);
  }
  return NULL;
}

/* The parameters of one number after those of `number` others. */
static Waves waves_of(Memory memory, const int64_t offsets[4], int64_t number) {
  return (Waves){
      .frequency = at(memory, offsets[0]) + number * FREQUENCIES,
      .phase = at(memory, offsets[1]) + number * FREQUENCIES,
      .weight = at(memory, offsets[2]) + number * FREQUENCIES * WAVES,
      .bias = at(memory, offsets[3]) + number * WAVES,
  };
}

/* Whether `count` vectors of parameters (frequency, phase, weight, bias) lie in the memory. */
static bool waves_lie_in(Memory memory, const int64_t *offsets, int count, int64_t numbers) {
  const int64_t sizes[] = {FREQUENCIES, FREQUENCIES, FREQUENCIES * WAVES, WAVES};
  for (int i = 0; i < count; i++) {
    if (!lies_in(memory, offsets[i], numbers, sizes[i], sizes[i])) return false;
  }
  return true;
}

static const char *perform_waves(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, NUMBERS, X, LDX, PARAMETERS, Y = PARAMETERS + 4, LDY, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  if (n[ROWS] % 4 != 0) return "rows of periodic functions are a multiple of 4";
  if (!lies_in(memory, n[X], n[ROWS], n[NUMBERS], n[LDX]) || !waves_lie_in(memory, n + PARAMETERS, 4, n[NUMBERS]) ||
      n[NUMBERS] > INT32_MAX / WAVES || !lies_in(memory, n[Y], n[ROWS], n[NUMBERS] * WAVES, n[LDY])) {
    return OUTSIDE;
  }
  for (int64_t number = 0; number < n[NUMBERS]; number++) {
    const Waves by = waves_of(memory, n + PARAMETERS, number);
    const WaveRows of = {
        .rows = (ptrdiff_t)n[ROWS],
        .x = at(memory, n[X]) + number,
        .x_row = (ptrdiff_t)n[LDX],
        .y = at(memory, n[Y]) + number * WAVES,
        .y_row = (ptrdiff_t)n[LDY],
    };
    set->waves(of, &by);
  }
  return NULL;
}

/* A column of floats, and zeros up to a multiple of 4. */
static void copy_column(const float *from, ptrdiff_t row, ptrdiff_t rows, float *to) {
  ptrdiff_t r = 0;
  for (; r < rows; r++) to[r] = from[r * row];
  for (; r % 4 != 0; r++) to[r] = 0;
}

/* Every fourth element is a sum; these are joined in pairs. */
static float sum_in_fours(const float *x, ptrdiff_t count) {
  float sums[4] = {0, 0, 0, 0};
  for (ptrdiff_t i = 0; i < count; i += 4) {
    for (int lane = 0; lane < 4; lane++) sums[lane] += x[i + lane];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* GRADIENTS are laid out like the parameters, of which the bias has no part in this. */
static const char *perform_waves_gradient(const Elementwise *set, Memory memory, const double *call) {
  enum { KERNEL, ROWS, NUMBERS, X, LDX, D, LDD, PARAMETERS, GRADIENTS = PARAMETERS + 3 };
  enum { ACCUMULATES = GRADIENTS + 4, WORKSPACE, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return NEGATIVE;
  if (n[ROWS] > KC) return "rows of a periodic gradient are at most 256";
  const ptrdiff_t rows = (ptrdiff_t)n[ROWS], length = (rows + 3) / 4 * 4;
  if (!lies_in(memory, n[X], rows, n[NUMBERS], n[LDX]) || !waves_lie_in(memory, n + PARAMETERS, 3, n[NUMBERS]) ||
      !waves_lie_in(memory, n + GRADIENTS, 4, n[NUMBERS]) || n[NUMBERS] > INT32_MAX / WAVES ||
      !lies_in(memory, n[D], rows, n[NUMBERS] * WAVES, n[LDD]) || !lies_in(memory, n[WORKSPACE], 4, length, length)) {
    return OUTSIDE;
  }
  float *columns = at(memory, n[WORKSPACE]);
  const int64_t parameters[] = {n[PARAMETERS], n[PARAMETERS + 1], n[PARAMETERS + 2], n[GRADIENTS + 3]};
  for (int64_t number = 0; number < n[NUMBERS]; number++) {
    const Waves by = waves_of(memory, parameters, number), to = waves_of(memory, n + GRADIENTS, number);
    copy_column(at(memory, n[X]) + number, (ptrdiff_t)n[LDX], rows, columns);
    for (int wave = 0; wave < WAVES; wave++) {
      float *d = columns + (wave + 1) * length;
      copy_column(at(memory, n[D]) + number * WAVES + wave, (ptrdiff_t)n[LDD], rows, d);
      const float sum = sum_in_fours(d, length);
      to.bias[wave] = n[ACCUMULATES] != 0 ? sum + to.bias[wave] : sum;
    }
    set->waves_gradient(length, columns, &by, &to, n[ACCUMULATES] != 0);
  }
  return NULL;
}

const char *perform_elementwise(const Elementwise *set, Memory memory, const double *call) {
  if (call[0] <= MISH_FORWARD) return perform_flat(set, memory, call);
  if (call[0] == BLEND_FORWARD) return perform_blend(set, memory, call);
  if (call[0] <= BIAS_GRADIENT) return perform_sums(set, memory, call);
  if (call[0] == DROPOUT) return perform_dropout(set, memory, call);
  if (call[0] == SCALE_ROWS) return perform_scale_rows(set, memory, call);
  if (call[0] == PERIODIC_FORWARD) return perform_waves(set, memory, call);
  return perform_waves_gradient(set, memory, call);
}
