/* One call of a kernel, described by numbers, on a memory. */
#ifndef PARAGRAD_CALLS_H
#define PARAGRAD_CALLS_H

#include <stdint.h>

#include "instruction-set.h"

typedef struct {
  float *floats;
  /* Of float32. */
  uint64_t length;
} Memory;

/* Numbers of a call; those that a kernel has no use for are not read. */
enum { CALL_LENGTH = 15 };

/* Computes what the call says; what is wrong with it, when nothing was computed, or a null pointer. */
const char *perform(const InstructionSet *set, Memory memory, const double call[CALL_LENGTH]);

#endif
