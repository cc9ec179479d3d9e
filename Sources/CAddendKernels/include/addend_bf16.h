#ifndef ADDEND_BF16_H
#define ADDEND_BF16_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_direct.h"
#include "addend_gemm.h"

// Products of bfloat16 numbers with sums in float32, in the words of addend_halves.h: to the driver of
// products a word is a number of `addend_gemm`, whose k counts words. A sum of an odd number of
// terms ends with a zero.
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

/// The kernels of the widest set that `isa` contains, for the calls below.
const addend_brgemm_kernels *addend_bf16_select(addend_isa isa);

/// Puts the calling thread's arithmetic into the state that the kernels want, where they are
/// vectors of this family; returns what `addend_bf16_end` takes back. Kernels of other families
/// need neither.
unsigned addend_bf16_begin(const addend_brgemm_kernels *kernels);
void addend_bf16_end(const addend_brgemm_kernels *kernels, unsigned before);

/// `addend_gemm_run` in that state, of these kernels or any others.
void addend_bf16_run(const addend_brgemm_kernels *kernels, const addend_gemm *gemm);

/// `addend_direct_run` likewise.
void addend_bf16_direct_run(const addend_direct_plan *plan, const addend_direct_operands *operands,
                            size_t part, float *restrict scratch);
#endif
