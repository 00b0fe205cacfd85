/* Calls of the kernels that tables are written, measured and standardised by. */
#ifndef PARAGRAD_TABLE_CALL_H
#define PARAGRAD_TABLE_CALL_H

#include "memory.h"
#include "table-kernels.h"

/* A column of a batch as it was decoded: float64 or float32, or codes and what each of them becomes. */
typedef struct {
  const double *doubles;
  const float *singles;
  const int32_t *codes;
  uint64_t length;
  const int32_t *recoded;
  uint64_t recoded_length;
} Source;

/* As perform() in calls.h; of rows of `table`, with numbers of the call's own in `memory`. */
const char *perform_table(const TableKernels *set, Memory memory, Memory table, const double *call);

/* Writes `count` columns to rows of the table. */
const char *perform_write(Memory memory, Memory table, const double *call, const Source *sources, uint32_t count);

#endif
