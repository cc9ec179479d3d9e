#include "addend_lookup_select.h"
#if defined(__aarch64__)
#include "addend_neon.h"

// A look-up in two registers reads two blocks' tables of 16 entries for 8 rows. Their codes are laid
// side by side once for all outputs, so that adding neighbours adds what belongs to one row. Dot
// products would add four, of look-ups in four registers: by LLVM's models of Neoverse N1, N2, V1 and
// V2, 1.3 to 2.5 times the time altogether.

enum {
  lane_rows = 8,
  tile_lanes = 4,
  tile_rows = lane_rows * tile_lanes,
  pairs_at_once = 128,  // whose sums are sure to fit in 16 bits
  outputs_at_once = 64,
  outputs_together = 4,
};

ADDEND_NEON uint8x8_t load_codes(const uint8_t *restrict codes, size_t rows) {
  if (rows >= lane_rows) return vld1_u8(codes);
  uint8_t padded[lane_rows] = {0};
  for (size_t r = 0; r < rows; ++r) padded[r] = codes[r];
  return vld1_u8(padded);
}

// indices[p][lane]: bytes 2i and 2i + 1 are the i-th row's codes in blocks 2p and 2p + 1, the latter
// plus 16. An odd last block is followed by a table of zeros: any code will do.
ADDEND_NEON void lay_indices(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                             size_t first, size_t blocks, size_t pairs, size_t lanes,
                             uint8x16_t *restrict indices) {
  for (size_t p = 0; p < pairs; ++p) {
    const size_t j = first + 2 * p, next = j + 1 < blocks ? j + 1 : j;
    for (size_t i = 0; i < lanes; ++i) {
      const size_t r = lane_rows * i;
      const uint8x8_t a = load_codes(codes + j * code_stride + r, rows - r);
      const uint8x8_t b = load_codes(codes + next * code_stride + r, rows - r);
      const uint8x8x2_t both = vzip_u8(a, vadd_u8(b, vdup_n_u8(16)));
      indices[lanes * p + i] = vcombine_u8(both.val[0], both.val[1]);
    }
  }
}

// Adds up to 128 pairs' entries to the sums [outputs][8 * lanes] of `count` outputs, a constant where
// inlined as `lanes` is.
ADDEND_NEON void scan_pairs(const uint8x16_t *restrict indices, const int8_t *restrict tables,
                            size_t table_size, size_t pairs, size_t count, size_t lanes,
                            int32_t *restrict sums) {
  int16x8_t sum[outputs_together * tile_lanes];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count * lanes; ++i) sum[i] = vdupq_n_s16(0);
  for (size_t p = 0; p < pairs; ++p)
#pragma clang loop unroll(full)
    for (size_t n = 0; n < count; ++n) {
      const int8_t *table = tables + n * table_size + 32 * p;
      const int8x16x2_t entries = {{vld1q_s8(table), vld1q_s8(table + 16)}};
#pragma clang loop unroll(full)
      for (size_t i = 0; i < lanes; ++i)
        sum[n * lanes + i] = vpadalq_s8(sum[n * lanes + i],
                                        vqtbl2q_s8(entries, indices[lanes * p + i]));
    }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count * lanes; ++i) addend_neon_widen(sum[i], sums + lane_rows * i);
}

// Up to 8 · lanes rows by 64 outputs at a time: their sums and the indices of 256 blocks stay in the
// nearest cache.
ADDEND_NEON void scan_rows(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                           const int8_t *restrict tables, size_t blocks, size_t outputs,
                           const float *restrict scales, const float *restrict offsets,
                           size_t lanes, float *restrict y) {
  const size_t table_size = ((blocks + 3) & ~(size_t)3) * 16, all = (blocks + 1) / 2;
  const size_t width = lane_rows * lanes;
  uint8x16_t indices[tile_lanes * pairs_at_once];
  int32_t sums[outputs_at_once * tile_rows];
  float tile[4 * tile_rows];
  for (size_t m = 0; m < outputs; m += outputs_at_once) {
    const size_t some = outputs - m < outputs_at_once ? outputs - m : outputs_at_once;
    for (size_t i = 0; i < some * width; ++i) sums[i] = 0;
    for (size_t p = 0; p < all; p += pairs_at_once) {
      const size_t pairs = all - p < pairs_at_once ? all - p : pairs_at_once;
      const int8_t *part = tables + m * table_size + 32 * p;
      if (m == 0 || all > pairs_at_once)
        lay_indices(codes, code_stride, rows, 2 * p, blocks, pairs, lanes, indices);
      size_t n = 0;
      for (; n + outputs_together <= some; n += outputs_together)
        scan_pairs(indices, part + n * table_size, table_size, pairs, outputs_together, lanes,
                   sums + n * width);
      for (; n < some; ++n)
        scan_pairs(indices, part + n * table_size, table_size, pairs, 1, lanes, sums + n * width);
    }
    for (size_t n = 0; n < some; n += 4) {
      const size_t columns = some - n < 4 ? some - n : 4;
      for (size_t i = 0; i < columns; ++i)
        addend_neon_scale(sums + (n + i) * width, width, scales[m + n + i], offsets[m + n + i],
                          tile + i * width);
      addend_neon_put_tile(tile, width, rows, columns, outputs, y + m + n);
    }
  }
}

static void scan(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                 const int8_t *restrict tables, size_t blocks, size_t outputs,
                 const float *restrict scales, const float *restrict offsets, float *restrict y) {
  size_t r = 0;
  for (; r + tile_rows <= rows; r += tile_rows)
    scan_rows(codes + r, code_stride, tile_rows, tables, blocks, outputs, scales, offsets,
              tile_lanes, y + r * outputs);
  for (; r < rows; r += lane_rows)
    scan_rows(codes + r, code_stride, rows - r < lane_rows ? rows - r : lane_rows, tables, blocks,
              outputs, scales, offsets, 1, y + r * outputs);
}

addend_lookup_scan_fn addend_lookup_scan_neon(void) { return scan; }
#endif
