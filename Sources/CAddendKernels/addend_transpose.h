#ifndef ADDEND_TRANSPOSE_H
#define ADDEND_TRANSPOSE_H
#include <immintrin.h>
#include <stddef.h>

/// to[c * to_stride + r] = from[r * from_stride + c] for r, c < 8.
__attribute__((target("avx2"))) static inline void addend_transpose_8x8(const float *restrict from,
                                                                        size_t from_stride,
                                                                        float *restrict to,
                                                                        size_t to_stride) {
  __m256 a[8], b[8];
  for (size_t r = 0; r < 8; ++r) a[r] = _mm256_loadu_ps(from + r * from_stride);
  for (size_t r = 0; r < 8; r += 2) {
    b[r] = _mm256_unpacklo_ps(a[r], a[r + 1]);
    b[r + 1] = _mm256_unpackhi_ps(a[r], a[r + 1]);
  }
  for (size_t r = 0; r < 8; r += 4)
    for (size_t h = 0; h < 2; ++h) {
      a[r + 2 * h] = _mm256_shuffle_ps(b[r + h], b[r + 2 + h], 0x44);
      a[r + 2 * h + 1] = _mm256_shuffle_ps(b[r + h], b[r + 2 + h], 0xEE);
    }
  for (size_t c = 0; c < 4; ++c) {
    _mm256_storeu_ps(to + c * to_stride, _mm256_permute2f128_ps(a[c], a[c + 4], 0x20));
    _mm256_storeu_ps(to + (c + 4) * to_stride, _mm256_permute2f128_ps(a[c], a[c + 4], 0x31));
  }
}
#endif
