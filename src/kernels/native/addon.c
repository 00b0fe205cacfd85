/*
 * The addon as Node sees it: a function for each instruction set that this processor has, best first, by its name.
 *
 *   const run = addon.avx512(memory, call, table);
 *
 * `memory` is a Float32Array over the whole memory, `call` a Float64Array of CALL_LENGTH, `table` (or undefined) a Float32Array of
 * the rows that are gathered; all over shared buffers, which
 * cannot be detached, so that their addresses hold for as long as `run` does. run() computes what `call` describes then
 * (calls.c), and throws a RangeError when it describes nothing that lies in the memory. (Passing the numbers as arguments
 * takes three times as long as all the rest of a call, 130 ns: Node-API converts each one.)
 *
 * run(arrays) is for kernels of decoded columns, whose arrays may be anybody's: they are used during the call. Columns are
 * written to rows of the table that the binding has: for each a Float64Array or Float32Array and undefined, or an Int32Array of
 * codes and another of what becomes of each. Strings are coded: the arrays of `Strings` in strings.h, in that order.
 *
 * A call allocates nothing and there is no state beside what was bound, so any number of threads may load the addon.
 */
#include <node_api.h>
#include <stdbool.h>

#include "calls.h"
#include "strings.h"
#include "table-call.h"

typedef struct {
  const InstructionSet *set;
  Memory memory;
  /* Empty where no rows are gathered. */
  Memory table;
  const double *call;
  /* Keep alive: the arrays of memory, call and table, and the buffer in which this record is. */
  napi_ref held[4];
} Binding;

/* Columns of one call, at most. */
enum { MOST_COLUMNS = 64 };

/* Elements [2 i] and [2 i + 1] of what a call was given. */
static bool read_source(napi_env env, napi_value columns, uint32_t i, Source *to) {
  napi_value values, recoded;
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_element(env, columns, 2 * i, &values) != napi_ok ||
      napi_get_typedarray_info(env, values, &type, &length, &data, NULL, NULL) != napi_ok) {
    return false;
  }
  to->doubles = type == napi_float64_array ? data : NULL;
  to->singles = type == napi_float32_array ? data : NULL;
  to->codes = type == napi_int32_array ? data : NULL;
  to->length = length;
  if (to->codes == NULL) return to->doubles != NULL || to->singles != NULL;
  if (napi_get_element(env, columns, 2 * i + 1, &recoded) != napi_ok ||
      napi_get_typedarray_info(env, recoded, &type, &length, &data, NULL, NULL) != napi_ok) {
    return false;
  }
  to->recoded = data;
  to->recoded_length = length;
  return type == napi_int32_array;
}

static const char *write_columns(napi_env env, const Binding *binding, napi_value columns) {
  Source sources[MOST_COLUMNS];
  uint32_t length;
  if (napi_get_array_length(env, columns, &length) != napi_ok || length > 2 * MOST_COLUMNS || length % 2 != 0) {
    return "a call writes at most 64 columns";
  }
  for (uint32_t i = 0; i < length / 2; i++) {
    if (!read_source(env, columns, i, &sources[i])) return "a column is a typed array of numbers, or of codes and one more";
  }
  return perform_write(binding->memory, binding->table, binding->call, sources, length / 2);
}

/* A typed array among those that a call was given. */
static bool read_array(napi_env env, napi_value arrays, uint32_t i, napi_typedarray_type wanted, Array *to) {
  napi_value array;
  napi_typedarray_type type;
  size_t length;
  if (napi_get_element(env, arrays, i, &array) != napi_ok ||
      napi_get_typedarray_info(env, array, &type, &length, &to->data, NULL, NULL) != napi_ok) {
    return false;
  }
  to->length = length;
  return type == wanted;
}

static const char *code_column(napi_env env, const Binding *binding, napi_value arrays) {
  Strings of;
  const bool read = read_array(env, arrays, 0, napi_uint8_array, &of.text) &&
                    read_array(env, arrays, 1, napi_int32_array, &of.offsets) &&
                    read_array(env, arrays, 2, napi_uint8_array, &of.valid) &&
                    read_array(env, arrays, 3, napi_int32_array, &of.codes) &&
                    read_array(env, arrays, 4, napi_int32_array, &of.firsts) &&
                    read_array(env, arrays, 5, napi_int32_array, &of.places);
  return read ? code_strings(binding->call, &of) : "strings are typed arrays of bytes and of 32-bit integers";
}

static napi_value run(napi_env env, napi_callback_info info) {
  void *data;
  napi_value arrays;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &arrays, NULL, &data) != napi_ok) return NULL;
  const Binding *binding = data;
  const char *problem;
  if (count == 0) problem = perform(binding->set, binding->memory, binding->table, binding->call);
  else if (binding->call[0] == CODE_STRINGS) problem = code_column(env, binding, arrays);
  else problem = write_columns(env, binding, arrays);
  if (problem != NULL) napi_throw_range_error(env, NULL, problem);
  return NULL;
}

/* The finalizer of run(). The record itself goes with the last reference. */
static void release(napi_env env, void *data, void *hint) {
  (void)hint;
  const Binding binding = *(const Binding *)data;
  for (int i = 0; i < 4; i++) {
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
  napi_value arguments[3], buffer, function;
  size_t count = 3, call_length, length, rows = 0;
  void *set, *record, *floats, *call, *table = NULL;
  napi_valuetype third;
  /* The record is in a buffer of the engine, so that the addon needs no C library. */
  if (napi_get_cb_info(env, info, &count, arguments, NULL, &set) != napi_ok ||
      napi_create_arraybuffer(env, sizeof(Binding), &record, &buffer) != napi_ok) {
    return NULL;
  }
  Binding *binding = record;
  *binding = (Binding){.set = set};
  const bool bound = hold(env, arguments[0], napi_float32_array, &floats, &length, &binding->held[0]) &&
                     hold(env, arguments[1], napi_float64_array, &call, &call_length, &binding->held[1]) &&
                     call_length == CALL_LENGTH && napi_typeof(env, arguments[2], &third) == napi_ok &&
                     (third == napi_undefined ||
                      hold(env, arguments[2], napi_float32_array, &table, &rows, &binding->held[2]));
  if (!bound) {
    release(env, binding, NULL);
    napi_throw_type_error(env, NULL, "kernels are bound to a Float32Array and a Float64Array of 16 on shared memory");
    return NULL;
  }
  binding->memory = (Memory){floats, length};
  binding->table = (Memory){table, rows};
  binding->call = call;
  if (napi_create_reference(env, buffer, 1, &binding->held[3]) != napi_ok ||
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
