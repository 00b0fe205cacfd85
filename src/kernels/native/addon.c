/*
 * The addon as Node sees it: a function for each instruction set that this processor has, best first, by its name.
 *
 *   const run = addon.avx512(memory, call);
 *
 * `memory` is a Float32Array over the whole memory, `call` a Float64Array of CALL_LENGTH numbers; both over shared buffers,
 * which cannot be detached, so that their addresses hold for as long as `run` does. run() computes the product that
 * `call` describes then: the form, and the arguments of the kernel in src/kernels/kernels.ts. (Passing them as arguments
 * takes five times as long as the call itself, 130 ns: Node-API converts each one.)
 *
 * Every number is checked against the memory before anything is read: a wrong call throws a RangeError. A call allocates
 * nothing and there is no state beside what was bound, so any number of threads may load the addon. Not here: the
 * products themselves (blocks.c, panel.h).
 */
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "product.h"

/* Places in `call`; the tests hold them together with src/kernels/native.ts. EXTRA is the bias of NN, the mask of NT. */
enum { FORM, M, N, K, A, LDA, B, LDB, C, LDC, EXTRA, EPILOGUE, WORKSPACE, CALL_LENGTH };
enum { NN, TN, NT };

typedef struct {
  const InstructionSet *set;
  float *floats;
  uint64_t length;
  const double *call;
  /* Keep alive: the arrays of memory and call, and the buffer in which this record is. */
  napi_ref held[3];
} Binding;

/* Whether [rows, columns] float32 at a byte offset, with rows `stride` apart, lie in the memory. All below 2^53. */
static bool lies_in(const Binding *memory, int64_t offset, int64_t rows, int64_t columns, int64_t stride) {
  if (offset % (int64_t)sizeof(float) != 0 || stride < columns || stride > INT32_MAX || rows > INT32_MAX) return false;
  const uint64_t extent = rows == 0 ? 0 : (uint64_t)(rows - 1) * (uint64_t)stride + (uint64_t)columns;
  return (uint64_t)offset / sizeof(float) + extent <= memory->length;
}

static float *at(const Binding *memory, int64_t offset) { return memory->floats + offset / (int64_t)sizeof(float); }

/* Describes the call as a product; what is wrong with it, or a null pointer. */
static const char *read_call(const Binding *memory, Product *product) {
  int64_t x[CALL_LENGTH];
  for (int i = 0; i < CALL_LENGTH; i++) {
    if (!(memory->call[i] >= 0 && memory->call[i] <= 9007199254740991.0)) return "a product's numbers are not negative";
    x[i] = (int64_t)memory->call[i];
  }
  const int64_t workspace = WORKSPACE_BYTES / sizeof(float);
  const int epilogues[] = {[NN] = BIAS | RELU, [TN] = ACCUMULATE, [NT] = RELU_MASK};
  if (x[FORM] > NT) return "a product has form 0, 1 or 2";
  if ((x[EPILOGUE] & ~(int64_t)epilogues[x[FORM]]) != 0) return "this form of product does not have that epilogue";
  if (x[M] % 4 != 0 || x[N] % 8 != 0) return "a product's M is a multiple of 4, its N of 8";
  const bool a_transposed = x[FORM] == TN, b_transposed = x[FORM] == NT;
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
      .bias = x[EPILOGUE] & BIAS ? at(memory, x[EXTRA]) : memory->floats,
      .mask = x[EPILOGUE] & RELU_MASK ? at(memory, x[EXTRA]) : memory->floats,
      .epilogue = (int)x[EPILOGUE],
      .workspace = at(memory, x[WORKSPACE]),
  };
  return NULL;
}

static napi_value run(napi_env env, napi_callback_info info) {
  void *binding;
  Product product;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, &binding) != napi_ok) return NULL;
  const char *problem = read_call(binding, &product);
  if (problem != NULL) napi_throw_range_error(env, NULL, problem);
  else multiply(((const Binding *)binding)->set, &product);
  return NULL;
}

/* The finalizer of run(). The record itself goes with the last reference. */
static void release(napi_env env, void *data, void *hint) {
  (void)hint;
  const Binding binding = *(const Binding *)data;
  for (int i = 0; i < 3; i++) {
    if (binding.held[i] != NULL) napi_delete_reference(env, binding.held[i]);
  }
}

/* The address and length of a typed array of that type over a shared buffer, kept alive by `reference`. */
static bool hold(napi_env env, napi_value array, napi_typedarray_type wanted, void **data, size_t *length,
                 napi_ref *reference) {
  napi_typedarray_type type;
  napi_value buffer;
  bool detachable;
  return napi_get_typedarray_info(env, array, &type, length, data, &buffer, NULL) == napi_ok && type == wanted &&
         napi_is_arraybuffer(env, buffer, &detachable) == napi_ok && !detachable &&
         napi_create_reference(env, array, 1, reference) == napi_ok;
}

static napi_value bind(napi_env env, napi_callback_info info) {
  napi_value arguments[2], buffer, function;
  size_t count = 2, call_length, length;
  void *set, *record, *floats, *call;
  /* The record is in a buffer of the engine, so that the addon needs no C library. */
  if (napi_get_cb_info(env, info, &count, arguments, NULL, &set) != napi_ok ||
      napi_create_arraybuffer(env, sizeof(Binding), &record, &buffer) != napi_ok) {
    return NULL;
  }
  Binding *binding = record;
  *binding = (Binding){.set = set};
  const bool bound = hold(env, arguments[0], napi_float32_array, &floats, &length, &binding->held[0]) &&
                     hold(env, arguments[1], napi_float64_array, &call, &call_length, &binding->held[1]) &&
                     call_length == CALL_LENGTH;
  if (!bound) {
    release(env, binding, NULL);
    napi_throw_type_error(env, NULL, "products are bound to a Float32Array and a Float64Array of 13 on shared memory");
    return NULL;
  }
  binding->floats = floats;
  binding->length = length;
  binding->call = call;
  if (napi_create_reference(env, buffer, 1, &binding->held[2]) != napi_ok ||
      napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, binding, &function) != napi_ok ||
      napi_add_finalizer(env, function, binding, release, NULL, NULL) != napi_ok) {
    release(env, binding, NULL);
    return NULL;
  }
  return function;
}

NAPI_MODULE_INIT() {
  const InstructionSet *sets[MOST_SETS + 1];
  find_instruction_sets(sets);
  for (int i = 0; sets[i] != NULL; i++) {
    napi_value function;
    if (napi_create_function(env, sets[i]->name, NAPI_AUTO_LENGTH, bind, (void *)sets[i], &function) != napi_ok ||
        napi_set_named_property(env, exports, sets[i]->name, function) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}
