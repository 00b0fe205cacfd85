/* What works lane by lane on x86-64 (x64-lanes.c), for the table of instruction sets (x64.c). */
#ifndef PARAGRAD_X64_LANES_H
#define PARAGRAD_X64_LANES_H

#include "elementwise.h"
#include "table-kernels.h"
#include "update.h"

extern const Updates UPDATES_512, UPDATES_256;
extern const Elementwise ELEMENTWISE_512, ELEMENTWISE_256;
extern const TableKernels TABLE_512, TABLE_256;

#endif
