/*
 * From the numbers of a call to the kernels of tables. Rows are walked in tiles that stay in the cache, in each of them column
 * by column, a vector of columns at once; the last vector of a row overlaps the one before it.
 */
#include "table-call.h"

#include "calls.h"

/* float32 of a tile, about. */
enum { TILE = 1 << 14 };

static const char *const OUTSIDE = "a table's operand does not lie in the memory";

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t tile_rows(int64_t stride) { return stride < TILE ? TILE / stride : 1; }

/* float64 in the memory, [count] at a multiple of 8 bytes; null where they do not lie there. */
static double *doubles_at(Memory memory, int64_t offset, int64_t count) {
  const bool fits = offset % (int64_t)sizeof(double) == 0 && lies_in(memory, offset, 1, 2 * count, 2 * count);
  return fits ? (double *)(void *)at(memory, offset) : NULL;
}

static void measure(const TableKernels *set, TableRows of, Moments *to) {
  const int width = set->width;
  for (int pass = 0; pass < 2; pass++) {
    for (ptrdiff_t row = 0; row < of.rows; row += tile_rows(of.stride)) {
      const ptrdiff_t rows = least(of.rows - row, tile_rows(of.stride));
      for (ptrdiff_t word = 0; word < of.stride; word += width) {
        const int first = word + width > of.stride ? (int)(word + width - of.stride) : 0;
        const TableRows tile = {rows, of.at + row * of.stride + word - first, of.stride};
        (pass == 0 ? set->add_sums : set->add_squares)(tile, to + word - first, first);
      }
    }
    for (ptrdiff_t word = 0; pass == 0 && word < of.stride; word++) {
      if (to[word].count > 0) to[word].mean /= to[word].count;
    }
  }
}

static void standardise(const TableKernels *set, TableRows of, const Standard *by) {
  const int width = set->width;
  for (ptrdiff_t row = 0; row < of.rows; row += tile_rows(of.stride)) {
    const ptrdiff_t rows = least(of.rows - row, tile_rows(of.stride));
    for (ptrdiff_t word = 0; word < of.stride; word += width) {
      const int first = word + width > of.stride ? (int)(word + width - of.stride) : 0;
      const TableRows tile = {rows, of.at + row * of.stride + word - first, of.stride};
      set->standardise(tile, by + word - first, first);
    }
  }
}

const char *perform_table(const TableKernels *set, Memory memory, Memory table, const double *call) {
  enum { KERNEL, START, ROWS, STRIDE, COLUMNS, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return "a table's sizes and offsets are not negative";
  if (n[STRIDE] < set->width || n[ROWS] > INT32_MAX) return "a row is narrower than a vector";
  if (!lies_in(table, n[START], n[ROWS], n[STRIDE], n[STRIDE])) return "rows do not lie in the table";
  const bool measures = n[KERNEL] == MEASURE_ROWS;
  const size_t size = measures ? sizeof(Moments) : sizeof(Standard);
  double *columns = doubles_at(memory, n[COLUMNS], n[STRIDE] * (int64_t)(size / sizeof(double)));
  if (columns == NULL) return OUTSIDE;
  const TableRows rows = {(ptrdiff_t)n[ROWS], at(table, n[START]), (ptrdiff_t)n[STRIDE]};
  if (measures) measure(set, rows, (Moments *)columns);
  else standardise(set, rows, (const Standard *)columns);
  return NULL;
}

/* Where values go: row rows[i] of the batch to word starts[i] of the table. */
typedef struct {
  const uint32_t *rows, *starts;
  int64_t count;
  float *table;
} Places;

/* Each writes a word of every row; whether one of the numbers became infinite. */
#define WRITE_NUMBERS(name, type)                                            \
  static bool name(Places to, const type *values, int64_t word, double centre) { \
    bool infinite = false;                                                   \
    for (int64_t i = 0; i < to.count; i++) {                                 \
      const float v = (float)((double)values[to.rows[i]] - centre);          \
      infinite |= __builtin_fabsf(v) == __builtin_inff();                    \
      to.table[to.starts[i] + word] = v;                                     \
    }                                                                        \
    return infinite;                                                         \
  }

WRITE_NUMBERS(write_doubles, double)
WRITE_NUMBERS(write_singles, float)

/* Whether a code lies beyond those that are recoded. */
static bool write_codes(Places to, const Source *source, int64_t word) {
  for (int64_t i = 0; i < to.count; i++) {
    const int32_t code = source->codes[to.rows[i]];
    if (code >= 0 && (uint64_t)code >= source->recoded_length) return true;
    to.table[to.starts[i] + word] = code < 0 ? -1.0f : (float)source->recoded[code];
  }
  return false;
}

static bool rows_exist(Places places, uint64_t stride, Memory table, const Source *sources, uint32_t count) {
  uint32_t row = 0, start = 0;
  for (int64_t i = 0; i < places.count; i++) {
    if (places.rows[i] > row) row = places.rows[i];
    if (places.starts[i] > start) start = places.starts[i];
  }
  for (uint32_t c = 0; c < count; c++) {
    if (places.count > 0 && row >= sources[c].length) return false;
  }
  return start + stride <= table.length;
}

const char *perform_write(Memory memory, Memory table, const double *call, const Source *sources, uint32_t count) {
  enum { KERNEL, ROWS, FROM, STARTS, STRIDE, COLUMNS, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n) || n[KERNEL] != WRITE_COLUMNS) return "there is no such kernel";
  const double *columns = doubles_at(memory, n[COLUMNS], 2 * (int64_t)count + 1);
  if (columns == NULL || !lies_in(memory, n[FROM], 1, n[ROWS], n[ROWS]) || !lies_in(memory, n[STARTS], 1, n[ROWS], n[ROWS])) {
    return OUTSIDE;
  }
  const Places all = {(const uint32_t *)at(memory, n[FROM]), (const uint32_t *)at(memory, n[STARTS]), n[ROWS], table.floats};
  if (!rows_exist(all, (uint64_t)n[STRIDE], table, sources, count)) return "a row does not lie in the table, or in its column";
  bool refused = false;
  for (int64_t from = 0; from < n[ROWS]; from += tile_rows(n[STRIDE])) {
    const Places tile = {all.rows + from, all.starts + from, least(n[ROWS] - from, tile_rows(n[STRIDE])), table.floats};
    for (uint32_t c = 0; c < count; c++) {
      const double word = columns[2 * c], centre = columns[2 * c + 1];
      if (!(word >= 0 && word < (double)n[STRIDE])) return "a column does not lie in the row";
      if (sources[c].doubles != NULL) refused |= write_doubles(tile, sources[c].doubles, (int64_t)word, centre);
      else if (sources[c].singles != NULL) refused |= write_singles(tile, sources[c].singles, (int64_t)word, centre);
      else if (write_codes(tile, &sources[c], (int64_t)word)) return "a code is not among those of its column";
    }
  }
  ((double *)(void *)columns)[2 * count] = refused;
  return NULL;
}
