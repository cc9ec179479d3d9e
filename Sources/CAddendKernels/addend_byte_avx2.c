#include "addend_byte_select.h"
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

enum { tile = ADDEND_BYTE_TILE };
#define AVX2 __attribute__((target("avx2")))

// The codes of 32 rows in one block, one level after the other: a byte shuffle reads each row's
// threshold off the block's 16.
AVX2 static inline __m256i codes_of_32(const addend_byte_layer *restrict layer,
                                       const uint8_t *restrict x, size_t j) {
  const __m128i heap = _mm_loadu_si128((const __m128i *)(layer->thresholds + 16 * j));
  const __m256i thresholds = _mm256_broadcastsi128_si256(heap);
  __m256i node = _mm256_set1_epi8(1);
  for (size_t l = 0; l < 4; ++l) {
    const __m256i value = _mm256_loadu_si256(
        (const __m256i *)(x + (size_t)layer->columns[4 * j + l] * tile));
    const __m256i threshold = _mm256_shuffle_epi8(thresholds, node);
    // There is no unsigned comparison: value <= threshold where the larger is the threshold.
    const __m256i left = _mm256_cmpeq_epi8(_mm256_max_epu8(value, threshold), threshold);
    // 2i + 1, and 1 less where left.
    node = _mm256_add_epi8(_mm256_add_epi8(node, node),
                           _mm256_add_epi8(left, _mm256_set1_epi8(1)));
  }
  return _mm256_sub_epi8(node, _mm256_set1_epi8(16));
}

AVX2 static void encode(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                        size_t rows, uint8_t *restrict codes) {
  for (size_t j = 0; j < layer->blocks; ++j)
    for (size_t r = 0; r < rows; r += 32)
      _mm256_store_si256((__m256i *)(codes + j * tile + r), codes_of_32(layer, x + r, j));
}

AVX2 static inline __m256i look_up(const int8_t *restrict table, const uint8_t *restrict codes) {
  const __m128i entries = _mm_load_si128((const __m128i *)table);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries),
                             _mm256_load_si256((const __m256i *)codes));
}

// The sums of 32 rows for output m, rows in order. Two entries add up in a byte, four in 16 bits, of
// which 64 groups of four are sure to fit.
AVX2 static inline void sum_32(const addend_byte_layer *restrict layer,
                               const uint8_t *restrict codes, size_t m, __m256i sums[4]) {
  const int8_t *table = layer->tables + m * layer->blocks * 16;
  const __m256i ones = _mm256_set1_epi8(1);
  for (size_t i = 0; i < 4; ++i) sums[i] = _mm256_set1_epi32(layer->biases[m]);
  for (size_t j = 0; j < layer->blocks;) {
    const size_t end = j + 256 < layer->blocks ? j + 256 : layer->blocks;
    __m256i low = _mm256_setzero_si256(), high = low;
    for (; j < end; j += 4) {
      const int8_t *t = table + 16 * j;
      const uint8_t *c = codes + j * tile;
      const __m256i a = _mm256_add_epi8(look_up(t, c), look_up(t + 16, c + tile));
      const __m256i b = _mm256_add_epi8(look_up(t + 32, c + 2 * tile), look_up(t + 48, c + 3 * tile));
      low = _mm256_add_epi16(low, _mm256_maddubs_epi16(ones, _mm256_unpacklo_epi8(a, b)));
      high = _mm256_add_epi16(high, _mm256_maddubs_epi16(ones, _mm256_unpackhi_epi8(a, b)));
    }
    // low holds rows 0–7 and 16–23, high rows 8–15 and 24–31.
    sums[0] = _mm256_add_epi32(sums[0], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(low)));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(high)));
    sums[2] = _mm256_add_epi32(sums[2], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(low, 1)));
    sums[3] = _mm256_add_epi32(sums[3], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(high, 1)));
  }
}

AVX2 static void bytes_of_tile(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                               size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  encode(layer, x, rows, scratch);
  for (size_t m = 0; m < layer->outputs; ++m) {
    const __m128i shift = _mm_cvtsi32_si128(layer->shifts[m]);
    for (size_t r = 0; r < rows; r += 32) {
      __m256i s[4];
      sum_32(layer, scratch + r, m, s);
      for (size_t i = 0; i < 4; ++i) s[i] = _mm256_sra_epi32(s[i], shift);
      // Packing goes by 128-bit lanes: rows 0–3, 8–11, 4–7, 12–15, and so on, put in order at last.
      const __m256i a = _mm256_packs_epi32(s[0], s[1]), b = _mm256_packs_epi32(s[2], s[3]);
      const __m256i bytes = _mm256_packus_epi16(a, b);
      const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
      _mm256_storeu_si256((__m256i *)(y + m * tile + r),
                         _mm256_permutevar8x32_epi32(bytes, order));
    }
  }
}

AVX2 static void sums_of_tile(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                              size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  encode(layer, x, rows, scratch);
  for (size_t m = 0; m < layer->outputs; ++m)
    for (size_t r = 0; r < rows; r += 32) {
      __m256i s[4];
      sum_32(layer, scratch + r, m, s);
      for (size_t i = 0; i < 4; ++i)
        _mm256_storeu_si256((__m256i *)(sums + m * tile + r + 8 * i), s[i]);
    }
}

AVX2 static void layer_avx2(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                            size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  for (size_t t = 0; t * tile < rows; ++t)
    bytes_of_tile(layer, x + t * layer->inputs * tile, addend_byte_tile_rows(rows, t), scratch,
                  y + t * layer->outputs * tile);
}

AVX2 static void sums_avx2(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                           size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  for (size_t t = 0; t * tile < rows; ++t)
    sums_of_tile(layer, x + t * layer->inputs * tile, addend_byte_tile_rows(rows, t), scratch,
                 sums + t * layer->outputs * tile);
}

// 16 rows by 16 columns, turned by four rounds of interleaving.
AVX2 static inline void turn_16(const __m128i rows[16], __m128i columns[16]) {
  __m128i a[16], b[16];
  for (size_t i = 0; i < 8; ++i) {
    a[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + 8]);
    a[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + 8]);
  }
  for (size_t i = 0; i < 8; ++i) {
    b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
    b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
  }
  for (size_t i = 0; i < 8; ++i) {
    a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 8]);
    a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 8]);
  }
  for (size_t i = 0; i < 8; ++i) {
    columns[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
    columns[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
  }
}

AVX2 static void columns_avx2(const uint8_t *restrict x, size_t rows, size_t width,
                              uint8_t *restrict columns) {
  const size_t whole = width & ~(size_t)15, padded = addend_byte_tile_rows(rows, 0);
  for (size_t r = 0; r < padded; r += 16)
    for (size_t c = 0; c < whole; c += 16) {
      __m128i from[16], to[16];
      for (size_t i = 0; i < 16; ++i)
        from[i] = r + i < rows ? _mm_loadu_si128((const __m128i *)(x + (r + i) * width + c))
                               : _mm_setzero_si128();
      turn_16(from, to);
      for (size_t i = 0; i < 16; ++i)
        _mm_storeu_si128((__m128i *)(columns + (c + i) * tile + r), to[i]);
    }
  for (size_t c = whole; c < width; ++c) {
    for (size_t r = 0; r < rows; ++r) columns[c * tile + r] = x[r * width + c];
    memset(columns + c * tile + rows, 0, padded - rows);
  }
}

void addend_byte_use_avx2(addend_byte_kernels *kernels) {
  *kernels = (addend_byte_kernels){layer_avx2, sums_avx2, columns_avx2};
}
#else
void addend_byte_use_avx2(addend_byte_kernels *kernels) { (void)kernels; }
#endif
