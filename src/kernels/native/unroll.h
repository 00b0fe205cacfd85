/* UNROLL before a loop of constant length: what is indexed by its variable can then be registers. */
#ifndef PARAGRAD_UNROLL_H
#define PARAGRAD_UNROLL_H

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
