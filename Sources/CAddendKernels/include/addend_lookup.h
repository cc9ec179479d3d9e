#ifndef ADDEND_LOOKUP_H
#define ADDEND_LOOKUP_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Product-quantized look-ups: each block of a row is encoded as one of `entries` codes, and each
// code names a row of the block's table. Codes are block-major: code (j, r) of block j and row r
// stands at codes[j * code_stride + r]. Nothing overlaps an output.

/// Walks a binary tree per block: i = 1; for each level l < levels:
/// i = 2i + (x[r * width + columns[j * levels + l]] > thresholds[(j << levels) + i]);
/// codes[j * code_stride + r] = i - (1 << levels). A NaN goes left.
/// x is [rows][width]; columns < width; entry 0 of each block's thresholds is not read;
/// 1 <= levels <= 4. scratch holds 16 * width floats, on a 64-byte border.
typedef void (*addend_lookup_encode_fn)(const float *restrict x, size_t rows, size_t width,
                                        const int32_t *restrict columns,
                                        const float *restrict thresholds, size_t blocks,
                                        size_t levels, float *restrict scratch,
                                        uint8_t *restrict codes, size_t code_stride);

/// h[r][j * levels + l] = Σ_i ±x[r][positions[j * size + i]], i in order, minus where
/// signs[l * size + i] < 0. A negative position is padding and adds nothing; the first of a block
/// is never one and has no minus. x is [rows][width].
void addend_lookup_hash(const float *restrict x, size_t rows, size_t width,
                        const int32_t *restrict positions, const int8_t *restrict signs,
                        size_t blocks, size_t size, size_t levels, float *restrict h);

/// dx[r][p] += strength * (x[r][p] - prototypes[j][code(j, r)][i]) for every position
/// p = positions[j * size + i] that is not negative. x and dx are [rows][width], prototypes is
/// [blocks][entries][size].
void addend_lookup_deviations(const float *restrict x, size_t rows, size_t width,
                              const float *restrict prototypes, const uint8_t *restrict codes,
                              size_t code_stride, const int32_t *restrict positions, size_t blocks,
                              size_t entries, size_t size, float strength, float *restrict dx);

/// y[r][m] = tables[0][code(0, r)][m] + tables[1][code(1, r)][m] + …, blocks in order.
/// tables is [blocks][entries][outputs], y is [rows][outputs]; blocks > 0.
typedef void (*addend_lookup_sum_fn)(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                                     const float *restrict tables, size_t blocks, size_t entries,
                                     size_t outputs, float *restrict y);

/// sums[k][m] = Σ over the rows r with codes[r] == k, in order, of dy[r][m]: one block's buckets.
/// dy is [rows][outputs], sums is [entries][outputs].
typedef void (*addend_lookup_bucket_fn)(const uint8_t *restrict codes, size_t rows,
                                        const float *restrict dy, size_t entries, size_t outputs,
                                        float *restrict sums);

/// One block's table: table[k][m] = corrections[k][m] + Σ_i prototypes[k][i] * weight[rows[i]][m],
/// i in order; an i with rows[i] < 0 is padding and adds nothing. prototypes is [entries][size].
typedef void (*addend_lookup_table_fn)(const float *restrict corrections,
                                       const float *restrict prototypes,
                                       const int32_t *restrict rows, const float *restrict weight,
                                       size_t entries, size_t size, size_t outputs,
                                       float *restrict table);

/// The two adjoints of one block's table, given its bucket sums [entries][outputs]:
/// weight_gradient[rows[i]][m] = (what it held, or 0) + Σ_k prototypes[k][i] * sums[k][m], k in
/// order; prototype_gradient[k][i] = Σ_m sums[k][m] * weight[rows[i]][m], kept as 16 sums of m mod
/// 16 that are then added in order; 0 where rows[i] < 0.
typedef void (*addend_lookup_adjoint_fn)(const float *restrict sums,
                                         const float *restrict prototypes,
                                         const int32_t *restrict rows, const float *restrict weight,
                                         size_t entries, size_t size, size_t outputs,
                                         int accumulates, float *restrict weight_gradient,
                                         float *restrict prototype_gradient);

/// y[r][m] = (float)(Σ_j tables[m][j][code(j, r)]) * scales[m] + offsets[m], sums in int32.
/// tables is [outputs][padded][16], padded being `blocks` rounded up to a multiple of 4 and the
/// entries past `blocks` zero; blocks < 2^23; codes < 16; y is [rows][outputs].
typedef void (*addend_lookup_scan_fn)(const uint8_t *restrict codes, size_t code_stride,
                                      size_t rows, const int8_t *restrict tables, size_t blocks,
                                      size_t outputs, const float *restrict scales,
                                      const float *restrict offsets, float *restrict y);

/// The kernels as one instruction set computes them; all sets give the same bits.
typedef struct {
  addend_lookup_encode_fn encode;
  addend_lookup_sum_fn sum;
  addend_lookup_bucket_fn bucket;
  addend_lookup_table_fn table;
  addend_lookup_adjoint_fn adjoint;
  addend_lookup_scan_fn scan;
} addend_lookup_kernels;

/// The widest kernels that `isa` allows.
addend_lookup_kernels addend_lookup_select(addend_isa isa);
#endif
