#include "addend_gemm.h"

#ifdef ADDEND_ONEDNN
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include "addend_onednn.h"

void addend_onednn_single_thread(void) {
  // oneDNN's threads would compete with our pool's, so each of our threads tells the OpenMP runtime,
  // once, to stay alone. Looked up by name: which runtime oneDNN was built with is not our business.
  static _Thread_local bool is_set;
  if (is_set) return;
  is_set = true;
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set_threads) set_threads(1);
}

void addend_gemm_f32(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *restrict a, size_t lda, const float *restrict b, size_t ldb,
                     bool accumulate, float *restrict c, size_t ldc) {
  addend_onednn_single_thread();
  dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
             (dnnl_dim_t)k, 1.0f, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, accumulate ? 1.0f : 0.0f,
             c, (dnnl_dim_t)ldc);
}
#else
void addend_gemm_f32(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *restrict a, size_t lda, const float *restrict b, size_t ldb,
                     bool accumulate, float *restrict c, size_t ldc) {
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) {
      float sum = accumulate ? c[i * ldc + j] : 0;
      for (size_t p = 0; p < k; ++p)
        sum += (transpose_a ? a[p * lda + i] : a[i * lda + p]) *
               (transpose_b ? b[j * ldb + p] : b[p * ldb + j]);
      c[i * ldc + j] = sum;
    }
}
#endif
