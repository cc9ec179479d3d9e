#ifndef ADDEND_XSMM_H
#define ADDEND_XSMM_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_f32.h"
#include "addend_gemm.h"

/// A batch-reduce kernel of LIBXSMM whose blocks lie at fixed distances: c (+)= Σ_{t<count} a_t b_t.
typedef void (*addend_xsmm_fn)(const float *a, const float *b, float *c,
                               const unsigned long long *count);

/// The kernels of a product of given extents, written once. The result is cut into blocks of
/// `addend_xsmm_rows` rows, the last of what is left, by panels; the sums into blocks of `depth` terms,
/// which are a batch, and a rest.
typedef struct {
  const addend_brgemm_kernels *panels;
  const addend_f32_kernels *elements;
  size_t n, k, depth;
  /// [whole or last block of rows][widest, narrower or cut panel]: the batch, which overwrites c, and
  /// the rest, which is added to it; NULL where no block is of that kind.
  addend_xsmm_fn batch[2][3], rest[2][3];
} addend_xsmm;

enum { addend_xsmm_rows = 24 };

/// Has LIBXSMM write the kernels of an m × n result with sums of k terms, on panels of `isa`. False
/// where LIBXSMM is not there or writes none: for other processors, extents of zero or beyond 2²⁴.
bool addend_xsmm_init(addend_xsmm *product, addend_isa isa, size_t m, size_t n, size_t k);

/// What `addend_gemm_run` computes, where n, k = lda and the panels of the packed b are those of
/// `product`, a is straight and nothing accumulates. The rows are those of the product's m from a
/// multiple of `addend_xsmm_rows` on: whole blocks, or all to the end.
void addend_xsmm_run(const addend_xsmm *product, const addend_gemm *gemm);
#endif
