/*
 * The addon as Node sees it: an object for each instruction set that this processor has, best first, with the three
 * products. Each takes a Float32Array over the whole (shared) memory and then the arguments of the kernel of that name in
 * src/kernels/kernels.ts: sizes, byte offsets, leading dimensions.
 *
 * Every argument is checked against the memory before anything is read: a wrong call throws a RangeError. Nothing is
 * allocated and no state is kept, so any number of threads may load it. Not here: the products themselves (blocks.c,
 * panel.h).
 */
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "product.h"

typedef struct {
  float *floats;
  uint64_t length;
} Memory;

/* The arguments after the memory; all forms have the first nine. */
enum { M, N, K, A, LDA, B, LDB, C, LDC, COMMON, MOST_ARGUMENTS = COMMON + 3 };

static bool throw_unless(napi_env env, bool condition, const char *message) {
  if (!condition) napi_throw_range_error(env, NULL, message);
  return condition;
}

/* Reads the memory and `count` integers; false with an exception pending when they are not that. */
static bool read_arguments(napi_env env, napi_callback_info info, size_t count, Memory *memory, int64_t *arguments,
                           const InstructionSet **set) {
  napi_value values[1 + MOST_ARGUMENTS];
  size_t given = 1 + count;
  napi_typedarray_type type;
  size_t length;
  void *data;
  bool right = napi_get_cb_info(env, info, &given, values, NULL, (void **)set) == napi_ok && given == 1 + count &&
               napi_get_typedarray_info(env, values[0], &type, &length, &data, NULL, NULL) == napi_ok &&
               type == napi_float32_array;
  for (size_t i = 0; right && i < count; i++) right = napi_get_value_int64(env, values[1 + i], &arguments[i]) == napi_ok;
  if (!right) napi_throw_type_error(env, NULL, "a product takes a Float32Array and numbers");
  else *memory = (Memory){data, length};
  return right;
}

/* Whether [rows, columns] at a byte offset, with rows `stride` apart, lies in the memory. Sizes are below 2^31. */
static bool lies_in(Memory memory, int64_t offset, int64_t rows, int64_t columns, int64_t stride) {
  if (offset < 0 || offset % (int64_t)sizeof(float) != 0 || stride < columns || stride > INT32_MAX) return false;
  const uint64_t extent = rows == 0 ? 0 : (uint64_t)(rows - 1) * (uint64_t)stride + (uint64_t)columns;
  return (uint64_t)offset / sizeof(float) + extent <= memory.length;
}

static float *at(Memory memory, int64_t offset) { return memory.floats + offset / (int64_t)sizeof(float); }

/* Checks what all forms share and fills it in; `a_rows` and `b_rows` say how the operands are stored. */
static bool read_product(napi_env env, Memory memory, const int64_t *x, bool a_transposed, bool b_transposed,
                         Product *product) {
  const bool sizes = x[M] >= 0 && x[N] >= 0 && x[K] >= 0 && x[M] <= INT32_MAX && x[N] <= INT32_MAX &&
                     x[K] <= INT32_MAX && x[M] % 4 == 0 && x[N] % 8 == 0;
  if (!throw_unless(env, sizes, "a product's M is a multiple of 4, its N of 8, its K not negative")) return false;
  const bool a = a_transposed ? lies_in(memory, x[A], x[K], x[M], x[LDA]) : lies_in(memory, x[A], x[M], x[K], x[LDA]);
  const bool b = b_transposed ? lies_in(memory, x[B], x[N], x[K], x[LDB]) : lies_in(memory, x[B], x[K], x[N], x[LDB]);
  if (!throw_unless(env, a, "a product's A does not lie in the memory")) return false;
  if (!throw_unless(env, b, "a product's B does not lie in the memory")) return false;
  if (!throw_unless(env, lies_in(memory, x[C], x[M], x[N], x[LDC]), "a product's C does not lie in the memory")) {
    return false;
  }
  *product = (Product){
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
      .bias = memory.floats,
      .mask = memory.floats,
  };
  return true;
}

/* Fills in epilogue and workspace and computes. */
static void run(napi_env env, const InstructionSet *set, Memory memory, Product *product, int64_t epilogue,
                int64_t allowed, int64_t workspace) {
  if (!throw_unless(env, (epilogue & ~allowed) == 0, "this form of product does not have that epilogue")) return;
  const int64_t floats = WORKSPACE_BYTES / sizeof(float);
  if (!throw_unless(env, lies_in(memory, workspace, 1, floats, floats), "a product's workspace does not lie in the memory")) {
    return;
  }
  product->epilogue = (int)epilogue;
  product->workspace = at(memory, workspace);
  multiply(set, product);
}

static napi_value gemm_nn(napi_env env, napi_callback_info info) {
  enum { OFFSET = COMMON, FLAGS, WORKSPACE, COUNT };
  Memory memory;
  int64_t x[MOST_ARGUMENTS];
  const InstructionSet *set;
  Product product;
  if (!read_arguments(env, info, COUNT, &memory, x, &set)) return NULL;
  if (!read_product(env, memory, x, false, false, &product)) return NULL;
  if (x[FLAGS] & BIAS) {
    const bool bias = lies_in(memory, x[OFFSET], 1, x[N], x[N]);
    if (!throw_unless(env, bias, "a product's bias does not lie in the memory")) return NULL;
    product.bias = at(memory, x[OFFSET]);
  }
  run(env, set, memory, &product, x[FLAGS], BIAS | RELU, x[WORKSPACE]);
  return NULL;
}

static napi_value gemm_tn(napi_env env, napi_callback_info info) {
  enum { FLAGS = COMMON, WORKSPACE, COUNT };
  Memory memory;
  int64_t x[MOST_ARGUMENTS];
  const InstructionSet *set;
  Product product;
  if (!read_arguments(env, info, COUNT, &memory, x, &set)) return NULL;
  if (!read_product(env, memory, x, true, false, &product)) return NULL;
  run(env, set, memory, &product, x[FLAGS], ACCUMULATE, x[WORKSPACE]);
  return NULL;
}

static napi_value gemm_nt(napi_env env, napi_callback_info info) {
  enum { OFFSET = COMMON, FLAGS, WORKSPACE, COUNT };
  Memory memory;
  int64_t x[MOST_ARGUMENTS];
  const InstructionSet *set;
  Product product;
  if (!read_arguments(env, info, COUNT, &memory, x, &set)) return NULL;
  if (!read_product(env, memory, x, false, true, &product)) return NULL;
  if (x[FLAGS] & RELU_MASK) {
    const bool mask = lies_in(memory, x[OFFSET], x[M], x[N], x[LDC]);
    if (!throw_unless(env, mask, "a product's mask does not lie in the memory")) return NULL;
    product.mask = at(memory, x[OFFSET]);
  }
  run(env, set, memory, &product, x[FLAGS], RELU_MASK, x[WORKSPACE]);
  return NULL;
}

/* Sets object[name] to a function whose calls use the instruction set; false with an exception pending. */
static bool define(napi_env env, napi_value object, const char *name, napi_callback callback,
                   const InstructionSet *set) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, (void *)set, &function) == napi_ok &&
         napi_set_named_property(env, object, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  const InstructionSet *sets[MOST_SETS + 1];
  find_instruction_sets(sets);
  for (int i = 0; sets[i] != NULL; i++) {
    napi_value products;
    const bool defined = napi_create_object(env, &products) == napi_ok &&
                         define(env, products, "gemmNN", gemm_nn, sets[i]) &&
                         define(env, products, "gemmTN", gemm_tn, sets[i]) &&
                         define(env, products, "gemmNT", gemm_nt, sets[i]) &&
                         napi_set_named_property(env, exports, sets[i]->name, products) == napi_ok;
    if (!defined) return NULL;
  }
  return exports;
}
