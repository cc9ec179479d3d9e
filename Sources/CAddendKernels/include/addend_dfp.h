#ifndef ADDEND_DFP_H
#define ADDEND_DFP_H
#include "addend_brgemm.h"

// Products of mantissas of 16 bits with sums in float32, in the words of addend_halves.h: to the
// driver of products a word is a number of `addend_gemm`, whose k counts words.
//
// The words of a tap, or of what the driver sums at a time, are cut into chunks from the first on.
// A chunk's products are added as integers of 32 bits, its sum is converted to float32, rounded to
// nearest, and added to the sums so far; these are multiplied by the tile's two factors in the end:
//
//   s ← s + float(Σ_w a_w.lower · b_w.lower + a_w.upper · b_w.upper);  c = (s · scale[0]) · scale[1]
//
// All sets give the same bits.
//
// No chunk overflows where it has one word and both operands are within ±(2¹⁵ − 1), since
// 2 (2¹⁵ − 1)² < 2³¹ − 1, nor where it has two words and one operand is within ±(2¹⁴ − 1), since
// 4 (2¹⁵ − 1) (2¹⁴ − 1) = 2³¹ − 196 604 < 2³¹ − 1.

/// The kernels of the widest set that `isa` contains, with chunks of two words.
const addend_brgemm_kernels *addend_dfp_select(addend_isa isa);
/// With chunks of one word.
const addend_brgemm_kernels *addend_dfp_wide_select(addend_isa isa);
#endif
