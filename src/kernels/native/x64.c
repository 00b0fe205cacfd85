/*
 * The products of x86-64: AVX-512 where there is one, else AVX2 with FMA, chosen by what processor and system support.
 *
 * AVX-512 has 32 registers: 12 x 2 sums. AVX2 has 16: 4 x 3, 4 x 2 and, for the last 8 columns of either, 12 x 1.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#include "instruction-set.h"
#include "unroll.h"
#include "x64-lanes.h"

#define AVX512 __attribute__((target("avx512f,avx2,fma")))
#define AVX2 __attribute__((target("avx2,fma")))

typedef float Floats16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int Ints16 __attribute__((vector_size(64)));
typedef float Floats8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int Ints8 __attribute__((vector_size(32)));

/* Rows 0-3 and 4-7 side by side in the halves of a register, so that shuffles stay inside halves. */
AVX2 static inline __attribute__((always_inline)) void transpose8(
    const float *from, ptrdiff_t row, float *to, ptrdiff_t to_row) {
  __m256 pairs[8];
  UNROLL for (int r = 0; r < 4; r++) {
    UNROLL for (int half = 0; half < 2; half++) {
      const float *at = from + r * row + 4 * half;
      pairs[r + 4 * half] =
          _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(at)), _mm_loadu_ps(at + 4 * row), 1);
    }
  }
  UNROLL for (int half = 0; half < 8; half += 4) {
    const __m256 low01 = _mm256_unpacklo_ps(pairs[half], pairs[half + 1]);
    const __m256 high01 = _mm256_unpackhi_ps(pairs[half], pairs[half + 1]);
    const __m256 low23 = _mm256_unpacklo_ps(pairs[half + 2], pairs[half + 3]);
    const __m256 high23 = _mm256_unpackhi_ps(pairs[half + 2], pairs[half + 3]);
    float *at = to + half * to_row;
    _mm256_storeu_ps(at, _mm256_shuffle_ps(low01, low23, 0x44));
    _mm256_storeu_ps(at + to_row, _mm256_shuffle_ps(low01, low23, 0xee));
    _mm256_storeu_ps(at + 2 * to_row, _mm256_shuffle_ps(high01, high23, 0x44));
    _mm256_storeu_ps(at + 3 * to_row, _mm256_shuffle_ps(high01, high23, 0xee));
  }
}
#define TRANSPOSE8 transpose8

#define TARGET AVX512
#define Floats Floats16
#define Ints Ints16
#define LANES 16
#define SPLAT(x) ((Floats16)_mm512_set1_ps(x))
#define MADD(a, b, c) ((Floats16)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))

#define PANEL(name) name##_512x2
#define VECTORS 2
#define ROWS 12
#include "panel.h"

#define PANEL(name) name##_512x1
#define VECTORS 1
#define ROWS 12
#include "panel.h"

#undef TARGET
#undef Floats
#undef Ints
#undef LANES
#undef SPLAT
#undef MADD

#define TARGET AVX2
#define Floats Floats8
#define Ints Ints8
#define LANES 8
#define SPLAT(x) ((Floats8)_mm256_set1_ps(x))
#define MADD(a, b, c) ((Floats8)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))

#define PANEL(name) name##_256x3
#define VECTORS 3
#define ROWS 4
#include "panel.h"

#define PANEL(name) name##_256x2
#define VECTORS 2
#define ROWS 4
#include "panel.h"

#define PANEL(name) name##_256x1
#define VECTORS 1
#define ROWS 12
#include "panel.h"

static const Panel PANELS_512[] = {
    {32, multiply_512x2, pack_512x2, pack_transposed_512x2},
    {16, multiply_512x1, pack_512x1, pack_transposed_512x1},
    {8, multiply_256x1, pack_256x1, pack_transposed_256x1},
};
static const Panel PANELS_256[] = {
    {24, multiply_256x3, pack_256x3, pack_transposed_256x3},
    {16, multiply_256x2, pack_256x2, pack_transposed_256x2},
    {8, multiply_256x1, pack_256x1, pack_transposed_256x1},
};
static const InstructionSet SET_AVX512 = {"avx512", PANELS_512, &UPDATES_512, &ELEMENTWISE_512, &TABLE_512};
static const InstructionSet SET_AVX2 = {"avx2", PANELS_256, &UPDATES_256, &ELEMENTWISE_256, &TABLE_256};

void find_instruction_sets(const InstructionSet *sets[MOST_SETS + 1]) {
  int count = 0;
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f")) sets[count++] = &SET_AVX512;
  if (avx2) sets[count++] = &SET_AVX2;
  sets[count] = NULL;
}
#endif
