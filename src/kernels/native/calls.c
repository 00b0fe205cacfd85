/*
 * From the numbers of a call to a kernel. The first says which kernel; then come the arguments of the kernel of that name
 * in src/kernels/kernels.ts, as src/kernels/native.ts writes them: sizes, byte offsets, constants.
 *
 * Every size and offset is checked against the memory before anything is read.
 */
#include "calls.h"

#include "elementwise-calls.h"
#include "gather-call.h"
#include "table-call.h"

/* EXTRA is the bias of NN and the mask of NT. */
static const char *perform_product(const Panel *panels, Memory memory, const double *call) {
  enum { KERNEL, M, N, K, A, LDA, B, LDB, C, LDC, EXTRA, EPILOGUE, WORKSPACE, COUNT };
  int64_t x[COUNT];
  if (!read_integers(call, COUNT, x)) return "a product's numbers are not negative";
  const int64_t workspace = WORKSPACE_BYTES / sizeof(float);
  const int epilogues[] = {[GEMM_NN] = BIAS | RELU, [GEMM_TN] = ACCUMULATE, [GEMM_NT] = RELU_MASK};
  if ((x[EPILOGUE] & ~(int64_t)epilogues[x[KERNEL]]) != 0) return "this form of product does not have that epilogue";
  if (x[M] % 4 != 0 || x[N] % 8 != 0) return "a product's M is a multiple of 4, its N of 8";
  const bool a_transposed = x[KERNEL] == GEMM_TN, b_transposed = x[KERNEL] == GEMM_NT;
  if (!(a_transposed ? lies_in(memory, x[A], x[K], x[M], x[LDA]) : lies_in(memory, x[A], x[M], x[K], x[LDA]))) {
    return "a product's A does not lie in the memory";
  }
  if (!(b_transposed ? lies_in(memory, x[B], x[N], x[K], x[LDB]) : lies_in(memory, x[B], x[K], x[N], x[LDB]))) {
    return "a product's B does not lie in the memory";
  }
  if (!lies_in(memory, x[C], x[M], x[N], x[LDC])) return "a product's C does not lie in the memory";
  if (x[EPILOGUE] & BIAS && !lies_in(memory, x[EXTRA], 1, x[N], x[N])) {
    return "a product's bias does not lie in the memory";
  }
  if (x[EPILOGUE] & RELU_MASK && !lies_in(memory, x[EXTRA], x[M], x[N], x[LDC])) {
    return "a product's mask does not lie in the memory";
  }
  if (!lies_in(memory, x[WORKSPACE], 1, workspace, workspace)) {
    return "a product's workspace does not lie in the memory";
  }
  const Product product = {
      .m = (ptrdiff_t)x[M],
      .n = (ptrdiff_t)x[N],
      .k = (ptrdiff_t)x[K],
      .a = at(memory, x[A]),
      .a_row = a_transposed ? 1 : (ptrdiff_t)x[LDA],
      .a_step = a_transposed ? (ptrdiff_t)x[LDA] : 1,
      .b = at(memory, x[B]),
      .b_row = (ptrdiff_t)x[LDB],
      .b_transposed = b_transposed,
      .c = at(memory, x[C]),
      .c_row = (ptrdiff_t)x[LDC],
      .bias = x[EPILOGUE] & BIAS ? at(memory, x[EXTRA]) : memory.floats,
      .mask = x[EPILOGUE] & RELU_MASK ? at(memory, x[EXTRA]) : memory.floats,
      .epilogue = (int)x[EPILOGUE],
      .workspace = at(memory, x[WORKSPACE]),
  };
  multiply(panels, &product);
  return NULL;
}

/* Vectors first, then constants. A rule with one slot gives the same vector for M and V. */
static const char *perform_update(const Updates *updates, Memory memory, const double *call) {
  enum { KERNEL, LENGTH, P, G, M, V, COUNT, DIVISOR = COUNT, L2, CLIP, CONSTANTS };
  int64_t x[COUNT];
  if (!read_integers(call, COUNT, x)) return "an update's length and offsets are not negative";
  if (x[LENGTH] % 4 != 0) return "an update's length is a multiple of 4";
  for (int vector = P; vector < COUNT; vector++) {
    if (!lies_in(memory, x[vector], 1, x[LENGTH], x[LENGTH])) return "an update's vector does not lie in the memory";
  }
  const Update update = {
      .p = at(memory, x[P]),
      .g = at(memory, x[G]),
      .m = at(memory, x[M]),
      .v = at(memory, x[V]),
      .count = (ptrdiff_t)x[LENGTH],
      .divisor = (float)call[DIVISOR],
      .l2 = (float)call[L2],
      .clip = (float)call[CLIP],
  };
  const double *constants = call + CONSTANTS;
  if (x[KERNEL] == UPDATE_SGD) {
    updates->sgd(update, (Sgd){(float)constants[0], (float)constants[1]});
  } else if (x[KERNEL] == UPDATE_MOMENTUM) {
    const double rate = constants[0], weight_decay = constants[1];
    const float decay = (float)(1 - rate * weight_decay);
    updates->momentum(update, (Momentum){decay, (float)rate, (float)constants[2], constants[3] != 0});
  } else {
    const double beta1 = constants[1], beta2 = constants[2];
    updates->adam(update, (Adam){
                              .decay = (float)constants[0],
                              .keep1 = (float)beta1,
                              .take1 = (float)(1 - beta1),
                              .keep2 = (float)beta2,
                              .take2 = (float)(1 - beta2),
                              .step = (float)constants[3],
                              .inverse_root = (float)constants[4],
                              .epsilon = (float)constants[5],
                          });
  }
  return NULL;
}

const char *perform(const InstructionSet *set, Memory memory, Memory table, const double call[CALL_LENGTH]) {
  if (call[0] >= GEMM_NN && call[0] <= GEMM_NT) return perform_product(set->panels, memory, call);
  if (call[0] >= UPDATE_SGD && call[0] <= UPDATE_ADAM) return perform_update(set->updates, memory, call);
  if (call[0] >= ADD && call[0] <= PERIODIC_GRADIENT) return perform_elementwise(set->elementwise, memory, call);
  if (call[0] == GATHER_ROWS) return perform_gather(set->elementwise, memory, table, call);
  if (call[0] == MEASURE_ROWS || call[0] == STANDARDISE_ROWS) return perform_table(set->table, memory, table, call);
  return "there is no such kernel";
}
