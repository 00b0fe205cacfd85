/*
 * Gathers rows of a table: numbers, then targets at some distance, then a weight at the row's end, each to a place of its own.
 *
 * Rows are drawn from all over the table, so that each is a cache miss or several: lines are asked for some rows ahead.
 */
#include "gather-call.h"

/* Lines that are asked for ahead, about, and float32 in one. */
enum { LINES_AHEAD = 32, LINE = 16 };

/* A call takes longer than copying less than a few vectors. */
enum { FEW = 16 };

static inline void copy(const Elementwise *set, ptrdiff_t count, const float *from, float *to) {
  if (count >= FEW) set->copy(count, from, to);
  else for (ptrdiff_t i = 0; i < count; i++) to[i] = from[i];
}

static inline void ask_for(const float *row, ptrdiff_t stride) {
  for (ptrdiff_t at = 0; at < stride; at += LINE) __builtin_prefetch(row + at);
  __builtin_prefetch(row + stride - 1);
}

const char *perform_gather(const Elementwise *set, Memory memory, Memory table, const double *call) {
  enum { KERNEL, ROWS, SLOTS, STRIDE, NUMBERS, X, LDX, TARGET_AT, TARGETS, Y, WEIGHTS, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return "a gather's sizes and offsets are not negative";
  const int64_t rows = n[ROWS], stride = n[STRIDE];
  if (stride == 0 || stride > INT32_MAX || n[NUMBERS] > stride || n[TARGET_AT] > stride ||
      n[TARGETS] > stride - n[TARGET_AT]) {
    return "a row has fewer elements than are gathered";
  }
  if (!lies_in(memory, n[SLOTS], 1, rows, rows) || !lies_in(memory, n[X], rows, n[NUMBERS], n[LDX]) ||
      !lies_in(memory, n[Y], rows, n[TARGETS], n[TARGETS]) ||
      (n[WEIGHTS] != 0 && !lies_in(memory, n[WEIGHTS], 1, rows, rows))) {
    return "a gather's operand does not lie in the memory";
  }
  const uint32_t *slots = (const uint32_t *)at(memory, n[SLOTS]);
  const uint64_t last = table.length / (uint64_t)stride;
  for (int64_t r = 0; r < rows; r++) {
    if (slots[r] >= last) return "a row does not lie in the table";
  }
  const int64_t ahead = 1 + LINES_AHEAD * LINE / stride;
  for (int64_t r = 0; r < ahead && r < rows; r++) ask_for(table.floats + slots[r] * (uint64_t)stride, (ptrdiff_t)stride);
  float *x = at(memory, n[X]), *y = at(memory, n[Y]);
  for (int64_t r = 0; r < rows; r++, x += n[LDX], y += n[TARGETS]) {
    const float *row = table.floats + slots[r] * (uint64_t)stride;
    if (r + ahead < rows) ask_for(table.floats + slots[r + ahead] * (uint64_t)stride, (ptrdiff_t)stride);
    copy(set, (ptrdiff_t)n[NUMBERS], row, x);
    copy(set, (ptrdiff_t)n[TARGETS], row + n[TARGET_AT], y);
    if (n[WEIGHTS] != 0) at(memory, n[WEIGHTS])[r] = row[stride - 1];
  }
  return NULL;
}
