#ifndef ADDEND_SPACE_H
#define ADDEND_SPACE_H
#include "addend_isa.h"
#include <stddef.h>
#include <stdint.h>

// Space quantization: blocks of numbers to codes, and sums of table entries named by codes.

/// The extents of a scan, in elements.
typedef struct {
  size_t rows, terms, columns;
  size_t components;            // numbers in one table entry
  size_t words;                 // entries for one selector, ≤ 256
  size_t selector_row_stride, selector_term_stride;
  size_t index_stride;          // between terms; ≥ columns rounded up to 64
  size_t result_row_stride, result_column_stride;
} addend_space_scan_shape;

/// Where one component goes, and which rows and columns of it exist: the rest is padding.
typedef struct {
  size_t offset, rows, columns;
} addend_space_component;

/// result(i, q, c) = step · row_scales[i] · Σ_p term_scales[p] · table[selectors(i, p)][c][indices[p][q]]
/// for first ≤ i < last; sums in float32, terms in order.
///
/// result(i, q, c) lies at offset_c + i·result_row_stride + q·result_column_stride.
/// table [selectors][components][words], with one entry more behind it that is read and dropped.
/// planes [selectors][components][2][256]: the entries' low bytes, then their high bytes, zeros
/// behind the words; from AVX-512 VBMI on only they are read, below only `table`.
/// indices [terms][index_stride], each below `words`, padding included. Scales are powers of two;
/// NULL stands for ones. result overlaps nothing.
typedef void (*addend_space_scan_fn)(
    addend_space_scan_shape shape, const addend_space_component *components,
    const int16_t *restrict table, const uint8_t *restrict planes,
    const uint8_t *restrict selectors, const uint8_t *restrict indices,
    const float *restrict term_scales, const float *restrict row_scales, float step, size_t first,
    size_t last, float *restrict result);

/// The extents of an encoding.
typedef struct {
  size_t size;         // numbers in a row
  size_t dimension;    // numbers in a block, ≤ 8
  size_t bits;         // of a coordinate's level; bits · dimension ≤ 16
  size_t code_stride;  // codes in a row, ≥ ⌈size / dimension⌉; those behind are set to 0
} addend_space_encoding_shape;

/// codes[i][s] = cells[Σ_b level(x[i][s·dimension + b] · inverse_scales[i]) << (bits · b)],
/// level(v) = the number of thresholds ≤ v, for first ≤ i < last.
///
/// thresholds [2^bits − 1], ascending; cells [2^(bits · dimension)]. Numbers behind a row's end count
/// as zero; NaN has level 0. inverse_scales are powers of two; NULL stands for ones.
typedef void (*addend_space_encode_fn)(
    addend_space_encoding_shape shape, const float *restrict x,
    const float *restrict thresholds, const uint8_t *restrict cells,
    const float *restrict inverse_scales, size_t first, size_t last, uint8_t *restrict codes);

/// codes[i] = the first k that minimises Σ_c (points[c][i] − words[k][c])², for first ≤ i < last.
/// points [dimension][stride]; words [count][dimension], 1 ≤ count ≤ 256.
/// 0 where every distance is NaN.
typedef void (*addend_space_nearest_fn)(
    const float *restrict points, size_t stride, size_t dimension, const float *restrict words,
    size_t count, size_t first, size_t last, uint8_t *restrict codes);

/// The three as one instruction set computes them: every set gives the same bits.
typedef struct {
  addend_space_scan_fn scan;
  addend_space_encode_fn encode;
  addend_space_nearest_fn nearest;
} addend_space_kernels;

/// The widest kernels that `isa`, which must be available, allows.
addend_space_kernels addend_space_select(addend_isa isa);

/// scales[i] = the power of two s with s/2 ≤ max_j |x[i][j]| < s, inverse_scales[i] = 1 / s,
/// with s kept within [2^−100, 2^100], for first ≤ i < last.
void addend_space_row_scales(const float *restrict x, size_t size, size_t first, size_t last,
                             float *restrict scales, float *restrict inverse_scales);

/// dx[i][j] += factor · (x[i][j] − words[codes[i][j / dimension]][j % dimension]) for
/// first ≤ i < last. words [count][dimension]; codes [rows][code_stride].
void addend_space_add_deviation(addend_space_encoding_shape shape, const float *restrict x,
                                const uint8_t *restrict codes, const float *restrict words,
                                float factor, size_t first, size_t last, float *restrict dx);
#endif
