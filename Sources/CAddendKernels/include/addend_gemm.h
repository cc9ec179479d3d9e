#ifndef ADDEND_GEMM_H
#define ADDEND_GEMM_H
#include <stdbool.h>
#include <stddef.h>

/// c[m][n] = Σ_p a(i,p)·b(p,j), plus what c held when `accumulate`.
/// Row-major and contiguous: a is [m][k], or [k][m] when `transpose_a`; b is [k][n], or [n][k] when
/// `transpose_b`. lda, ldb, ldc are the row lengths in memory. Runs on the calling thread.
/// c overlaps nothing; scratch holds `addend_gemm_f32_scratch()` floats.
void addend_gemm_f32(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *restrict a, size_t lda, const float *restrict b, size_t ldb,
                     bool accumulate, float *restrict c, size_t ldc, float *restrict scratch);

/// None where a library does the work.
size_t addend_gemm_f32_scratch(void);
#endif
