/* The shared memory that kernels work in, and whether what a call names lies in it. */
#ifndef PARAGRAD_MEMORY_H
#define PARAGRAD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  float *floats;
  /* Of float32. */
  uint64_t length;
} Memory;

/* Whether [rows, columns] float32 at a byte offset, with rows `stride` apart, lie in the memory. All below 2^53. */
static inline bool lies_in(Memory memory, int64_t offset, int64_t rows, int64_t columns, int64_t stride) {
  if (offset % (int64_t)sizeof(float) != 0 || stride < columns || stride > INT32_MAX || rows > INT32_MAX) return false;
  const uint64_t extent = rows == 0 ? 0 : (uint64_t)(rows - 1) * (uint64_t)stride + (uint64_t)columns;
  return (uint64_t)offset / sizeof(float) + extent <= memory.length;
}

static inline float *at(Memory memory, int64_t offset) { return memory.floats + offset / (int64_t)sizeof(float); }

/* The whole numbers of a call, up to `count`; false when one is negative, too large or no number. */
static inline bool read_integers(const double *call, int count, int64_t *to) {
  for (int i = 0; i < count; i++) {
    if (!(call[i] >= 0 && call[i] <= 9007199254740991.0)) return false;
    to[i] = (int64_t)call[i];
  }
  return true;
}

#endif
