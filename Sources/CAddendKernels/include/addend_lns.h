#ifndef ADDEND_LNS_H
#define ADDEND_LNS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Arithmetic on logarithms: x = ±2^(l / 2^f), l an integer of w bits, in patterns of 16 bits: the sign in
// bit 15, and below it 0 for zero, else l + bias with bias = 2^(w - 1). So l runs from -(bias - 1) to
// bias - 1, and numbers of one sign are ordered as their patterns.
//
// Within a sum a number is a word 2 l + s, s = 1 below zero, whose l neither overflows nor underflows;
// zero is a word below -2^24. A product adds words. A sum of a and b with la >= lb, d = la - lb, is
// la + G(d), where the table holds G+ = log2(1 + 2^-d) for equal signs and G- = log2(1 - 2^-d) for
// opposite ones. It is read at
//   min(d, (d + half >> shift) + offset, last):
// as it is near 0, where G- is steep, and in steps of 2^shift beyond.
//
// A sum of products has its terms in blocks, and in a block those above zero and those below apart: G+
// alone adds up the terms of either, and G- takes the one sum from the other once. Where tables
// have steps, G+ is made of smaller ones, which registers hold: with d in steps, t = 2^16 2^-d is
// one of 64 powers shifted right, u = t >> 10, and
//   G+ = (bases[u] + (t slopes[u] >> 16)) >> 3,
// chords of the curve, at most 0.65 of a last place from it. The table's G+ are these numbers.
//
// Or the terms are added one after the other by Kahan's sum, whose c starts as zero and is taken off
// the larger operand first:
//   y = term - c;  t = s + y;  c = (t - the larger of s and y) - the smaller;  s = t.
// A difference of neighbours is right to the last place whatever steps tables have, so c holds much
// of what they lose too.
//
// A word becomes a pattern at the end only: above the largest number it is the largest, below the
// smallest it is zero.
//
// All variants agree bit for bit. Nothing that is written overlaps anything else, but for operands that
// are said to be both. No alignment is needed.

typedef struct {
  int32_t bias, fraction;
  int32_t half, shift, offset, last;
  const int32_t *sums;     // [last + 1][2]: 2 G+ and 2 G-
  const uint16_t *curves;  // [3][64]: powers, bases, slopes; NULL where G+ is exact
} addend_lns_table;

enum {
  /// Terms of a block, those not counted whose left factor is zero. Its two sums are added up in order, l
  /// saturating at 2^15 - 1; the blocks' sums are then added by pairs, as a binary counter carries.
  ADDEND_LNS_BLOCK = 32,
  ADDEND_LNS_LANES = 32,
  /// Columns of the widest tile.
  ADDEND_LNS_COLUMNS = 128,
  ADDEND_LNS_CURVE_BITS = 3,
  ADDEND_LNS_ZERO = -(1 << 25)
};

typedef struct {
  bool transposes_a, accumulates;
  bool compensates;  // by Kahan
  // Added to sums' logarithms before they are rounded, which multiplies them by 2^(shift / 2^f).
  int32_t shift;
  size_t m, n, k;
  const uint16_t *a;       // [m][k], or [k][m]; NULL for ones
  const uint16_t *b;       // of `addend_lns_pack`
  const uint16_t *bias;    // [n], or NULL
  uint16_t *c;             // [m][n]
  size_t first_row, rows;  // those to compute
} addend_lns_gemm;

typedef struct {
  uint16_t rate, momentum, decay;
  bool looks_ahead;
} addend_lns_step;

/// Rounding to logarithms of f fraction bits. `cells` has an entry for each value of a float's
/// upper f + 1 mantissa bits: how many halves between logarithms lie below it, times 2^(23 - f),
/// and the lower 22 - f mantissa bits from which there is one more. `powers` are the bits of 2^(i /
/// 2^f), i < 2^f.
typedef struct {
  int32_t fraction, largest;
  const uint32_t *cells;
  const int32_t *powers;
} addend_lns_rounding;

typedef struct {
  /// C = op(A) B 2^(shift / 2^f) [+ C] [+ bias]: each sum as above, of terms whose left factor is
  /// not zero, then rounded, then C and the bias added.
  void (*gemm)(const addend_lns_table *table, const addend_lns_gemm *gemm);
  /// y[i] += alpha x[i], the product rounded first.
  void (*add)(const addend_lns_table *table, size_t n, uint16_t alpha, const uint16_t *restrict x,
              uint16_t *restrict y);
  /// y[i] *= alpha.
  void (*scale)(const addend_lns_table *table, size_t n, uint16_t alpha, uint16_t *restrict y);
  /// y[i] *= x[i].
  void (*multiply)(const addend_lns_table *table, size_t n, const uint16_t *restrict x,
                   uint16_t *restrict y);
  /// y[i] = x[i], times slope where x[i] < 0.
  void (*rectify)(const addend_lns_table *table, size_t n, uint16_t slope,
                  const uint16_t *restrict x, uint16_t *restrict y);
  /// dx[i] = dy[i], times slope where y[i] <= 0.
  void (*rectify_gradient)(const addend_lns_table *table, size_t n, uint16_t slope,
                           const uint16_t *restrict y, const uint16_t *restrict dy,
                           uint16_t *restrict dx);
  /// d = g + decay w; v = momentum v + d; w -= rate v, or rate (d + momentum v). With `lost`, the c of
  /// Kahan's sum, that step u is added as y = u - c; t = w + y; c = (t - w) - y; w = t.
  void (*update)(const addend_lns_table *table, size_t n, addend_lns_step step,
                 const uint16_t *restrict g, uint16_t *restrict v, uint16_t *restrict lost,
                 uint16_t *restrict w);
  /// y[i] = the number nearest to x[i] by logarithm, as a float: the largest for what is larger and for
  /// infinity, zero for what is below the smallest; NaN stays. 1 <= f <= 12, largest < 126 2^f.
  void (*round)(const addend_lns_rounding *rounding, size_t n, const float *restrict x,
                float *restrict y);
} addend_lns_kernels;

/// The widest kernels that `isa` allows.
const addend_lns_kernels *addend_lns_select(addend_isa isa);

/// Fills in all but `sums` and `curves` for words of 2^(integer + fraction - 1) logarithms and
/// tables that beyond the first unit have `steps` (a power of two, or 0 for all there are) to a
/// unit. Numbers and entries: 1 <= fraction <= 12, 2 <= integer <= 15 - fraction, steps <=
/// 2^fraction.
void addend_lns_plan(int32_t integer, int32_t fraction, int32_t steps, addend_lns_table *table);
/// Whether a plan's tables have `curves`: where they have steps and 6 fraction bits at least.
bool addend_lns_has_curves(const addend_lns_table *plan);
/// The curves of such a plan, [3][64].
void addend_lns_fill_curves(const addend_lns_table *plan, uint16_t *curves);
/// The table of a plan, [last + 1][2]. G+ is that of the nearest step everywhere, G- up to the
/// first unit that of the distance itself.
void addend_lns_fill_sums(const addend_lns_table *plan, int32_t *sums);

/// halves[i] = 2^30 2^((i + 1/2) / 2^f), rounded up: from where on the next logarithm is nearer.
void addend_lns_fill_halves(int32_t fraction, uint32_t *halves);
/// powers[i] = 2^30 log2(e) 2^(i / 2^f).
void addend_lns_fill_exponents(int32_t fraction, uint32_t *powers);
/// 2^f log2 of the hyperbolic tangent, or of the error function, of 2^((first + i) / 2^f), i < count.
void addend_lns_fill_tangents(int32_t fraction, int32_t first, size_t count, int16_t *tangents);
void addend_lns_fill_errors(int32_t fraction, int32_t first, size_t count, int16_t *errors);
/// The tables of `addend_lns_rounding`: 2^(f + 1) cells and 2^f powers.
void addend_lns_fill_cells(int32_t fraction, uint32_t *cells);
void addend_lns_fill_powers(int32_t fraction, int32_t *powers);

/// The pattern nearest to x by logarithm: the largest for what is larger, zero for what is below the
/// smallest and for NaN.
uint16_t addend_lns_from_double(int32_t bias, int32_t fraction, double x);
double addend_lns_to_double(int32_t bias, int32_t fraction, uint16_t pattern);

/// a + b, a b (both saturating).
uint16_t addend_lns_sum(const addend_lns_table *table, uint16_t a, uint16_t b);
uint16_t addend_lns_product(const addend_lns_table *table, uint16_t a, uint16_t b);

/// y[i] = table[256 (i mod channels) + bytes[i]].
void addend_lns_look_up(size_t n, size_t channels, const uint8_t *restrict bytes,
                        const uint16_t *restrict table, uint16_t *restrict y);

/// B [k][n], or [n][k], as [k][n rounded up to whole lanes]: rows `first` to `first + rows - 1` of them.
/// What is behind the n-th is zero.
void addend_lns_pack(bool transposes_b, size_t n, size_t k, const uint16_t *restrict b, size_t first,
                     size_t rows, uint16_t *restrict packed);
#endif
