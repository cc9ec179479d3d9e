#include "addend_byte_select.h"
#if defined(__aarch64__)
#include <string.h>

#include "addend_neon.h"

// A look-up in two registers reads two blocks' entries for 8 rows, whose codes are laid side by side.
// Two such results add up in bytes, and adding neighbours gives what belongs to one row.

enum {
  tile = ADDEND_BYTE_TILE,
  lane_rows = 8,
  lanes = 4,
  rows_at_once = lane_rows * lanes,
  blocks_at_once = 512,  // whose sums are sure to fit in 16 bits
  outputs_at_once = 2,   // whose sums, entries and indices registers hold
};

// The codes of 16 rows in one block, plus 16: a table look-up reads each row's threshold off the
// block's 16.
ADDEND_NEON uint8x16_t leaves_of_16(const addend_byte_layer *restrict layer,
                                    const uint8_t *restrict x, size_t j) {
  const uint8x16_t thresholds = vld1q_u8(layer->thresholds + 16 * j);
  uint8x16_t node = vdupq_n_u8(1);
  for (size_t l = 0; l < 4; ++l) {
    const uint8x16_t value = vld1q_u8(x + (size_t)layer->columns[4 * j + l] * tile);
    const uint8x16_t right = vcgtq_u8(value, vqtbl1q_u8(thresholds, node));
    node = vsubq_u8(vaddq_u8(node, node), right);
  }
  return node;
}

// indices[r / 32][p][lane]: bytes 2i and 2i + 1 are the i-th row's codes in blocks 2p and 2p + 1, the
// latter plus 16.
static void encode(const addend_byte_layer *restrict layer, const uint8_t *restrict x, size_t rows,
                   uint8_t *restrict indices) {
  const uint8x16_t first_leaf = vdupq_n_u8(16);
  for (size_t r = 0; r < rows; r += rows_at_once)
    for (size_t j = 0; j < layer->blocks; j += 2)
      for (size_t i = 0; i < rows_at_once; i += 16, indices += 32) {
        const uint8x16_t a = vsubq_u8(leaves_of_16(layer, x + r + i, j), first_leaf);
        const uint8x16_t b = leaves_of_16(layer, x + r + i, j + 1);
        vst1q_u8(indices, vzip1q_u8(a, b));
        vst1q_u8(indices + 16, vzip2q_u8(a, b));
      }
}

// Adds up to 512 blocks' entries to the sums [outputs][32] of `count` outputs, a constant where
// inlined.
ADDEND_NEON void sum_blocks(const uint8_t *restrict indices, const int8_t *restrict tables,
                            size_t table_size, size_t blocks, size_t count,
                            int32_t *restrict sums) {
  int16x8_t sum[outputs_at_once * lanes];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count * lanes; ++i) sum[i] = vdupq_n_s16(0);
  for (size_t j = 0; j < blocks; j += 4, tables += 64, indices += 32 * lanes)
#pragma clang loop unroll(full)
    for (size_t n = 0; n < count; ++n) {
      const int8x16x4_t four = vld1q_s8_x4(tables + n * table_size);
      const int8x16x2_t first = {{four.val[0], four.val[1]}};
      const int8x16x2_t second = {{four.val[2], four.val[3]}};
#pragma clang loop unroll(full)
      for (size_t i = 0; i < lanes; ++i) {
        const int8x16_t a = vqtbl2q_s8(first, vld1q_u8(indices + 16 * i));
        const int8x16_t b = vqtbl2q_s8(second, vld1q_u8(indices + 16 * (lanes + i)));
        sum[n * lanes + i] = vpadalq_s8(sum[n * lanes + i], vaddq_s8(a, b));
      }
    }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count * lanes; ++i) addend_neon_widen(sum[i], sums + lane_rows * i);
}

// The sums [outputs][32] of 32 rows for outputs m to m + count, a constant where inlined.
ADDEND_NEON void sum_32(const addend_byte_layer *restrict layer, const uint8_t *restrict indices,
                        size_t m, size_t count, int32_t *restrict sums) {
  const size_t size = layer->blocks * 16;
  for (size_t n = 0; n < count; ++n)
    for (size_t r = 0; r < rows_at_once; ++r) sums[n * rows_at_once + r] = layer->biases[m + n];
  for (size_t j = 0; j < layer->blocks; j += blocks_at_once) {
    const size_t left = layer->blocks - j;
    sum_blocks(indices + j * rows_at_once, layer->tables + m * size + 16 * j, size,
               left < blocks_at_once ? left : blocks_at_once, count, sums);
  }
}

ADDEND_NEON void put_bytes(const addend_byte_layer *restrict layer, size_t m, size_t count,
                           const int32_t *restrict sums, uint8_t *restrict y) {
  for (size_t n = 0; n < count; ++n) {
    const int32x4_t shift = vdupq_n_s32(-(int32_t)layer->shifts[m + n]);
    for (size_t r = 0; r < rows_at_once; r += 8) {
      const int32_t *from = sums + n * rows_at_once + r;
      const uint16x4_t low = vqmovun_s32(vshlq_s32(vld1q_s32(from), shift));
      const uint16x4_t high = vqmovun_s32(vshlq_s32(vld1q_s32(from + 4), shift));
      vst1_u8(y + (m + n) * tile + r, vqmovn_u16(vcombine_u16(low, high)));
    }
  }
}

ADDEND_NEON void put_sums(const addend_byte_layer *restrict layer, size_t m, size_t count,
                          const int32_t *restrict sums, int32_t *restrict y) {
  (void)layer;
  for (size_t n = 0; n < count; ++n)
    memcpy(y + (m + n) * tile, sums + n * rows_at_once, rows_at_once * sizeof *sums);
}

// One tile's outputs. Two at a time keep their tables at hand while all rows of the tile pass.
#define OUTPUTS_OF_TILE(put, y)                                                \
  do {                                                                         \
    int32_t found[outputs_at_once * rows_at_once];                             \
    encode(layer, x, rows, scratch);                                           \
    size_t m = 0;                                                              \
    for (; m + outputs_at_once <= layer->outputs; m += outputs_at_once)        \
      for (size_t r = 0; r < rows; r += rows_at_once) {                        \
        sum_32(layer, scratch + r * layer->blocks, m, outputs_at_once, found); \
        put(layer, m, outputs_at_once, found, y + r);                          \
      }                                                                        \
    for (; m < layer->outputs; ++m)                                            \
      for (size_t r = 0; r < rows; r += rows_at_once) {                        \
        sum_32(layer, scratch + r * layer->blocks, m, 1, found);               \
        put(layer, m, 1, found, y + r);                                        \
      }                                                                        \
  } while (0)

static void bytes_of_tile(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                          size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  OUTPUTS_OF_TILE(put_bytes, y);
}

static void sums_of_tile(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                         size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  OUTPUTS_OF_TILE(put_sums, sums);
}

static void layer_neon(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                       size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  for (size_t t = 0; t * tile < rows; ++t)
    bytes_of_tile(layer, x + t * layer->inputs * tile, addend_byte_tile_rows(rows, t), scratch,
                  y + t * layer->outputs * tile);
}

static void sums_neon(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                      size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  for (size_t t = 0; t * tile < rows; ++t)
    sums_of_tile(layer, x + t * layer->inputs * tile, addend_byte_tile_rows(rows, t), scratch,
                 sums + t * layer->outputs * tile);
}

// 16 rows by 16 columns, turned by four rounds of interleaving.
ADDEND_NEON void turn_16(uint8x16_t from[16]) {
  for (size_t round = 0; round < 4; ++round) {
    uint8x16_t to[16];
    for (size_t i = 0; i < 8; ++i) {
      to[2 * i] = vzip1q_u8(from[i], from[i + 8]);
      to[2 * i + 1] = vzip2q_u8(from[i], from[i + 8]);
    }
    for (size_t i = 0; i < 16; ++i) from[i] = to[i];
  }
}

static void columns_neon(const uint8_t *restrict x, size_t rows, size_t width,
                         uint8_t *restrict columns) {
  const size_t whole = width & ~(size_t)15, padded = addend_byte_tile_rows(rows, 0);
  for (size_t r = 0; r < padded; r += 16)
    for (size_t c = 0; c < whole; c += 16) {
      uint8x16_t square[16];
      for (size_t i = 0; i < 16; ++i)
        square[i] = r + i < rows ? vld1q_u8(x + (r + i) * width + c) : vdupq_n_u8(0);
      turn_16(square);
      for (size_t i = 0; i < 16; ++i) vst1q_u8(columns + (c + i) * tile + r, square[i]);
    }
  for (size_t c = whole; c < width; ++c) {
    for (size_t r = 0; r < rows; ++r) columns[c * tile + r] = x[r * width + c];
    memset(columns + c * tile + rows, 0, padded - rows);
  }
}

void addend_byte_use_neon(addend_byte_kernels *kernels) {
  *kernels = (addend_byte_kernels){layer_neon, sums_neon, columns_neon};
}
#else
void addend_byte_use_neon(addend_byte_kernels *kernels) { (void)kernels; }
#endif
