#include "addend_rivals.h"

#include <dlfcn.h>
#include <pthread.h>

#ifdef ADDEND_ONEDNN
#include <dnnl.h>

#include "addend_onednn.h"

bool addend_rival_onednn_f32(size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c) {
  addend_onednn_single_thread();
  return dnnl_sgemm('N', 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a, (dnnl_dim_t)k, b,
                    (dnnl_dim_t)n, 0, c, (dnnl_dim_t)n) == dnnl_success;
}

bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c) {
  addend_onednn_single_thread();
  const int32_t offset = 0;
  return dnnl_gemm_u8s8s32('N', 'N', 'F', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a,
                           (dnnl_dim_t)k, 0, b, (dnnl_dim_t)n, 0, 0, c, (dnnl_dim_t)n,
                           &offset) == dnnl_success;
}
#else
bool addend_rival_onednn_f32(size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c) {
  (void)m, (void)n, (void)k, (void)a, (void)b, (void)c;
  return false;
}

bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c) {
  (void)m, (void)n, (void)k, (void)a, (void)b, (void)c;
  return false;
}
#endif

typedef void (*sgemm_fn)(int order, int transposes_a, int transposes_b, int m, int n, int k,
                         float alpha, const float *a, int lda, const float *b, int ldb, float beta,
                         float *c, int ldc);

static sgemm_fn found_sgemm;

// Found by name rather than linked: nothing but benchmarks wants it.
static void find_openblas(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.dylib", "libopenblas.so"};
  for (size_t i = 0; i < sizeof names / sizeof *names && !found_sgemm; ++i) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    if (set_threads) set_threads(1);
    found_sgemm = (sgemm_fn)dlsym(library, "cblas_sgemm");
  }
}

bool addend_rival_openblas_f32(size_t m, size_t n, size_t k, const float *restrict a,
                               const float *restrict b, float *restrict c) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_openblas);
  if (!found_sgemm) return false;
  enum { row_major = 101, plain = 111 };
  found_sgemm(row_major, plain, plain, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)n, 0, c,
              (int)n);
  return true;
}
