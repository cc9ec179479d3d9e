#ifndef ADDEND_BYTE_H
#define ADDEND_BYTE_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Look-up layers on bytes that lie in columns: what one layer writes, the next compares, and no
// number becomes a float until the last sums. Rows lie in tiles of ADDEND_BYTE_TILE, the last of
// which may be shorter but takes as much memory.

enum {
  ADDEND_BYTE_TILE = 256,
  /// Bytes of tables that a core's own cache holds beside a few tiles' codes: all tiles of a call
  /// pass these before the next are read.
  ADDEND_BYTE_SLAB = 1 << 18,
};

/// One layer. Row r's code in block j walks a tree of four levels:
/// i = 1; four times l: i = 2i + (x[columns[4j + l]][r] > thresholds[16j + i]); code = i - 16.
/// Its sums are s[m][r] = biases[m] + Σ_j tables[m][j][code(j, r)], in int32.
typedef struct {
  size_t inputs;              // columns of x
  size_t blocks;              // a multiple of 8, at least 8, below 2^20
  size_t outputs;             // at least 1
  const int32_t *columns;     // [blocks][4]
  const uint8_t *thresholds;  // [blocks][16], nodes counted from 1 as in a heap; 0 is not read
  const int8_t *tables;       // [outputs][blocks][16], entries in -64…63, on a 64-byte border
  const int32_t *biases;      // [outputs], within ±2^30
  const uint8_t *shifts;      // [outputs], below 31; not read where sums are wanted
} addend_byte_layer;

/// y[m][r] = s[m][r] >> shifts[m], cut to 0…255. x is [tiles][inputs][tile], y is
/// [tiles][outputs][tile], tile being ADDEND_BYTE_TILE and tiles as many as `rows` fill; rows past
/// `rows`, up to a multiple of 64, are read and written too. scratch holds blocks * tile bytes a
/// tile, on a 64-byte border; x and y are faster on one. Tiles given together read large tables from
/// the second-level cache, which should hold their scratch too: a few are enough.
typedef void (*addend_byte_layer_fn)(const addend_byte_layer *restrict layer,
                                     const uint8_t *restrict x, size_t rows,
                                     uint8_t *restrict scratch, uint8_t *restrict y);

/// As the layer, but writes the sums themselves: [tiles][outputs][tile].
typedef void (*addend_byte_sums_fn)(const addend_byte_layer *restrict layer,
                                    const uint8_t *restrict x, size_t rows,
                                    uint8_t *restrict scratch, int32_t *restrict sums);

/// columns[c][r] = x[r][c] for c < width and r < rows <= tile; rows past `rows`, up to a multiple of
/// 64, become 0. x is [rows][width].
typedef void (*addend_byte_columns_fn)(const uint8_t *restrict x, size_t rows, size_t width,
                                       uint8_t *restrict columns);

/// The kernels as one instruction set computes them; all sets give the same bits.
typedef struct {
  addend_byte_layer_fn layer;
  addend_byte_sums_fn sums;
  addend_byte_columns_fn columns;
} addend_byte_kernels;

/// The widest kernels that `isa` allows.
addend_byte_kernels addend_byte_select(addend_isa isa);

/// Runs `count` layers on x [rows][width]: logits[r][m] = (float)s[m][r] * scales[m] +
/// offsets[m], s being the last layer's sums. bytes holds two buffers of `widest` * tile bytes a
/// tile, `widest` being at least width, every layer's outputs but the last's, and 4 times the last's;
/// scratch holds the most blocks * tile bytes a tile. All three on 64-byte borders.
void addend_byte_network(addend_byte_kernels kernels, const addend_byte_layer *restrict layers,
                         size_t count, const float *restrict scales, const float *restrict offsets,
                         const uint8_t *restrict x, size_t rows, size_t width, size_t widest,
                         uint8_t *restrict bytes, uint8_t *restrict scratch,
                         float *restrict logits);

/// classes[r] = the first m with the largest logits[r][m]. logits is [rows][outputs].
void addend_byte_classes(const float *restrict logits, size_t rows, size_t outputs,
                         int32_t *restrict classes);
#endif
