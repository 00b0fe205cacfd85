/*
 * Equal strings get equal codes, by first appearance: a hash table with open addressing over their bytes, eight of them at a
 * time. The codes do not depend on the hash; so whoever codes the strings otherwise (src/data/text-codes.ts) finds the same.
 */
#include "strings.h"

#include "calls.h"

/* The bits of 2^64 divided by the golden ratio, an odd number (Knuth, "The Art of Computer Programming", 6.4). */
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u;

static inline uint64_t eight(const uint8_t *at) {
  uint64_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}

static inline uint32_t four(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}

/* The last bytes of a string, up to eight of them. Two strings of one length have the same exactly where they are equal there. */
static inline uint64_t ending(const uint8_t *at, uint64_t length) {
  if (length >= 4) return four(at) | (uint64_t)four(at + length - 4) << 32;
  if (length == 0) return 0;
  return at[0] | (uint64_t)at[length >> 1] << 8 | (uint64_t)at[length - 1] << 16;
}

/* Its uppermost bits depend on all bytes. */
static inline uint64_t hash_of(const uint8_t *at, uint64_t length) {
  uint64_t hash = length;
  for (; length > 8; at += 8, length -= 8) {
    hash = (hash ^ eight(at)) * GOLDEN;
    hash ^= hash >> 32;
  }
  return (hash ^ ending(at, length)) * GOLDEN;
}

static inline bool are_equal(const uint8_t *a, const uint8_t *b, uint64_t length) {
  for (; length > 8; a += 8, b += 8, length -= 8) {
    if (eight(a) != eight(b)) return false;
  }
  return ending(a, length) == ending(b, length);
}

const char *code_strings(const double *call, const Strings *of) {
  enum { KERNEL, FROM, ROWS, COUNT };
  int64_t n[COUNT];
  if (!read_integers(call, COUNT, n)) return "a column's sizes are not negative";
  const uint64_t from = (uint64_t)n[FROM], rows = (uint64_t)n[ROWS], mask = of->places.length - 1;
  const bool fits = from + rows < of->offsets.length && rows <= of->codes.length && rows < of->firsts.length &&
                    2 * rows <= of->places.length && (of->places.length & mask) == 0 && rows <= INT32_MAX &&
                    (of->valid.length == 0 || from + rows <= 8 * of->valid.length);
  if (!fits || of->places.length < 2) return "a column's rows do not lie in its arrays";
  const uint8_t *text = of->text.data, *valid = of->valid.length == 0 ? NULL : of->valid.data;
  const int32_t *offsets = (const int32_t *)of->offsets.data + from;
  int32_t *codes = of->codes.data, *firsts = of->firsts.data, *places = of->places.data, count = 0;
  const int shift = __builtin_clzll(mask);
  for (uint64_t place = 0; place <= mask; place++) places[place] = -1;
  for (uint64_t row = 0; row < rows; row++) {
    const uint64_t bit = from + row;
    codes[row] = -1;
    if (valid != NULL && (valid[bit >> 3] >> (bit & 7) & 1) == 0) continue;
    const int64_t start = offsets[row], length = offsets[row + 1] - start;
    if (start < 0 || length < 0 || (uint64_t)(start + length) > of->text.length) return "a string does not lie in its text";
    uint64_t place = hash_of(text + start, (uint64_t)length) >> shift;
    for (; places[place] >= 0; place = (place + 1) & mask) {
      const int32_t first = firsts[places[place]];
      if (offsets[first + 1] - offsets[first] == length && are_equal(text + offsets[first], text + start, (uint64_t)length)) break;
    }
    if (places[place] < 0) {
      places[place] = count;
      firsts[count++] = (int32_t)row;
    }
    codes[row] = places[place];
  }
  firsts[of->firsts.length - 1] = count;
  return NULL;
}
