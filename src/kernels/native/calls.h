/* One call of a kernel, described by numbers, on a memory. */
#ifndef PARAGRAD_CALLS_H
#define PARAGRAD_CALLS_H

#include "instruction-set.h"
#include "memory.h"

/* In the order of KERNEL in src/kernels/native.ts. */
enum {
  GEMM_NN,
  GEMM_TN,
  GEMM_NT,
  UPDATE_SGD,
  UPDATE_MOMENTUM,
  UPDATE_ADAM,
  ADD,
  MULTIPLY,
  ELU_FORWARD,
  ELU_BACKWARD,
  MISH_FORWARD,
  BLEND_FORWARD,
  BLEND_GRADIENT,
  BIAS_GRADIENT,
  DROPOUT,
  SCALE_ROWS,
  PERIODIC_FORWARD,
  PERIODIC_GRADIENT,
  GATHER_ROWS,
  MEASURE_ROWS,
  STANDARDISE_ROWS,
  WRITE_COLUMNS,
  CODE_STRINGS,
};

/* Numbers of a call; those that a kernel has no use for are not read. */
enum { CALL_LENGTH = 16 };

/*
 * Computes what the call says, with rows of `table` where it gathers; what is wrong with it, when nothing was computed, or a
 * null pointer.
 */
const char *perform(const InstructionSet *set, Memory memory, Memory table, const double call[CALL_LENGTH]);

#endif
