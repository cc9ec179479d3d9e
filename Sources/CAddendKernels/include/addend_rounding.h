#ifndef ADDEND_ROUNDING_H
#define ADDEND_ROUNDING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Float32 numbers rounded to narrower formats, and sums of products kept in them. All rounding is to
// nearest, ties to even; NaN stays NaN; `round_float` keeps the sign of a zero. All variants agree
// bit for bit.

/// A binary floating-point format no wider than float32 in any part.
typedef struct {
  /// Bits of the fraction, 1 to 23.
  int32_t fraction_bits;
  /// The least normal number, and the power of two between neighbours below it.
  float least_normal, least_quantum;
  /// The greatest finite number, what larger finite numbers become, and what infinity becomes.
  float greatest, beyond, infinity;
} addend_float_format;

/// A level of sums: `length` terms are added up in `format`, each addition rounded, before the sum
/// becomes a term of the next level. The last level takes all there are.
typedef struct {
  addend_float_format format;
  size_t length;
} addend_sum_level;

#define ADDEND_SUM_LEVELS 4

typedef struct {
  /// y = x in `format`.
  void (*round_float)(size_t n, const addend_float_format *format, const float *restrict x,
                      float *restrict y);
  /// The bits of the largest magnitude; those of infinity or NaN where there is one, 0 of none.
  uint32_t (*greatest_magnitude)(size_t n, const float *restrict x);
  /// y = i quantum with i = x / quantum to the nearest integer of ±limit; powers of two and limit < 2²².
  void (*round_fixed)(size_t n, float quantum, float limit, const float *restrict x,
                      float *restrict y);
  /// y[r][c] = s i with i = x[r][c] / s to the nearest integer of ±limit, where s is column c's largest
  /// magnitude over limit, or 1 where that lies below `least` or above `most`; NaN in columns with
  /// a number that is not finite. `scales` is room for as many numbers as there are columns. limit
  /// < 2²².
  void (*round_columns)(size_t rows, size_t columns, float limit, float least, float most,
                        const float *restrict x, float *restrict scales, float *restrict y);
  /// c[i][j] = Σ_p a[i·a_row + p·a_step] b[p][j], in `levels` (1 to ADDEND_SUM_LEVELS) of sums, terms in
  /// order; a term is rounded to float32 and added to a level's sum in float32 before the sum is rounded.
  /// Added to what c holds if `accumulates`. k > 0.
  void (*leveled_product)(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_step,
                          const float *restrict b, const addend_sum_level *levels,
                          size_t level_count, bool accumulates, float *restrict c);
} addend_rounding_kernels;

/// The kernels of the widest set that `isa` contains.
const addend_rounding_kernels *addend_rounding_select(addend_isa isa);
#endif
