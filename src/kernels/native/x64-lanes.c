/* What works lane by lane on x86-64, 16 and 8 elements at a time; the last of them 4 at a time. */
#if defined(__x86_64__)
#include "x64-lanes.h"

#include <immintrin.h>

#include "unroll.h"

typedef float Floats16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int Ints16 __attribute__((vector_size(64)));
typedef unsigned Words16 __attribute__((vector_size(64)));
typedef float Floats8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int Ints8 __attribute__((vector_size(32)));
typedef unsigned Words8 __attribute__((vector_size(32)));
typedef float Floats4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int Ints4 __attribute__((vector_size(16)));
typedef unsigned Words4 __attribute__((vector_size(16)));
typedef double Doubles8 __attribute__((vector_size(64)));
typedef long long Masks8 __attribute__((vector_size(64)));
typedef double Doubles4 __attribute__((vector_size(32)));
typedef long long Masks4 __attribute__((vector_size(32)));

/* To the nearest, and no exception. */
#define TO_NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

#define TARGET __attribute__((target("avx2,fma")))

#define LANE(name) name##_128
#define LANES 4
#define Floats Floats4
#define Ints Ints4
#define Words Words4
#define SPLAT(x) ((Floats4)_mm_set1_ps(x))
#define SPLAT_QUAD(p) ((Floats4)_mm_loadu_ps(p))
#define SQRT(x) ((Floats4)_mm_sqrt_ps((__m128)(x)))
#define NEAREST(x) ((Floats4)_mm_round_ps((__m128)(x), TO_NEAREST))
#include "width.h"

#define LANE(name) name##_256
#define REST(name) name##_128
#define LANES 8
#define Floats Floats8
#define Ints Ints8
#define Words Words8
#define SPLAT(x) ((Floats8)_mm256_set1_ps(x))
#define SPLAT_QUAD(p) ((Floats8)_mm256_broadcast_ps((const __m128 *)(p)))
#define SQRT(x) ((Floats8)_mm256_sqrt_ps((__m256)(x)))
#define NEAREST(x) ((Floats8)_mm256_round_ps((__m256)(x), TO_NEAREST))
#include "width.h"

#define LANE(name) name##_256
#define WIDTH 4
#define Singles Floats4
#define Doubles Doubles4
#define Masks Masks4
#include "table.h"

#undef TARGET
#define TARGET __attribute__((target("avx512f,avx2,fma")))

#define LANE(name) name##_512
#define REST(name) name##_128
#define LANES 16
#define Floats Floats16
#define Ints Ints16
#define Words Words16
#define SPLAT(x) ((Floats16)_mm512_set1_ps(x))
#define SPLAT_QUAD(p) ((Floats16)_mm512_broadcast_f32x4(_mm_loadu_ps(p)))
#define SQRT(x) ((Floats16)_mm512_sqrt_ps((__m512)(x)))
#define NEAREST(x) ((Floats16)_mm512_roundscale_ps((__m512)(x), TO_NEAREST))
#include "width.h"

#define LANE(name) name##_512
#define WIDTH 8
#define Singles Floats8
#define Doubles Doubles8
#define Masks Masks8
#include "table.h"

const Updates UPDATES_512 = {sgd_512, momentum_512, adam_512};
const Updates UPDATES_256 = {sgd_256, momentum_256, adam_256};
const Elementwise ELEMENTWISE_512 = ELEMENTWISE(512);
const Elementwise ELEMENTWISE_256 = ELEMENTWISE(256);
const TableKernels TABLE_512 = TABLE_KERNELS(512, 8);
const TableKernels TABLE_256 = TABLE_KERNELS(256, 4);
#endif
