#ifndef ADDEND_BF16_H
#define ADDEND_BF16_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_gemm.h"

// Products of bfloat16 numbers with sums in float32. Operands are words of 32 bits, each two terms that
// follow one another, the first in the lower half: to the driver of products a word is a number of
// `addend_gemm`, whose k counts words. A sum of an odd number of terms ends with a zero.
//
// A word is added as VDPBF16PS does it (Intel, Architecture Instruction Set Extensions, 2020; "Operation"
// of that instruction), the upper half first:
//
//   s ← s + a.upper · b.upper;  s ← s + a.lower · b.lower
//
// each with one rounding, to nearest, ties to even; denormals, bfloat16 or float32, count as zeros of
// their sign, and so does a result whose magnitude, rounded to 24 bits without a bound on the exponent,
// is below 2⁻¹²⁶. Other additions — of what c holds, bias, residual — treat denormals likewise. All
// kernels agree bit for bit, but for which NaN a NaN is.

/// The kernels of the widest set that `isa` contains, for `addend_bf16_run`.
const addend_brgemm_kernels *addend_bf16_select(addend_isa isa);

/// `addend_gemm_run` on words.
void addend_bf16_run(const addend_brgemm_kernels *kernels, const addend_gemm *gemm);

/// Packs panels first_panel ..< first_panel + panels of op(b) [k][n], k in terms, as `addend_gemm_pack`
/// does, in words: all panels fill ⌈k/2⌉ · addend_brgemm_padded(kernels, n) of them. op(b)(p, j) =
/// b[p·ldb + j], or b[j·ldb + p] when transposed.
void addend_bf16_pack(const addend_brgemm_kernels *kernels, bool transposes_b, size_t n, size_t k,
                      const uint16_t *restrict b, size_t ldb, size_t first_panel, size_t panels,
                      float *restrict packed);

/// y[r][c] = x[r][c] rounded to bfloat16, to nearest, ties to even, NaN made quiet; rows of y are
/// y_columns ≥ columns long and end with zeros.
void addend_bf16_round(size_t rows, size_t columns, const float *restrict x, size_t y_columns,
                       uint16_t *restrict y);
#endif
