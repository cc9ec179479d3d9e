#ifndef ADDEND_SPACE_H
#define ADDEND_SPACE_H
#include "addend_isa.h"
#include <stddef.h>
#include <stdint.h>

// Space quantization: blocks of numbers to codes, and sums of table entries named by codes. Numbers
// are compared and added, and scaled by adding to their exponents; only `nearest`, with which
// codebooks are made, multiplies.
//
// x · 2^e stands below for: the sum of exponents where that is one of a normal number; infinity above
// these, zero below them and for subnormal x; x itself where it is infinite or NaN.

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

/// result(i, q, c) = 2^(step + row_exponents[i]) · Σ_p 2^term_exponents[p] · entry(i, p, q, c),
/// entry(i, p, q, c) = table[selectors(i, p)][c][indices[p][q]], for first ≤ i < last.
///
/// Without term exponents (NULL) each 32,768 terms are summed in int32, and those sums in float32;
/// with them each entry is turned into float32 and summed there, terms in order.
///
/// result(i, q, c) lies at offset_c + i·result_row_stride + q·result_column_stride.
/// table [selectors][components][words], with one entry more behind it that is read and dropped.
/// planes [selectors][components][2][256]: the entries' low bytes, then their high bytes, zeros
/// behind the words; from AVX-512 VBMI on only they are read, below only `table`.
/// indices [terms][index_stride], each below `words`, padding included. Exponents are within ±100;
/// NULL stands for zeros. result overlaps nothing.
typedef void (*addend_space_scan_fn)(
    addend_space_scan_shape shape, const addend_space_component *components,
    const int16_t *restrict table, const uint8_t *restrict planes,
    const uint8_t *restrict selectors, const uint8_t *restrict indices,
    const int32_t *restrict term_exponents, const int32_t *restrict row_exponents, int32_t step,
    size_t first, size_t last, float *restrict result);

/// The extents of an encoding.
typedef struct {
  size_t size;         // numbers in a row
  size_t dimension;    // numbers in a block, ≤ 64
  size_t bits;         // cells: of a coordinate's level, bits · dimension ≤ 16; tree: its depth, ≤ 16
  size_t code_stride;  // codes in a row, ≥ ⌈size / dimension⌉; those behind are set to 0
} addend_space_encoding_shape;

/// codes[i][s] = cells[Σ_b level(x[i][s·dimension + b] · 2^−exponents[i]) << (bits · b)],
/// level(v) = the number of thresholds ≤ v, for first ≤ i < last.
///
/// thresholds [2^bits − 1], ascending; cells [2^(bits · dimension)]. Numbers behind a row's end count
/// as zero; NaN has level 0. NULL stands for exponents of zero; others are within ±100.
typedef void (*addend_space_encode_fn)(
    addend_space_encoding_shape shape, const float *restrict x,
    const float *restrict thresholds, const uint8_t *restrict cells,
    const int32_t *restrict exponents, size_t first, size_t last, uint8_t *restrict codes);

/// codes[i][s] = leaves[node − 2^bits], where node = 1 at first, and `bits` times over
/// node = 2·node + (x[i][s·dimension + columns[node]] · 2^−exponents[i] ≥ thresholds[node]).
///
/// columns, thresholds [2^bits], entry 0 unread; columns below dimension; leaves [2^bits]. NaN goes
/// left; the rest as for cells.
typedef void (*addend_space_encode_tree_fn)(
    addend_space_encoding_shape shape, const float *restrict x, const int32_t *restrict columns,
    const float *restrict thresholds, const uint8_t *restrict leaves,
    const int32_t *restrict exponents, size_t first, size_t last, uint8_t *restrict codes);

/// codes[i] = the first k that minimises Σ_c (points[c][i] − words[k][c])², for first ≤ i < last.
/// points [dimension][stride]; words [count][dimension], 1 ≤ count ≤ 256.
/// 0 where every distance is NaN.
typedef void (*addend_space_nearest_fn)(
    const float *restrict points, size_t stride, size_t dimension, const float *restrict words,
    size_t count, size_t first, size_t last, uint8_t *restrict codes);

/// cells[a·lowers + b] = the first k that minimises upper[a][k] + lower[k][b], for first ≤ a < last.
/// upper [..][count]; lower [count][lowers], lowers a multiple of 16; 1 ≤ count ≤ 256.
/// 0 where every sum is NaN.
typedef void (*addend_space_cells_fn)(const float *restrict upper, const float *restrict lower,
                                      size_t lowers, size_t count, size_t first, size_t last,
                                      uint8_t *restrict cells);

/// The five as one instruction set computes them: every set gives the same bits.
typedef struct {
  addend_space_scan_fn scan;
  addend_space_encode_fn encode;
  addend_space_encode_tree_fn encode_tree;
  addend_space_nearest_fn nearest;
  addend_space_cells_fn cells;
} addend_space_kernels;

/// The widest kernels that `isa`, which must be available, allows.
addend_space_kernels addend_space_select(addend_isa isa);

/// exponents[i] = e, where 2^(e−1) ≤ max_j |x[i][j]| < 2^e, kept within ±100, for first ≤ i < last.
void addend_space_row_exponents(const float *restrict x, size_t size, size_t first, size_t last,
                                int32_t *restrict exponents);

/// dx[i][j] += (x[i][j] − words[codes[i][j / dimension]][j % dimension]) · 2^exponent for
/// first ≤ i < last. words [count][dimension]; codes [rows][code_stride].
void addend_space_add_deviation(addend_space_encoding_shape shape, const float *restrict x,
                                const uint8_t *restrict codes, const float *restrict words,
                                int32_t exponent, size_t first, size_t last, float *restrict dx);
#endif
