#include "addend_lookup_select.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

static inline size_t padded_blocks(size_t blocks) { return (blocks + 3) & ~(size_t)3; }

// The definition; every variant calls it for its tails.
static void scan_part(const uint8_t *restrict codes, size_t code_stride, size_t first_row, size_t rows,
                      const int8_t *restrict tables, size_t blocks, size_t first_output,
                      size_t outputs, size_t all_outputs, const float *restrict scales,
                      const float *restrict offsets, float *restrict y) {
  for (size_t r = first_row; r < rows; ++r)
    for (size_t m = first_output; m < outputs; ++m) {
      const int8_t *table = tables + m * padded_blocks(blocks) * 16;
      int32_t sum = 0;
      for (size_t j = 0; j < blocks; ++j) sum += table[16 * j + codes[j * code_stride + r]];
      y[r * all_outputs + m] = (float)sum * scales[m] + offsets[m];
    }
}

static void scan_scalar(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                        const int8_t *restrict tables, size_t blocks, size_t outputs,
                        const float *restrict scales, const float *restrict offsets,
                        float *restrict y) {
  scan_part(codes, code_stride, 0, rows, tables, blocks, 0, outputs, outputs, scales, offsets, y);
}

#if defined(__x86_64__)
// Puts 8 outputs × `rows` (a multiple of 8) sums, [8][64] in `tile`, into y.
__attribute__((target("avx2"))) static inline void put_tile(const float *restrict tile, size_t rows,
                                                            size_t outputs, float *restrict y) {
  for (size_t r = 0; r < rows; r += 8) addend_transpose_8x8(tile + r, 64, y + r * outputs, outputs);
}

// Each 16-byte lane holds one block's entries for one output: a shuffle makes 32 look-ups. Pairs of
// blocks add up in 16 bits, of which 128 pairs are sure to fit, then in 32.
__attribute__((target("avx2"))) static inline void scan_32_rows_avx2(
    const uint8_t *restrict codes, size_t code_stride, const int8_t *restrict table, size_t blocks,
    __m256i sums[4]) {
  const __m256i ones = _mm256_set1_epi8(1);
  for (size_t i = 0; i < 4; ++i) sums[i] = _mm256_setzero_si256();
  for (size_t j = 0; j < blocks;) {
    __m256i low = _mm256_setzero_si256(), high = low;
    const size_t end = j + 256 < blocks ? j + 256 : blocks;
    for (; j < end; j += 2) {
      const __m256i a = _mm256_shuffle_epi8(
          _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * j))),
          _mm256_loadu_si256((const __m256i *)(codes + j * code_stride)));
      // An odd last block is followed by a table of zeros: any codes will do.
      const size_t next = j + 1 < blocks ? j + 1 : j;
      const __m256i b = _mm256_shuffle_epi8(
          _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * j + 16))),
          _mm256_loadu_si256((const __m256i *)(codes + next * code_stride)));
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

__attribute__((target("avx2"))) static void scan_avx2(
    const uint8_t *restrict codes, size_t code_stride, size_t rows, const int8_t *restrict tables,
    size_t blocks, size_t outputs, const float *restrict scales, const float *restrict offsets,
    float *restrict y) {
  const size_t table_size = padded_blocks(blocks) * 16, whole = outputs & ~(size_t)7;
  float tile[8 * 64];
  size_t r = 0;
  for (; r + 32 <= rows; r += 32) {
    for (size_t m = 0; m < whole; ++m) {
      __m256i sums[4];
      scan_32_rows_avx2(codes + r, code_stride, tables + m * table_size, blocks, sums);
      for (size_t i = 0; i < 4; ++i) {
        const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i]), _mm256_set1_ps(scales[m]));
        _mm256_storeu_ps(tile + m % 8 * 64 + 8 * i,
                         _mm256_add_ps(product, _mm256_set1_ps(offsets[m])));
      }
      if (m % 8 == 7) put_tile(tile, 32, outputs, y + r * outputs + m - 7);
    }
    scan_part(codes, code_stride, r, r + 32, tables, blocks, whole, outputs, outputs, scales, offsets,
              y);
  }
  scan_part(codes, code_stride, r, rows, tables, blocks, 0, outputs, outputs, scales, offsets, y);
}

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vbmi,avx512vnni")))

// Lanes for `vpermb`: byte 4i + q is row i's code in block j + q, plus 16q.
VNNI static inline __m512i quad_indices(const uint8_t *restrict codes, size_t code_stride, size_t j,
                                        size_t blocks) {
  __m128i code[4];
  for (size_t q = 0; q < 4; ++q)
    code[q] = j + q < blocks ? _mm_loadu_si128((const __m128i *)(codes + (j + q) * code_stride))
                             : _mm_setzero_si128();
  const __m512i word0 = _mm512_cvtepu8_epi32(code[0]), word1 = _mm512_cvtepu8_epi32(code[1]);
  const __m512i word2 = _mm512_cvtepu8_epi32(code[2]), word3 = _mm512_cvtepu8_epi32(code[3]);
  const __m512i low = _mm512_or_si512(word0, _mm512_slli_epi32(word1, 8));
  const __m512i high = _mm512_or_si512(_mm512_slli_epi32(word2, 16), _mm512_slli_epi32(word3, 24));
  return _mm512_or_si512(_mm512_or_si512(low, high), _mm512_set1_epi32(0x30201000));
}

enum { quads_at_once = 64 };

// One 64-byte register holds 4 blocks' entries for one output: `vpermb` makes 64 look-ups, and
// `vpdpbusd` by ones adds each row's four into its 32-bit sum, exactly. sums is [outputs][64].
VNNI static void scan_64_rows(const __m512i *restrict indices, const int8_t *restrict tables,
                              size_t quads, size_t table_size, size_t outputs, int starts,
                              int32_t *restrict sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  for (size_t m = 0; m < outputs; ++m) {
    int32_t *sum = sums + 64 * m;
    __m512i lanes[4];
    for (size_t i = 0; i < 4; ++i)
      lanes[i] = starts ? _mm512_setzero_si512() : _mm512_load_si512(sum + 16 * i);
    const int8_t *table = tables + m * table_size;
    for (size_t q = 0; q < quads; ++q) {
      const __m512i entries = _mm512_loadu_si512(table + 64 * q);
      for (size_t i = 0; i < 4; ++i)
        lanes[i] = _mm512_dpbusd_epi32(lanes[i], ones,
                                       _mm512_permutexvar_epi8(indices[4 * q + i], entries));
    }
    for (size_t i = 0; i < 4; ++i) _mm512_store_si512(sum + 16 * i, lanes[i]);
  }
}

// 64 rows by 64 outputs at a time: their sums and the indices of 256 blocks stay in the nearest cache.
VNNI static void scan_avx512(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                             const int8_t *restrict tables, size_t blocks, size_t outputs,
                             const float *restrict scales, const float *restrict offsets,
                             float *restrict y) {
  const size_t table_size = padded_blocks(blocks) * 16, quads = padded_blocks(blocks) / 4;
  const size_t whole = outputs & ~(size_t)7;
  __attribute__((aligned(64))) int32_t sums[64 * 64];
  __m512i indices[4 * quads_at_once];
  float tile[8 * 64];
  size_t r = 0;
  for (; r + 64 <= rows; r += 64) {
    for (size_t m = 0; m < whole; m += 64) {
      const size_t width = whole - m < 64 ? whole - m : 64;
      for (size_t q = 0; q < quads; q += quads_at_once) {
        const size_t count = quads - q < quads_at_once ? quads - q : quads_at_once;
        if (m == 0 || quads > quads_at_once)
          for (size_t i = 0; i < 4 * count; ++i)
            indices[i] =
                quad_indices(codes + r + 16 * (i % 4), code_stride, 4 * (q + i / 4), blocks);
        scan_64_rows(indices, tables + m * table_size + 64 * q, count, table_size, width, q == 0,
                     sums);
      }
      for (size_t n = 0; n < width; n += 8) {
        for (size_t i = 0; i < 32; ++i) {
          const size_t output = n + i / 4;
          const __m512 sum = _mm512_cvtepi32_ps(_mm512_load_si512(sums + 64 * output + 16 * (i % 4)));
          const __m512 product = _mm512_mul_ps(sum, _mm512_set1_ps(scales[m + output]));
          _mm512_storeu_ps(tile + 64 * (i / 4) + 16 * (i % 4),
                           _mm512_add_ps(product, _mm512_set1_ps(offsets[m + output])));
        }
        put_tile(tile, 64, outputs, y + r * outputs + m + n);
      }
    }
    scan_part(codes, code_stride, r, r + 64, tables, blocks, whole, outputs, outputs, scales, offsets,
              y);
  }
  scan_part(codes, code_stride, r, rows, tables, blocks, 0, outputs, outputs, scales, offsets, y);
}
#endif

addend_lookup_scan_fn addend_lookup_scan_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return scan_avx512;
  if (isa >= ADDEND_ISA_AVX2) return scan_avx2;
#endif
  (void)isa;
  return scan_scalar;
}
