/*
 * What native kernels are measured against, as an addon that the benchmarks compile when they run: the widest
 * multiply-adds of this processor, in registers and nothing else, and the sgemm of a BLAS library if there is one.
 */
#include <dlfcn.h>
#include <node_api.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 16 };
/* Hides a register from the compiler, so that chains do not become one. */
#define OPAQUE(x) __asm__ volatile("" : "+v"(x))
#define EACH _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; i++)

#define PEAK(name, Vector, splat, fmadd, isa)                     \
  __attribute__((target(isa), noinline)) static void name(int64_t rounds) { \
    Vector x = splat(0.5f), y = splat(1.0f), chains[CHAINS];      \
    EACH {                                                        \
      chains[i] = y;                                              \
      OPAQUE(chains[i]);                                          \
    }                                                             \
    for (; rounds > 0; rounds--) {                                \
      EACH chains[i] = fmadd(x, y, chains[i]);                    \
      OPAQUE(x);                                                  \
    }                                                             \
    EACH OPAQUE(chains[i]);                                       \
  }
PEAK(peak512, __m512, _mm512_set1_ps, _mm512_fmadd_ps, "avx512f")
#undef CHAINS
enum { CHAINS_256 = 12 };
#define CHAINS CHAINS_256
PEAK(peak256, __m256, _mm256_set1_ps, _mm256_fmadd_ps, "avx2,fma")

/* multiplyAdds(rounds): runs them and returns how many operations they were, 0 where the processor is not known. */
static double multiply_adds(int64_t rounds) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) {
    peak512(rounds);
    return (double)rounds * 16 * 16 * 2;
  }
  if (!__builtin_cpu_supports("fma")) return 0;
  peak256(rounds);
  return (double)rounds * CHAINS_256 * 8 * 2;
}
#else
static double multiply_adds(int64_t rounds) { return 0 * (double)rounds; }
#endif

static napi_value MultiplyAdds(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  int64_t rounds;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int64(env, argument, &rounds);
  napi_create_double(env, multiply_adds(rounds), &result);
  return result;
}

typedef void Sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                   const float *b, int ldb, float beta, float *c, int ldc);
enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
static Sgemm *sgemm;
static const char *(*core_name)(void);

/* openBlas(library): the name of the processor that its kernels are for, or undefined when there is no such library. */
static napi_value OpenBlas(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result = NULL;
  char path[1024];
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, path, sizeof path, NULL);
  void *library = dlopen(path, RTLD_NOW);
  if (library == NULL) return NULL;
  *(void **)&sgemm = dlsym(library, "cblas_sgemm");
  *(void **)&core_name = dlsym(library, "openblas_get_corename");
  if (sgemm == NULL || core_name == NULL) return NULL;
  napi_create_string_utf8(env, core_name(), NAPI_AUTO_LENGTH, &result);
  return result;
}

/* sgemm(memory, transposeA, transposeB, m, n, k, a, lda, b, ldb, c, ldc): byte offsets. */
static napi_value Multiply(napi_env env, napi_callback_info info) {
  size_t count = 12;
  napi_value values[12];
  int64_t x[12];
  void *memory;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  napi_get_typedarray_info(env, values[0], NULL, NULL, &memory, NULL, NULL);
  for (int i = 1; i < 12; i++) napi_get_value_int64(env, values[i], &x[i]);
  char *base = memory;
  sgemm(ROW_MAJOR, x[1] ? TRANSPOSED : PLAIN, x[2] ? TRANSPOSED : PLAIN, (int)x[3], (int)x[4], (int)x[5], 1,
        (float *)(base + x[6]), (int)x[7], (float *)(base + x[8]), (int)x[9], 0, (float *)(base + x[10]), (int)x[11]);
  return NULL;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback callback;
  } functions[] = {{"multiplyAdds", MultiplyAdds}, {"openBlas", OpenBlas}, {"sgemm", Multiply}};
  for (int i = 0; i < 3; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].callback, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
