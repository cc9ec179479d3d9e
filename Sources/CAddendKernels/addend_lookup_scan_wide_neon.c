#include "addend_lookup_select.h"
#if defined(__aarch64__)
#include "addend_neon.h"

#define PARAMETERS                                                                             \
  const uint8_t *restrict codes, size_t code_stride, size_t rows, const int8_t *restrict tables, \
      size_t blocks, size_t entries, size_t outputs, const float *restrict scales,             \
      const float *restrict offsets, float *restrict y

enum {
  lane_rows = 16,
  tile_lanes = 2,
  tile_rows = lane_rows * tile_lanes,
  blocks_at_once = 256,  // whose sums are sure to fit in 16 bits
  outputs_together = 2,
  outputs_at_once = 4,
};

// 16 rows' codes, of which `there` bytes may be read: what follows a block's last row is the next
// block, and no harm in sums that nobody asks for.
ADDEND_NEON uint8x16_t load_codes(const uint8_t *restrict codes, size_t there) {
  if (there >= lane_rows) return vld1q_u8(codes);
  uint8_t padded[lane_rows] = {0};
  for (size_t r = 0; r < there; ++r) padded[r] = codes[r];
  return vld1q_u8(padded);
}

// 16 · lanes look-ups in one block's tables of `count` outputs. Four registers hold 64 entries, a code
// outside of them finds zero, and the next 64 are found by codes 64 less, which the outputs share.
ADDEND_NEON void look_up(const int8_t *restrict table, size_t table_size, uint8x16_t code[tile_lanes],
                         size_t entries, size_t count, size_t lanes,
                         int8x16_t found[outputs_together * tile_lanes]) {
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count * lanes; ++i) found[i] = vdupq_n_s8(0);
  // Unrolled, it would read more tables at a time than there are registers.
#pragma clang loop unroll(disable)
  for (size_t k = 0; k < entries; k += 64) {
#pragma clang loop unroll(full)
    for (size_t n = 0; n < count; ++n) {
      const int8x16x4_t part = vld1q_s8_x4(table + n * table_size + k);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < lanes; ++i)
        found[n * lanes + i] = vorrq_s8(found[n * lanes + i], vqtbl4q_s8(part, code[i]));
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < lanes; ++i) code[i] = vsubq_u8(code[i], vdupq_n_u8(64));
  }
}

// The sums [outputs][16 · lanes] of `rows` rows for `count` outputs, a constant where inlined as
// `lanes` is: in 16 bits over 256 blocks, then in 32.
ADDEND_NEON void sum_rows(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                          const int8_t *restrict tables, size_t blocks, size_t entries,
                          size_t count, size_t lanes, int32_t *restrict sums) {
  for (size_t i = 0; i < count * lane_rows * lanes; ++i) sums[i] = 0;
  for (size_t j = 0; j < blocks;) {
    const size_t end = blocks - j < blocks_at_once ? blocks : j + blocks_at_once;
    int16x8_t low[outputs_together * tile_lanes], high[outputs_together * tile_lanes];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count * lanes; ++i) low[i] = high[i] = vdupq_n_s16(0);
    for (; j < end; ++j) {
      const size_t there = (blocks - 1 - j) * code_stride + rows;
      uint8x16_t code[tile_lanes];
      int8x16_t found[outputs_together * tile_lanes];
#pragma clang loop unroll(full)
      for (size_t i = 0; i < lanes; ++i)
        code[i] = load_codes(codes + j * code_stride + lane_rows * i,
                             rows == lane_rows * lanes ? lane_rows : there);
      look_up(tables + j * entries, blocks * entries, code, entries, count, lanes, found);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < count * lanes; ++i) {
        low[i] = vaddw_s8(low[i], vget_low_s8(found[i]));
        high[i] = vaddw_high_s8(high[i], found[i]);
      }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count * lanes; ++i) {
      addend_neon_widen(low[i], sums + lane_rows * i);
      addend_neon_widen(high[i], sums + lane_rows * i + 8);
    }
  }
}

// 16 · lanes rows, or up to 16 where there is one lane.
ADDEND_NEON void scan_rows(PARAMETERS, size_t lanes) {
  const size_t width = lane_rows * lanes, table_size = blocks * entries;
  int32_t sums[outputs_at_once * tile_rows];
  float tile[outputs_at_once * tile_rows];
  for (size_t m = 0; m < outputs; m += outputs_at_once) {
    const size_t some = outputs - m < outputs_at_once ? outputs - m : outputs_at_once;
    size_t n = 0;
    for (; n + outputs_together <= some; n += outputs_together)
      sum_rows(codes, code_stride, rows, tables + (m + n) * table_size, blocks, entries,
               outputs_together, lanes, sums + n * width);
    for (; n < some; ++n)
      sum_rows(codes, code_stride, rows, tables + (m + n) * table_size, blocks, entries, 1, lanes,
               sums + n * width);
    for (n = 0; n < some; ++n)
      addend_neon_scale(sums + n * width, width, scales[m + n], offsets[m + n], tile + n * width);
    addend_neon_put_tile(tile, width, rows, some, outputs, y + m);
  }
}

// A lane takes about as many instructions as reading for a few rows does, fewer where there are fewer
// entries. Counted, not measured.
ADDEND_NEON void scan_tables(PARAMETERS) {
  size_t r = 0;
  for (; r + tile_rows <= rows; r += tile_rows)
    scan_rows(codes + r, code_stride, tile_rows, tables, blocks, entries, outputs, scales, offsets,
              y + r * outputs, tile_lanes);
  for (; r < rows && 24 * (rows - r) >= entries; r += lane_rows)
    scan_rows(codes + r, code_stride, rows - r < lane_rows ? rows - r : lane_rows, tables, blocks,
              entries, outputs, scales, offsets, y + r * outputs, 1);
  if (r < rows)
    addend_lookup_scan_wide_few(codes + r, code_stride, rows - r, tables, blocks, entries, outputs,
                                scales, offsets, y + r * outputs);
}

static void scan_wide(PARAMETERS) {
  if (entries == 64)
    scan_tables(codes, code_stride, rows, tables, blocks, 64, outputs, scales, offsets, y);
  else if (entries == 128)
    scan_tables(codes, code_stride, rows, tables, blocks, 128, outputs, scales, offsets, y);
  else
    scan_tables(codes, code_stride, rows, tables, blocks, 256, outputs, scales, offsets, y);
}

addend_lookup_scan_wide_fn addend_lookup_scan_wide_neon(void) { return scan_wide; }
#endif
