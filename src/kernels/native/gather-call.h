/* Calls of the kernel that gathers rows. */
#ifndef PARAGRAD_GATHER_CALL_H
#define PARAGRAD_GATHER_CALL_H

#include "elementwise.h"
#include "memory.h"

/* As perform() in calls.h; `table` is what rows are gathered from. */
const char *perform_gather(const Elementwise *set, Memory memory, Memory table, const double *call);

#endif
