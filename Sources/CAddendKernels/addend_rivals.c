#include "addend_rivals.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "addend_isa.h"

typedef void (*sgemm_fn)(int order, int transposes_a, int transposes_b, int m, int n, int k,
                         float alpha, const float *a, int lda, const float *b, int ldb, float beta,
                         float *c, int ldc);

static sgemm_fn found_sgemm;
static void (*set_openblas_threads)(int);
static char *(*get_openblas_core)(void);
static pthread_once_t openblas_once = PTHREAD_ONCE_INIT;

// Found by name rather than linked: nothing but benchmarks wants it.
static void find_openblas(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.dylib", "libopenblas.so"};
  // Its threads would else spin for a while after each product, into the time of those that it is
  // compared with.
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
  // Whatever the environment says, it chooses kernels for this processor: what others are compared
  // with must be at its best.
  unsetenv("OPENBLAS_CORETYPE");
  unsetenv("OPENBLAS_L2_SIZE");
  for (size_t i = 0; i < sizeof names / sizeof *names && !found_sgemm; ++i) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    set_openblas_threads = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    get_openblas_core = (char *(*)(void))dlsym(library, "openblas_get_corename");
    found_sgemm = (sgemm_fn)dlsym(library, "cblas_sgemm");
  }
}

const char *addend_rival_openblas_core(void) {
  pthread_once(&openblas_once, find_openblas);
  return get_openblas_core ? get_openblas_core() : "";
}

bool addend_rival_openblas_f32(size_t threads, size_t m, size_t n, size_t k,
                               const float *restrict a, const float *restrict b,
                               float *restrict c) {
  pthread_once(&openblas_once, find_openblas);
  if (!found_sgemm) return false;
  // The library's number of threads is the process's: who asks for another waits for this one.
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static size_t set_threads;
  pthread_mutex_lock(&lock);
  if (set_openblas_threads && set_threads != threads) set_openblas_threads((int)threads);
  set_threads = threads;
  enum { row_major = 101, plain = 111 };
  found_sgemm(row_major, plain, plain, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)n, 0, c,
              (int)n);
  pthread_mutex_unlock(&lock);
  return true;
}

#if defined(__x86_64__)
static void *found_tanh_16, *found_tanh_8;

// The names of glibc's vector functions by the x86-64 vector function ABI: sixteen floats with
// AVX-512, eight with AVX2.
static void find_vector_functions(void) {
  void *library = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  if (addend_isa_is_available(ADDEND_ISA_AVX512))
    found_tanh_16 = dlsym(library, "_ZGVeN16v_tanhf");
  if (addend_isa_is_available(ADDEND_ISA_AVX2)) found_tanh_8 = dlsym(library, "_ZGVdN8v_tanhf");
}

__attribute__((target("avx512f"))) static void vector_tanh_16(size_t count, const float *restrict x,
                                                              float *restrict y) {
  __m512 (*const function)(__m512) = (__m512(*)(__m512))found_tanh_16;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) _mm512_storeu_ps(y + i, function(_mm512_loadu_ps(x + i)));
  if (i == count) return;
  const __mmask16 rest = (__mmask16)((1u << (count - i)) - 1);
  _mm512_mask_storeu_ps(y + i, rest, function(_mm512_maskz_loadu_ps(rest, x + i)));
}

__attribute__((target("avx2"))) static void vector_tanh_8(size_t count, const float *restrict x,
                                                          float *restrict y) {
  __m256 (*const function)(__m256) = (__m256(*)(__m256))found_tanh_8;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, function(_mm256_loadu_ps(x + i)));
  if (i == count) return;
  float rest[8] = {0};
  memcpy(rest, x + i, (count - i) * sizeof *x);
  _mm256_storeu_ps(rest, function(_mm256_loadu_ps(rest)));
  memcpy(y + i, rest, (count - i) * sizeof *y);
}
#endif

bool addend_rival_vector_tanh(size_t count, const float *restrict x, float *restrict y) {
#if defined(__x86_64__)
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_vector_functions);
  if (found_tanh_16)
    vector_tanh_16(count, x, y);
  else if (found_tanh_8)
    vector_tanh_8(count, x, y);
  return found_tanh_16 || found_tanh_8;
#else
  (void)count, (void)x, (void)y;
  return false;
#endif
}
