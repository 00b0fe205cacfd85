/*
 * What tables are written, measured and standardised by (src/data/), for one width of float64 vectors; a template, included once
 * for each, with these macros:
 *
 *   LANE(name)   the name with a suffix of its own
 *   TARGET       attribute that lets a function use the instruction set
 *   WIDTH        2, 4 or 8
 *   Singles, Doubles, Masks   vectors of WIDTH float32, float64, int64
 *
 * Rows are float32, and lanes are columns that lie side by side. Every column is added up in float64, row by row, as a loop over
 * it alone would: so neither the width nor who else is in the vector shows in a bit. What is missing is NaN, and is selected away.
 *
 * It undefines all of them but TARGET.
 */
#define FUNCTION TARGET static
#define WIDENED(p) __builtin_convertvector(*(const Singles *)(p), Doubles)
#define CHOOSE(mask, x, y) ((Doubles)(((Masks)(x) & (mask)) | ((Masks)(y) & ~(mask))))

/* Adds to count, missing, sum (in the place of the mean), min and max of WIDTH columns, and keeps lanes from `first` on. */
FUNCTION void LANE(add_sums)(TableRows of, Moments *to, int first) {
  Masks known = {0};
  Doubles sum, min, max;
  for (int i = 0; i < WIDTH; i++) sum[i] = to[i].mean, min[i] = to[i].min, max[i] = to[i].max;
  for (ptrdiff_t row = 0; row < of.rows; row++, of.at += of.stride) {
    const Doubles v = WIDENED(of.at);
    const Masks is_known = v == v;
    known -= is_known;
    sum += (Doubles)((Masks)v & is_known);
    min = CHOOSE(v < min, v, min);
    max = CHOOSE(v > max, v, max);
  }
  for (int i = first; i < WIDTH; i++) {
    to[i].count += (double)known[i];
    to[i].missing += (double)(of.rows - known[i]);
    to[i].mean = sum[i];
    to[i].min = min[i];
    to[i].max = max[i];
  }
}

/* Adds the squared deviations from the mean. */
FUNCTION void LANE(add_squares)(TableRows of, Moments *to, int first) {
  Doubles mean, sum;
  for (int i = 0; i < WIDTH; i++) mean[i] = to[i].mean, sum[i] = to[i].m2;
  for (ptrdiff_t row = 0; row < of.rows; row++, of.at += of.stride) {
    const Doubles deviation = WIDENED(of.at) - mean, square = deviation * deviation;
    sum += (Doubles)((Masks)square & (square == square));
  }
  for (int i = first; i < WIDTH; i++) to[i].m2 = sum[i];
}

/* v = (v - shift) / scale, or what stands for a missing one, in lanes from `first` on. */
FUNCTION void LANE(standardise)(TableRows of, const Standard *by, int first) {
  Doubles shift, scale, missing;
  for (int i = 0; i < WIDTH; i++) {
    const Standard standard = i < first ? UNCHANGED : by[i];
    shift[i] = standard.shift;
    scale[i] = standard.scale;
    missing[i] = standard.missing;
  }
  for (ptrdiff_t row = 0; row < of.rows; row++, of.at += of.stride) {
    const Doubles v = WIDENED(of.at), z = (v - shift) / scale;
    *(Singles *)of.at = __builtin_convertvector(CHOOSE(v == v, z, missing), Singles);
  }
}

#undef FUNCTION
#undef WIDENED
#undef CHOOSE
#undef LANE
#undef WIDTH
#undef Singles
#undef Doubles
#undef Masks
