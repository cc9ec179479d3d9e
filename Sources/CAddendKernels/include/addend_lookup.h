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
/// 1 <= levels <= 8. scratch holds 16 * width floats, on a 64-byte border.
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
typedef void (*addend_lookup_deviations_fn)(const float *restrict x, size_t rows, size_t width,
                                            const float *restrict prototypes,
                                            const uint8_t *restrict codes, size_t code_stride,
                                            const int32_t *restrict positions, size_t blocks,
                                            size_t entries, size_t size, float strength,
                                            float *restrict dx);

/// Tables that need not exist: entry k of block j is, for output m,
/// corrections[(j * entries + k) * outputs + m] (0 where corrections is NULL)
/// + Σ_i prototypes[(j * entries + k) * size + i] * w(positions[j * size + i], m), i in order without
/// the padding, whose positions are negative; w(p, m) = weight[p * weight_row + m * weight_column].
/// With size == 0 the corrections are the tables.
typedef struct {
  const float *corrections;
  const float *prototypes;
  const int32_t *positions;
  const float *weight;
  size_t weight_row, weight_column, outputs;
} addend_lookup_tables;

/// table[k * outputs + m] = entry k of block j for output m, for all outputs.
typedef void (*addend_lookup_table_fn)(const addend_lookup_tables *restrict tables, size_t j,
                                       size_t entries, size_t size, float *restrict table);

/// y[r * y_stride + m] = Σ_j entry(j, code(j, r), first + m) for m < count, blocks in order.
/// count <= 64, entries <= 256, size <= 64, blocks > 0; scratch is [rows][64], on a 64-byte border.
typedef void (*addend_lookup_product_fn)(const uint8_t *restrict codes, size_t code_stride,
                                         size_t rows, const addend_lookup_tables *restrict tables,
                                         size_t blocks, size_t entries, size_t size, size_t first,
                                         size_t count, float *restrict scratch, float *restrict y,
                                         size_t y_stride);

enum { ADDEND_LOOKUP_ROWS_AT_ONCE = 512 };

/// Where the gradients of some blocks go, and whether they are added to what is there.
typedef struct {
  float *corrections;
  float *weight;
  float *prototypes;
  int adds_corrections, adds_weight;
} addend_lookup_gradients;

/// The gradients of `product` towards its tables' parts. With the buckets
/// S[j][k][m] = Σ dy[r][m] over the rows r with code(j, r) == k, in order:
/// corrections[j][k][m] = S[j][k][m];
/// weight[positions[j * size + i]][m] = Σ_k prototypes[j][k][i] * S[j][k][m], k in order;
/// prototypes[j][k][i] = Σ_m S[j][k][m] * weight[positions[j * size + i]][m], kept as 16 sums of m
/// mod 16 that are then added in order; 0 in the padding, and never added to what was there.
/// dy is [rows][outputs], weight has rows of `outputs`, blocks * entries <= 256, size <= 64; with
/// R = min(rows, ADDEND_LOOKUP_ROWS_AT_ONCE), scratch holds 64 R + blocks * entries * (64 + 16 size)
/// floats on a 64-byte border, and order holds blocks * R.
typedef void (*addend_lookup_gradients_fn)(
    const uint8_t *restrict codes, size_t code_stride, size_t rows, const float *restrict dy,
    const float *restrict prototypes, const int32_t *restrict positions,
    const float *restrict weight, size_t blocks, size_t entries, size_t size, size_t outputs,
    const addend_lookup_gradients *restrict gradients, float *restrict scratch,
    uint16_t *restrict order);

/// What a bucket of rows comes to while a tree is learned.
typedef struct {
  size_t count, left_count;
  double square, whole, left_square, left_along, best;
  float last;
} addend_lookup_bucket;

/// Room to learn one tree in; stride is the block's size rounded up to 8.
typedef struct {
  size_t compared;              // different columns that the levels may compare, at least 1
  float *block;                 // [rows][stride]
  double *squares, *along;      // [rows]
  uint32_t *keys, *spare;       // [rows]
  uint32_t *orders;             // [size][rows]
  uint8_t *bucket;              // [rows]
  double *totals, *left;        // [1 << (levels - 1)][stride], on a 64-byte border
  addend_lookup_bucket *state;  // [1 << (levels - 1)]
} addend_lookup_learning;

/// Learns the tree of the block of x: [rows][width] that has `positions` [size], some perhaps
/// negative for padding but not all: level by level the column, and each node's threshold between two
/// of the values in its bucket, that leave the least squared distance to the buckets' means over all
/// columns, sums in float64. columns [levels] are positions within the block, thresholds [1 << levels]
/// are counted as in a heap from 1, infinite where a bucket stays whole. levels <= 8.
typedef void (*addend_lookup_learn_fn)(const float *restrict x, size_t rows, size_t width,
                                       const int32_t *restrict positions, size_t size,
                                       size_t levels, addend_lookup_learning *restrict space,
                                       int32_t *restrict columns, float *restrict thresholds);

/// means[k][i]: the mean of x[r][positions[i]] over the rows with codes[r] == k, in float64, in order;
/// 0 where there are none and in the padding. sums holds entries * size; entries <= 256.
void addend_lookup_means(const float *restrict x, size_t rows, size_t width,
                         const uint8_t *restrict codes, const int32_t *restrict positions,
                         size_t entries, size_t size, double *restrict sums,
                         float *restrict means);

/// mixed[k][:] = Σ_o (rows with codes k and old o / rows with code k) * values[o][:], o in order; 0
/// where no row has code k. values and mixed are [entries][width], shared holds entries * entries.
void addend_lookup_mix(const uint8_t *restrict codes, const uint8_t *restrict old, size_t rows,
                       const float *restrict values, size_t entries, size_t width,
                       uint32_t *restrict shared, float *restrict mixed);

/// y[r][m] = (float)(Σ_j tables[m][j][code(j, r)]) * scales[m] + offsets[m], sums in int32.
/// tables is [outputs][padded][16], padded being `blocks` rounded up to a multiple of 4 and the
/// entries past `blocks` zero; blocks < 2^23; codes < 16; y is [rows][outputs].
typedef void (*addend_lookup_scan_fn)(const uint8_t *restrict codes, size_t code_stride,
                                      size_t rows, const int8_t *restrict tables, size_t blocks,
                                      size_t outputs, const float *restrict scales,
                                      const float *restrict offsets, float *restrict y);

/// y[r][:] = x[r][:] / scales[r], the scale being the power of two that brings the row's largest
/// magnitude into [1/2, 1), from 2^-126 to 2^127: 1 for a row of zeros, NaN for one that is not finite.
/// x and y are [rows][width].
void addend_lookup_scale_to_one(const float *restrict x, size_t rows, size_t width,
                                float *restrict y, float *restrict scales);

/// x[r][:] *= scales[r]; x is [rows][width].
void addend_lookup_scale_rows(float *restrict x, size_t rows, size_t width,
                              const float *restrict scales);

/// The kernels as one instruction set computes them; all sets give the same bits.
typedef struct {
  addend_lookup_encode_fn encode;
  addend_lookup_product_fn product;
  addend_lookup_gradients_fn gradients;
  addend_lookup_table_fn table;
  addend_lookup_deviations_fn deviations;
  addend_lookup_learn_fn learn;
  addend_lookup_scan_fn scan;
} addend_lookup_kernels;

/// The widest kernels that `isa` allows.
addend_lookup_kernels addend_lookup_select(addend_isa isa);
#endif
