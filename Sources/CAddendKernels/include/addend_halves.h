#ifndef ADDEND_HALVES_H
#define ADDEND_HALVES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_brgemm.h"
#include "addend_isa.h"

// Numbers of 16 bits as the operands of products: bfloat16, or the mantissas of a tensor in dynamic fixed
// point (Das et al., 2018, "Mixed Precision Training of Convolutional Neural Networks using Integer
// Operations"). Kernels of products take them in words, two terms of a sum that follow one another, the
// first in the lower half.

/// How a float32 number x becomes one of 16 bits.
typedef struct {
  /// bfloat16 otherwise: to nearest, ties to even, NaN made quiet.
  bool is_fixed;
  /// The mantissa is x · factor, rounded to nearest, ties to even, within ±limit; limit where x is not a
  /// number.
  float factor, limit;
} addend_halves_rounding;

typedef struct {
  /// y[r][c] = x[r][c] rounded, for c < columns; zeros up to y_columns.
  void (*round)(const addend_halves_rounding *rounding, size_t rows, size_t columns,
                const float *restrict x, size_t ldx, size_t y_columns, uint16_t *restrict y);
  /// words[l·words_step + i] = x[l·step + i] + 2¹⁶ x[l·step + distance + i] for l < lines and i < count,
  /// and zeros from there up to `width`. Where `is_odd`, the last line's second numbers are zeros,
  /// and not read.
  void (*interleave)(size_t lines, bool is_odd, size_t count, const uint16_t *restrict x, size_t step,
                     size_t distance, size_t width, size_t words_step, uint32_t *restrict words);
  /// The bit pattern of max |x[i]|, where every NaN is larger than infinity; 0 for no numbers.
  uint32_t (*largest)(size_t count, const float *x);
} addend_halves_kernels;

/// The kernels of the widest set that `isa` contains; all sets give the same bits.
const addend_halves_kernels *addend_halves_select(addend_isa isa);

/// What a tensor in dynamic fixed point is multiplied by: 2^exponent, or NaN.
typedef struct {
  bool is_finite;
  int exponent;
} addend_halves_scale;

/// The rounding and the scale of a tensor whose largest magnitude has the bit pattern `largest`, with
/// mantissas of `bits` magnitude bits, 1 to 15:
///
///   exponent = ⌊log2 max⌋ − (bits − 1), or −126 if that is more,  x ≈ i · 2^exponent,  |i| ≤ 2^bits − 1
///
/// The largest number's mantissa is 2^bits − 1 where rounding would make it 2^bits. A tensor with
/// an infinity or a NaN has no finite scale.
addend_halves_rounding addend_halves_fixed(uint32_t largest, int bits, addend_halves_scale *scale);

/// The factors of a product's sums, one after the other: their product is 2^(a + b), or NaN.
void addend_halves_factors(addend_halves_scale a, addend_halves_scale b, float factors[2]);

/// words[p][j] = the word of x[2p][j] and x[2p + 1][j], rounded; p < ⌈rows / 2⌉. Columns from `columns`
/// to `width` are zeros, as is the number that the last of an odd number of rows lacks.
void addend_halves_pair_rows(const addend_halves_kernels *kernels,
                             const addend_halves_rounding *rounding, size_t rows, size_t columns,
                             const float *restrict x, size_t ldx, size_t width,
                             uint32_t *restrict words);

/// Packs pairs first_pair ..< first_pair + pairs of the rows of b [rows][columns] into panels as
/// `addend_gemm_pack` does, in words, rounded: all panels fill ⌈rows / 2⌉ ·
/// addend_brgemm_padded(products, columns) of them.
void addend_halves_pack(const addend_halves_kernels *kernels,
                        const addend_brgemm_kernels *products,
                        const addend_halves_rounding *rounding, size_t rows, size_t columns,
                        const float *restrict b, size_t first_pair, size_t pairs,
                        uint32_t *restrict packed);

/// Words of two neighbouring channels, x[pixel][2p] and x[pixel][2p + 1] rounded, for each pixel
/// ⌈channels / 2⌉ of them: an odd last channel comes with a zero.
void addend_halves_pair_channels(const addend_halves_kernels *kernels,
                                 const addend_halves_rounding *rounding, size_t pixels,
                                 size_t channels, const float *restrict x, uint32_t *restrict words);

/// The filter that computes two neighbouring results at a time, in words:
///
///   wide[r][s][c][o · results + k] = f(r, s − o, c, k), or 0 where s − o is no tap;  s ≤ width, o < 2
///
/// f(r, s, c, k) = filter[r][s][c][k], or, for an input's gradient, filter[height − 1 − r][width −
/// 1 − s][k][c].
void addend_halves_widen(size_t height, size_t width, size_t depth, size_t results,
                         bool is_gradient, const uint32_t *restrict filter,
                         uint32_t *restrict wide);
#endif
