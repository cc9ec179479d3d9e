#include "addend_lookup_select.h"
#if defined(__aarch64__)
#include "addend_neon.h"

enum { rows_at_once = 16, held_levels = 4 };

// columns_of[c * 16 + r] = x[r * width + c] for 16 rows.
static void lay_columns(const float *restrict x, size_t width, float *restrict columns_of) {
  size_t c = 0;
  for (; c + 4 <= width; c += 4)
    for (size_t r = 0; r < rows_at_once; r += 4)
      addend_neon_transpose_4x4(x + r * width + c, width, columns_of + 16 * c + r, 16);
  for (; c < width; ++c)
    for (size_t r = 0; r < rows_at_once; ++r) columns_of[16 * c + r] = x[r * width + c];
}

// The thresholds of one of the first four levels, at most 8, as bytes.
ADDEND_NEON uint8x16x2_t level_thresholds(const float *restrict thresholds, size_t level) {
  uint8x16x2_t bytes = {{vdupq_n_u8(0), vdupq_n_u8(0)}};
  float first[4] = {0};
  switch (level) {
    case 0:
      bytes.val[0] = vreinterpretq_u8_f32(vdupq_n_f32(thresholds[0]));
      break;
    case 1:
      first[0] = thresholds[0], first[1] = thresholds[1];
      bytes.val[0] = vreinterpretq_u8_f32(vld1q_f32(first));
      break;
    case 2:
      bytes.val[0] = vreinterpretq_u8_f32(vld1q_f32(thresholds));
      break;
    default:
      bytes.val[0] = vreinterpretq_u8_f32(vld1q_f32(thresholds));
      bytes.val[1] = vreinterpretq_u8_f32(vld1q_f32(thresholds + 4));
  }
  return bytes;
}

// Twice the node, and one more where the column's number exceeds the threshold. A node is counted
// within its level and stands in all four bytes of its row.
ADDEND_NEON uint8x16_t descend(uint8x16_t node, const float *restrict column,
                               float32x4_t threshold) {
  const uint32x4_t right = vcgtq_f32(vld1q_f32(column), threshold);
  return vsubq_u8(vaddq_u8(node, node), vreinterpretq_u8_u32(right));
}

// A level whose thresholds lie in two registers: a node's four bytes look up its threshold's.
ADDEND_NEON void descend_held(uint8x16_t node[4], const float *restrict column,
                              const float *restrict thresholds, size_t level) {
  const uint8x16_t bytes = vreinterpretq_u8_u32(vdupq_n_u32(0x03020100));
  const uint8x16x2_t table = level_thresholds(thresholds, level);
  for (size_t i = 0; i < 4; ++i) {
    const uint8x16_t index = vsliq_n_u8(bytes, node[i], 2);
    const uint8x16_t found = level == 0  ? table.val[0]
                             : level < 3 ? vqtbl1q_u8(table.val[0], index)
                                         : vqtbl2q_u8(table, index);
    node[i] = descend(node[i], column + 4 * i, vreinterpretq_f32_u8(found));
  }
}

// The first byte of each row's four.
ADDEND_NEON uint8x16_t pack(const uint8x16_t node[4]) {
  const uint16x8_t low = vuzp1q_u16(vreinterpretq_u16_u8(node[0]), vreinterpretq_u16_u8(node[1]));
  const uint16x8_t high = vuzp1q_u16(vreinterpretq_u16_u8(node[2]), vreinterpretq_u16_u8(node[3]));
  return vuzp1q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
}

// A deeper level, whose thresholds are read one by one.
ADDEND_NEON void descend_deep(uint8x16_t node[4], const float *restrict column,
                              const float *restrict thresholds) {
  uint8_t at[rows_at_once];
  vst1q_u8(at, pack(node));
  for (size_t i = 0; i < 4; ++i) {
    float found[4];
    for (size_t r = 0; r < 4; ++r) found[r] = thresholds[at[4 * i + r]];
    node[i] = descend(node[i], column + 4 * i, vld1q_f32(found));
  }
}

static void encode(const float *restrict x, size_t rows, size_t width,
                   const int32_t *restrict columns, const float *restrict thresholds, size_t blocks,
                   size_t levels, float *restrict scratch, uint8_t *restrict codes,
                   size_t code_stride) {
  const size_t held = levels < held_levels ? levels : held_levels;
  size_t r = 0;
  for (; r + rows_at_once <= rows; r += rows_at_once) {
    lay_columns(x + r * width, width, scratch);
    for (size_t j = 0; j < blocks; ++j) {
      const int32_t *column = columns + j * levels;
      const float *tree = thresholds + (j << levels);
      uint8x16_t node[4] = {vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0)};
#pragma clang loop unroll(full)
      for (size_t l = 0; l < held_levels; ++l)
        if (l < held) descend_held(node, scratch + 16 * (size_t)column[l], tree + (1 << l), l);
      for (size_t l = held_levels; l < levels; ++l)
        descend_deep(node, scratch + 16 * (size_t)column[l], tree + ((size_t)1 << l));
      vst1q_u8(codes + j * code_stride + r, pack(node));
    }
  }
  addend_lookup_encode_select(ADDEND_ISA_SCALAR)(x + r * width, rows - r, width, columns,
                                                 thresholds, blocks, levels, scratch, codes + r,
                                                 code_stride);
}

addend_lookup_encode_fn addend_lookup_encode_neon(void) { return encode; }
#endif
