/* Calls of the kernels that work lane by lane. */
#ifndef PARAGRAD_ELEMENTWISE_CALLS_H
#define PARAGRAD_ELEMENTWISE_CALLS_H

#include "elementwise.h"
#include "memory.h"

/* As perform() in calls.h; call[0] is one of ADD … PERIODIC_GRADIENT. */
const char *perform_elementwise(const Elementwise *set, Memory memory, const double *call);

#endif
