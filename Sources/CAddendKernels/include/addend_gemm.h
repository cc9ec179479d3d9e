#ifndef ADDEND_GEMM_H
#define ADDEND_GEMM_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_brgemm.h"

/// c[i][j] = max(Σ_{p<k} a(i, p) b(p, j) + c[i][j] + bias[j] + residual[i][j], 0), with the parts
/// that are asked for: i < m, and j < n of the panels first_panel ..< first_panel + panels.
///
/// a(i, p) = a[i·lda + p], or a[p·lda + i] when transposed. b is packed (see `addend_gemm_pack`), or
/// b(p, j) = b[p·ldb + j] where ldb is not zero. c[i·ldc + j] overlaps nothing. No alignment is needed.
typedef struct {
  size_t m, n, k;
  size_t first_panel, panels;
  bool transposes_a;
  const float *a;
  size_t lda;
  const float *b;
  size_t ldb;
  float *c;
  size_t ldc;
  bool accumulates, rectifies;
  /// [n], or NULL.
  const float *bias;
  /// Laid out as c, or NULL.
  const float *residual;
  /// That of `addend_brgemm_tile`, or NULL.
  const float *scale;
} addend_gemm;

/// Computes the product on the calling thread, in tiles of batch-reduce kernels: blocks of a's rows
/// stay in the second-level cache while all columns pass by.
void addend_gemm_run(const addend_brgemm_kernels *kernels, const addend_gemm *gemm);

/// The same bits for a b with rows (ldb ≠ 0): each panel of it is copied together before the rows of a
/// pass by, as many of them as stay in the second-level cache. b is read once from afar, and its copy
/// never leaves the cache; packing all of it first writes and reads it once more. Pays from a hundred
/// rows of a on.
void addend_gemm_run_copying(const addend_brgemm_kernels *kernels, const addend_gemm *gemm);

/// Whether rows of a that lie `lda` apart collide in the caches: `addend_gemm_run` copies them on the
/// way, `addend_gemm_run_copying` would suffer.
bool addend_gemm_collides(size_t lda);

/// Packs panels first_panel ..< first_panel + panels of op(b) [k][n] as the kernels read them: panel
/// after panel, each [k][its width], columns from n on zeros. op(b)(p, j) = b[p·ldb + j], or
/// b[j·ldb + p] when transposed. All panels fill k · addend_brgemm_padded(kernels, n) floats.
void addend_gemm_pack(const addend_brgemm_kernels *kernels, bool transposes_b, size_t n, size_t k,
                      const float *restrict b, size_t ldb, size_t first_panel, size_t panels,
                      float *restrict packed);
#endif
