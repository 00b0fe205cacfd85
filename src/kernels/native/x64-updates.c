/* The updates of x86-64, 16 and 8 elements at a time; the last of them 4 at a time. */
#if defined(__x86_64__)
#include "x64-updates.h"

#include <immintrin.h>

typedef float Floats16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float Floats8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float Floats4 __attribute__((vector_size(16), aligned(4), may_alias));

#define TARGET __attribute__((target("avx2,fma")))

#define Floats Floats4
#define LANES 4
#define SPLAT(x) ((Floats4)_mm_set1_ps(x))
#define SQRT(x) ((Floats4)_mm_sqrt_ps((__m128)(x)))
#define UPDATE(name) name##_128
#include "rules.h"

#undef Floats
#undef LANES
#undef SPLAT
#undef SQRT
#define Floats Floats8
#define LANES 8
#define SPLAT(x) ((Floats8)_mm256_set1_ps(x))
#define SQRT(x) ((Floats8)_mm256_sqrt_ps((__m256)(x)))
#define UPDATE(name) name##_256
#define REST(name) name##_128
#include "rules.h"

#undef TARGET
#undef Floats
#undef LANES
#undef SPLAT
#undef SQRT
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define Floats Floats16
#define LANES 16
#define SPLAT(x) ((Floats16)_mm512_set1_ps(x))
#define SQRT(x) ((Floats16)_mm512_sqrt_ps((__m512)(x)))
#define UPDATE(name) name##_512
#define REST(name) name##_128
#include "rules.h"

const Updates UPDATES_512 = {sgd_512, momentum_512, adam_512};
const Updates UPDATES_256 = {sgd_256, momentum_256, adam_256};
#endif
