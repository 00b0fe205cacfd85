/* The updates of x86-64 (x64-updates.c), for the table of instruction sets (x64.c). */
#ifndef PARAGRAD_X64_UPDATES_H
#define PARAGRAD_X64_UPDATES_H

#include "update.h"

extern const Updates UPDATES_512, UPDATES_256;

#endif
