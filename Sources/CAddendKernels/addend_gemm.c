#include "addend_gemm.h"

#ifdef ADDEND_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

#include "addend_onednn.h"

size_t addend_gemm_f32_scratch(void) { return 0; }

void addend_gemm_f32(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *restrict a, size_t lda, const float *restrict b, size_t ldb,
                     bool accumulate, float *restrict c, size_t ldc, float *restrict scratch) {
  (void)scratch;
  addend_onednn_single_thread();
  // A failure here means that the system is out of memory.
  if (dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
                 (dnnl_dim_t)k, 1.0f, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb,
                 accumulate ? 1.0f : 0.0f, c, (dnnl_dim_t)ldc))
    abort();
}
#else
#include "addend_f32.h"

size_t addend_gemm_f32_scratch(void) { return addend_f32_gemm_scratch; }

void addend_gemm_f32(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *restrict a, size_t lda, const float *restrict b, size_t ldb,
                     bool accumulate, float *restrict c, size_t ldc, float *restrict scratch) {
  const addend_isa widest =
      addend_isa_is_available(ADDEND_ISA_AVX512) ? ADDEND_ISA_AVX512
      : addend_isa_is_available(ADDEND_ISA_AVX2) ? ADDEND_ISA_AVX2
                                                 : ADDEND_ISA_SCALAR;
  addend_f32_select(widest)->gemm(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, accumulate, c,
                                  ldc, scratch);
}
#endif
