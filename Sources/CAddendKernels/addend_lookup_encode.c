#include <math.h>

#include "addend_lookup_select.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

// The definition; every variant calls it for its tail.
static void encode_rows(const float *restrict x, size_t first, size_t rows, size_t width,
                        const int32_t *restrict columns, const float *restrict thresholds,
                        size_t blocks, size_t levels, uint8_t *restrict codes, size_t code_stride) {
  for (size_t r = first; r < rows; ++r)
    for (size_t j = 0; j < blocks; ++j) {
      const float *threshold = thresholds + (j << levels);
      size_t i = 1;
      for (size_t l = 0; l < levels; ++l)
        i = 2 * i + (x[r * width + (size_t)columns[j * levels + l]] > threshold[i]);
      codes[j * code_stride + r] = (uint8_t)(i - ((size_t)1 << levels));
    }
}

static void encode_scalar(const float *restrict x, size_t rows, size_t width,
                          const int32_t *restrict columns, const float *restrict thresholds,
                          size_t blocks, size_t levels, float *restrict scratch,
                          uint8_t *restrict codes, size_t code_stride) {
  (void)scratch;
  encode_rows(x, 0, rows, width, columns, thresholds, blocks, levels, codes, code_stride);
}

#if defined(__x86_64__)
// columns_of[c * 16 + r] = x[r * width + c] for 16 rows.
__attribute__((target("avx2"))) static void lay_columns(const float *restrict x, size_t width,
                                                        float *restrict columns_of) {
  size_t c = 0;
  for (; c + 8 <= width; c += 8) {
    addend_transpose_8x8(x + c, width, columns_of + 16 * c, 16);
    addend_transpose_8x8(x + 8 * width + c, width, columns_of + 16 * c + 8, 16);
  }
  for (; c < width; ++c)
    for (size_t r = 0; r < 16; ++r) columns_of[16 * c + r] = x[r * width + c];
}

// Eight rows' nodes after one level. A level of a tree has at most 8 thresholds: one register, in
// which the nodes look theirs up.
__attribute__((target("avx2"))) static inline __m256i descend(__m256i node, const float *column,
                                                              __m256 level_thresholds) {
  const __m256 threshold = _mm256_permutevar8x32_ps(level_thresholds, node);
  const __m256 goes_right = _mm256_cmp_ps(_mm256_load_ps(column), threshold, _CMP_GT_OQ);
  return _mm256_sub_epi32(_mm256_add_epi32(node, node), _mm256_castps_si256(goes_right));
}

// Eight rows' leaves in a tree of any depth, whose thresholds are gathered.
__attribute__((target("avx2"))) static inline __m256i descend_deep(
    const float *restrict scratch, const int32_t *restrict columns, const float *restrict thresholds,
    size_t levels) {
  __m256i node = _mm256_set1_epi32(1);
  for (size_t l = 0; l < levels; ++l) {
    const __m256 threshold = _mm256_i32gather_ps(thresholds, node, 4);
    const __m256 column = _mm256_load_ps(scratch + 16 * (size_t)columns[l]);
    const __m256 goes_right = _mm256_cmp_ps(column, threshold, _CMP_GT_OQ);
    node = _mm256_sub_epi32(_mm256_add_epi32(node, node), _mm256_castps_si256(goes_right));
  }
  return _mm256_sub_epi32(node, _mm256_set1_epi32(1 << levels));
}

__attribute__((target("avx2"))) static void encode_avx2(
    const float *restrict x, size_t rows, size_t width, const int32_t *restrict columns,
    const float *restrict thresholds, size_t blocks, size_t levels, float *restrict scratch,
    uint8_t *restrict codes, size_t code_stride) {
  static const int32_t masks[4][8] = {
      {-1}, {-1, -1}, {-1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1, -1, -1}};
  size_t r = 0;
  for (; r + 16 <= rows; r += 16) {
    lay_columns(x + r * width, width, scratch);
    for (size_t j = 0; j < blocks; ++j) {
      __m256i low = _mm256_setzero_si256(), high = low;  // nodes, counted within their level
      if (levels > 4) {
        low = descend_deep(scratch, columns + j * levels, thresholds + (j << levels), levels);
        high = descend_deep(scratch + 8, columns + j * levels, thresholds + (j << levels), levels);
      }
      for (size_t l = 0; l < levels && levels <= 4; ++l) {
        const float *column = scratch + 16 * (size_t)columns[j * levels + l];
        const __m256 level_thresholds =
            _mm256_maskload_ps(thresholds + (j << levels) + ((size_t)1 << l),
                               _mm256_loadu_si256((const __m256i *)masks[l]));
        low = descend(low, column, level_thresholds);
        high = descend(high, column + 8, level_thresholds);
      }
      const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8);
      const __m128i bytes =
          _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
      _mm_storeu_si128((__m128i *)(codes + j * code_stride + r), bytes);
    }
  }
  encode_rows(x, r, rows, width, columns, thresholds, blocks, levels, codes, code_stride);
}

// The first four levels lie in one register, nodes counted from 1; deeper ones are gathered.
__attribute__((target("avx2,avx512f"))) static void encode_avx512(
    const float *restrict x, size_t rows, size_t width, const int32_t *restrict columns,
    const float *restrict thresholds, size_t blocks, size_t levels, float *restrict scratch,
    uint8_t *restrict codes, size_t code_stride) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i leaves = _mm512_set1_epi32(1 << levels);
  const __mmask16 tree = levels < 4 ? (__mmask16)((1u << (1u << levels)) - 1) : (__mmask16)0xFFFF;
  size_t r = 0;
  for (; r + 16 <= rows; r += 16) {
    lay_columns(x + r * width, width, scratch);
    for (size_t j = 0; j < blocks; ++j) {
      const __m512 threshold = _mm512_maskz_loadu_ps(tree, thresholds + (j << levels));
      __m512i node = one;
      for (size_t l = 0; l < levels; ++l) {
        const __m512 column = _mm512_load_ps(scratch + 16 * (size_t)columns[j * levels + l]);
        const __m512 limit = l < 4 ? _mm512_permutexvar_ps(node, threshold)
                                   : _mm512_i32gather_ps(node, thresholds + (j << levels), 4);
        const __mmask16 goes_right = _mm512_cmp_ps_mask(column, limit, _CMP_GT_OQ);
        const __m512i left = _mm512_add_epi32(node, node);
        node = _mm512_mask_add_epi32(left, goes_right, left, one);
      }
      _mm_storeu_si128((__m128i *)(codes + j * code_stride + r),
                       _mm512_cvtepi32_epi8(_mm512_sub_epi32(node, leaves)));
    }
  }
  encode_rows(x, r, rows, width, columns, thresholds, blocks, levels, codes, code_stride);
}
#endif

addend_lookup_encode_fn addend_lookup_encode_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return encode_avx512;
  if (isa >= ADDEND_ISA_AVX2) return encode_avx2;
#elif defined(__aarch64__)
  if (isa >= ADDEND_ISA_NEON) return addend_lookup_encode_neon();
#endif
  (void)isa;
  return encode_scalar;
}

void addend_lookup_hash(const float *restrict x, size_t rows, size_t width,
                        const int32_t *restrict positions, const int8_t *restrict signs,
                        size_t blocks, size_t size, size_t levels, float *restrict h) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t j = 0; j < blocks; ++j)
      for (size_t l = 0; l < levels; ++l) {
        const int32_t *position = positions + j * size;
        float sum = x[r * width + (size_t)position[0]];
        for (size_t i = 1; i < size; ++i) {
          if (position[i] < 0) continue;
          const float value = x[r * width + (size_t)position[i]];
          sum = signs[l * size + i] < 0 ? sum - value : sum + value;
        }
        h[(r * blocks + j) * levels + l] = sum;
      }
}

void addend_lookup_scale_to_one(const float *restrict x, size_t rows, size_t width,
                                float *restrict y, float *restrict scales) {
  for (size_t r = 0; r < rows; ++r) {
    // Magnitudes order as the integers that they are stored as, and NaN is the largest.
    uint32_t largest = 0;
    for (size_t i = 0; i < width; ++i) {
      union { float number; uint32_t bits; } as = {x[r * width + i]};
      const uint32_t magnitude = as.bits & 0x7FFFFFFFu;
      largest = magnitude > largest ? magnitude : largest;
    }
    union { uint32_t bits; float number; } as = {largest};
    int exponent = 0;
    if (largest > 0 && largest < 0x7F800000u) (void)frexpf(as.number, &exponent);
    if (exponent < -126) exponent = -126;
    if (exponent > 127) exponent = 127;
    scales[r] = largest < 0x7F800000u ? ldexpf(1, exponent) : NAN;
    const float inverse = largest < 0x7F800000u ? ldexpf(1, -exponent) : NAN;
    for (size_t i = 0; i < width; ++i) y[r * width + i] = x[r * width + i] * inverse;
  }
}

void addend_lookup_scale_rows(float *restrict x, size_t rows, size_t width,
                              const float *restrict scales) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t i = 0; i < width; ++i) x[r * width + i] *= scales[r];
}
