#ifndef ADDEND_NEON_H
#define ADDEND_NEON_H
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

// What the variants for Arm share.

#define ADDEND_NEON static inline __attribute__((always_inline))

/// to[j][i] = from[i][j] for 4 × 4 numbers; the strides are between rows.
ADDEND_NEON void addend_neon_transpose_4x4(const float *restrict from, size_t from_stride,
                                           float *restrict to, size_t to_stride) {
  float32x4_t row[4];
  float64x2_t pair[4];
  for (size_t i = 0; i < 4; ++i) row[i] = vld1q_f32(from + i * from_stride);
  for (size_t i = 0; i < 4; i += 2) {
    pair[i] = vreinterpretq_f64_f32(vtrn1q_f32(row[i], row[i + 1]));
    pair[i + 1] = vreinterpretq_f64_f32(vtrn2q_f32(row[i], row[i + 1]));
  }
  for (size_t j = 0; j < 2; ++j) {
    vst1q_f32(to + j * to_stride, vreinterpretq_f32_f64(vtrn1q_f64(pair[j], pair[j + 2])));
    vst1q_f32(to + (j + 2) * to_stride, vreinterpretq_f32_f64(vtrn2q_f64(pair[j], pair[j + 2])));
  }
}

/// y[r][m] = tile[m][r] for r < rows and m < width; tile has rows of `tile_rows`, y of `outputs`.
ADDEND_NEON void addend_neon_put_tile(const float *restrict tile, size_t tile_rows, size_t rows,
                                      size_t width, size_t outputs, float *restrict y) {
  for (size_t m = 0; m < width; m += 4) {
    size_t r = 0;
    if (m + 4 <= width)
      for (; r + 4 <= rows; r += 4)
        addend_neon_transpose_4x4(tile + m * tile_rows + r, tile_rows, y + r * outputs + m, outputs);
    const size_t end = m + 4 < width ? m + 4 : width;
    for (; r < rows; ++r)
      for (size_t n = m; n < end; ++n) y[r * outputs + n] = tile[n * tile_rows + r];
  }
}

/// Adds 8 sums of 16 bits to 8 of 32.
ADDEND_NEON void addend_neon_widen(int16x8_t sums, int32_t *restrict to) {
  vst1q_s32(to, vaddw_s16(vld1q_s32(to), vget_low_s16(sums)));
  vst1q_s32(to + 4, vaddw_high_s16(vld1q_s32(to + 4), sums));
}

/// (float)sums * scale + offset, for `count` rows, a multiple of 4.
ADDEND_NEON void addend_neon_scale(const int32_t *restrict sums, size_t count, float scale,
                                   float offset, float *restrict to) {
#pragma STDC FP_CONTRACT OFF
  for (size_t r = 0; r < count; r += 4) {
    const float32x4_t product = vmulq_n_f32(vcvtq_f32_s32(vld1q_s32(sums + r)), scale);
    vst1q_f32(to + r, vaddq_f32(product, vdupq_n_f32(offset)));
  }
}
#endif
#endif
