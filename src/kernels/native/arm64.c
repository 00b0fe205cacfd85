/* The kernels of 64-bit ARM: NEON, which every such processor has. 32 registers of 4 lanes: 12 x 2 sums. */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "instruction-set.h"
#include "unroll.h"

typedef float Floats4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int Ints4 __attribute__((vector_size(16)));
typedef unsigned Words4 __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) void transpose4(
    const float *from, ptrdiff_t row, float *to, ptrdiff_t to_row) {
  const float32x4_t r0 = vld1q_f32(from), r1 = vld1q_f32(from + row);
  const float32x4_t r2 = vld1q_f32(from + 2 * row), r3 = vld1q_f32(from + 3 * row);
  const float32x4_t even02 = vzip1q_f32(r0, r2), even13 = vzip1q_f32(r1, r3);
  const float32x4_t odd02 = vzip2q_f32(r0, r2), odd13 = vzip2q_f32(r1, r3);
  vst1q_f32(to, vzip1q_f32(even02, even13));
  vst1q_f32(to + to_row, vzip2q_f32(even02, even13));
  vst1q_f32(to + 2 * to_row, vzip1q_f32(odd02, odd13));
  vst1q_f32(to + 3 * to_row, vzip2q_f32(odd02, odd13));
}

static inline __attribute__((always_inline)) void transpose8(
    const float *from, ptrdiff_t row, float *to, ptrdiff_t to_row) {
  transpose4(from, row, to, to_row);
  transpose4(from + 4, row, to + 4 * to_row, to_row);
  transpose4(from + 4 * row, row, to + 4, to_row);
  transpose4(from + 4 * row + 4, row, to + 4 * to_row + 4, to_row);
}
#define TRANSPOSE8 transpose8

#define TARGET
#define Floats Floats4
#define Ints Ints4
#define LANES 4
#define SPLAT(x) ((Floats)vdupq_n_f32(x))
#define MADD(a, b, c) ((Floats)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))

#define PANEL(name) name##_128x2
#define VECTORS 2
#define ROWS 12
#include "panel.h"

#define LANE(name) name##_128
#define Words Words4
#define SPLAT_QUAD(p) ((Floats)vld1q_f32(p))
#define SQRT(x) ((Floats)vsqrtq_f32((float32x4_t)(x)))
#define NEAREST(x) ((Floats)vrndnq_f32((float32x4_t)(x)))
#include "width.h"

typedef float Singles2 __attribute__((vector_size(8), aligned(4), may_alias));
typedef double Doubles2 __attribute__((vector_size(16)));
typedef long long Masks2 __attribute__((vector_size(16)));

#define LANE(name) name##_128
#define WIDTH 2
#define Singles Singles2
#define Doubles Doubles2
#define Masks Masks2
#include "table.h"

static const Panel PANELS[] = {{8, multiply_128x2, pack_128x2, pack_transposed_128x2}};
static const Updates UPDATES = {sgd_128, momentum_128, adam_128};
static const Elementwise ELEMENTWISE_128 = ELEMENTWISE(128);
static const TableKernels TABLE_128 = TABLE_KERNELS(128, 2);
static const InstructionSet SET_NEON = {"neon", PANELS, &UPDATES, &ELEMENTWISE_128, &TABLE_128};

void find_instruction_sets(const InstructionSet *sets[MOST_SETS + 1]) {
  sets[0] = &SET_NEON;
  sets[1] = NULL;
}
#endif
