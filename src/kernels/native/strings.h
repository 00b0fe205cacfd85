/* Codes of strings. */
#ifndef PARAGRAD_STRINGS_H
#define PARAGRAD_STRINGS_H

#include <stdint.h>

typedef struct {
  void *data;
  /* Elements. */
  uint64_t length;
} Array;

/* A column of strings, and room for what is found out about it. */
typedef struct {
  /* uint8: the strings, one after the other. */
  Array text;
  /* int32: where each begins; one more than there are. */
  Array offsets;
  /* uint8: a bit for each that is not missing; empty where none is missing. */
  Array valid;
  /* int32 [rows]: a code for each row, -1 where missing. */
  Array codes;
  /* int32 [rows + 1]: of each code, the row where it appears first; the last element becomes the number of codes. */
  Array firsts;
  /* int32, a power of 2 and at least twice the rows: used on the way. */
  Array places;
} Strings;

/* Codes the strings from number `from` on, by first appearance; what is wrong, when nothing can be told, or a null pointer. */
const char *code_strings(const double *call, const Strings *of);

#endif
