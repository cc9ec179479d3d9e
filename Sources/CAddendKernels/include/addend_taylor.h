#ifndef ADDEND_TAYLOR_H
#define ADDEND_TAYLOR_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Softmax with the exponential's Taylor series of an even order n, 2 to 10: p_k = f(z_k) / Σ_j f(z_j),
// f(z) = Σ_{i <= n} z^i / i!. Each row is computed as f(z) / m^n = Σ_i (z / m)^i m^(i - n) / i!, m being
// the largest magnitude in it or 1, so that nothing overflows. Matrices are [rows][columns] and
// contiguous; columns > 0. Nothing that is written overlaps anything else. No alignment is needed.

enum { ADDEND_TAYLOR_ORDER = 10 };

/// The kernels as one instruction set computes them; all sets give the same bits.
typedef struct {
  /// y[r][k] = p_k of row r.
  void (*softmax)(size_t rows, size_t columns, unsigned order, const float *restrict z,
                  float *restrict y);
  /// Over rows with a class (>= 0, below columns): the sum of -log p_class, and
  /// dz = weight (f′(z_k) / Σ_j f(z_j) - [k = class] f′(z_k) / f(z_k)), f′ being the series to n - 1.
  /// Rows without a class: dz = 0.
  double (*cross_entropy)(size_t rows, size_t columns, unsigned order, const float *restrict z,
                          const int32_t *restrict classes, double weight, float *restrict dz);
} addend_taylor_kernels;

/// The widest kernels that `isa` allows.
addend_taylor_kernels addend_taylor_select(addend_isa isa);
#endif
