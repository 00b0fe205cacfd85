/* The kernels of one instruction set, and which sets this processor has. */
#ifndef PARAGRAD_INSTRUCTION_SET_H
#define PARAGRAD_INSTRUCTION_SET_H

#include "elementwise.h"
#include "product.h"
#include "table-kernels.h"
#include "update.h"

typedef struct {
  const char *name;
  /* Widest first; the last is 8 wide. */
  const Panel *panels;
  const Updates *updates;
  const Elementwise *elementwise;
  const TableKernels *table;
} InstructionSet;

/* What this processor can run, best first, ended by a null pointer; empty on processors that the addon does not know. */
enum { MOST_SETS = 2 };
void find_instruction_sets(const InstructionSet *sets[MOST_SETS + 1]);

#endif
