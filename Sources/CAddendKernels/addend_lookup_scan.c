#include "addend_lookup_select.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

static inline size_t padded_blocks(size_t blocks) { return (blocks + 3) & ~(size_t)3; }

// The definition.
static void scan_scalar(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                        const int8_t *restrict tables, size_t blocks, size_t outputs,
                        const float *restrict scales, const float *restrict offsets,
                        float *restrict y) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t m = 0; m < outputs; ++m) {
      const int8_t *table = tables + m * padded_blocks(blocks) * 16;
      int32_t sum = 0;
      for (size_t j = 0; j < blocks; ++j) sum += table[16 * j + codes[j * code_stride + r]];
      y[r * outputs + m] = (float)sum * scales[m] + offsets[m];
    }
}

#if defined(__x86_64__)
// Puts the results of 8 outputs and up to `tile_rows` rows, [8][tile_rows] in `tile`, into y.
__attribute__((target("avx2"))) static inline void put_tile(const float *restrict tile,
                                                            size_t tile_rows, size_t rows,
                                                            size_t width, size_t outputs,
                                                            float *restrict y) {
  size_t r = 0;
  if (width == 8)
    for (; r + 8 <= rows; r += 8)
      addend_transpose_8x8(tile + r, tile_rows, y + r * outputs, outputs);
  for (; r < rows; ++r)
    for (size_t m = 0; m < width; ++m) y[r * outputs + m] = tile[m * tile_rows + r];
}

__attribute__((target("avx2"))) static inline __m256i load_codes(const uint8_t *restrict codes,
                                                                 size_t rows) {
  if (rows == 32) return _mm256_loadu_si256((const __m256i *)codes);
  uint8_t padded[32] = {0};
  for (size_t r = 0; r < rows; ++r) padded[r] = codes[r];
  return _mm256_loadu_si256((const __m256i *)padded);
}

// One block's entries for one output in both lanes: a shuffle makes 32 look-ups.
__attribute__((target("avx2"))) static inline __m256i look_up(const int8_t *restrict table,
                                                              __m256i codes) {
  const __m128i entries = _mm_loadu_si128((const __m128i *)table);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), codes);
}

// The sums of up to 32 rows. Pairs of blocks add up in 16 bits, of which 128 pairs are sure to fit,
// then in 32.
__attribute__((target("avx2"))) static inline void scan_32_rows(const uint8_t *restrict codes,
                                                                size_t code_stride, size_t rows,
                                                                const int8_t *restrict table,
                                                                size_t blocks, __m256i sums[4]) {
  const __m256i ones = _mm256_set1_epi8(1);
  for (size_t i = 0; i < 4; ++i) sums[i] = _mm256_setzero_si256();
  for (size_t j = 0; j < blocks;) {
    __m256i low = _mm256_setzero_si256(), high = low;
    const size_t end = j + 256 < blocks ? j + 256 : blocks;
    for (; j < end; j += 2) {
      // An odd last block is followed by a table of zeros: any codes will do.
      const size_t next = j + 1 < blocks ? j + 1 : j;
      const __m256i a = look_up(table + 16 * j, load_codes(codes + j * code_stride, rows));
      const __m256i b = look_up(table + 16 * j + 16, load_codes(codes + next * code_stride, rows));
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
  const size_t table_size = padded_blocks(blocks) * 16;
  float tile[8 * 32];
  for (size_t r = 0; r < rows; r += 32) {
    const size_t count = rows - r < 32 ? rows - r : 32;
    for (size_t m = 0; m < outputs; ++m) {
      __m256i sums[4];
      scan_32_rows(codes + r, code_stride, count, tables + m * table_size, blocks, sums);
      for (size_t i = 0; i < 4; ++i) {
        const __m256 sum = _mm256_cvtepi32_ps(sums[i]);
        const __m256 product = _mm256_mul_ps(sum, _mm256_set1_ps(scales[m]));
        _mm256_storeu_ps(tile + 32 * (m % 8) + 8 * i,
                         _mm256_add_ps(product, _mm256_set1_ps(offsets[m])));
      }
      if (m % 8 == 7 || m + 1 == outputs)
        put_tile(tile, 32, count, m % 8 + 1, outputs, y + r * outputs + m - m % 8);
    }
  }
}

#define VNNI \
  __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))

// Lanes for `vpermb`: byte 4i + q is row i's code in block j + q, plus 16q.
VNNI static inline __m512i quad_indices(const uint8_t *restrict codes, size_t code_stride,
                                        __mmask16 rows, size_t j, size_t blocks) {
  __m512i word[4];
  for (size_t q = 0; q < 4; ++q)
    word[q] = j + q < blocks ? _mm512_cvtepu8_epi32(
                                   _mm_maskz_loadu_epi8(rows, codes + (j + q) * code_stride))
                             : _mm512_setzero_si512();
  const __m512i low = _mm512_or_si512(word[0], _mm512_slli_epi32(word[1], 8));
  const __m512i high =
      _mm512_or_si512(_mm512_slli_epi32(word[2], 16), _mm512_slli_epi32(word[3], 24));
  return _mm512_or_si512(_mm512_or_si512(low, high), _mm512_set1_epi32(0x30201000));
}

enum { quads_at_once = 64, outputs_at_once = 64 };

// One 64-byte register holds 4 blocks' entries for one output: `vpermb` makes 64 look-ups, and
// `vpdpbusd` by ones adds each row's four into its 32-bit sum, exactly. sums is [outputs][lanes].
VNNI static inline __attribute__((always_inline)) void scan_quads(
    const __m512i *restrict indices, const int8_t *restrict tables, size_t quads, size_t table_size,
    size_t outputs, int starts, size_t lanes, __m512i *restrict sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  for (size_t m = 0; m < outputs; ++m) {
    __m512i sum[4];
    for (size_t i = 0; i < lanes; ++i)
      sum[i] = starts ? _mm512_setzero_si512() : sums[lanes * m + i];
    const int8_t *table = tables + m * table_size;
    for (size_t q = 0; q < quads; ++q) {
      const __m512i entries = _mm512_loadu_si512(table + 64 * q);
      for (size_t i = 0; i < lanes; ++i)
        sum[i] = _mm512_dpbusd_epi32(sum[i], ones,
                                     _mm512_permutexvar_epi8(indices[lanes * q + i], entries));
    }
    for (size_t i = 0; i < lanes; ++i) sums[lanes * m + i] = sum[i];
  }
}

// Up to 16 · lanes rows by 64 outputs at a time: their sums and the indices of 256 blocks stay in
// the nearest cache.
VNNI static inline __attribute__((always_inline)) void scan_rows(
    const uint8_t *restrict codes, size_t code_stride, size_t rows, const int8_t *restrict tables,
    size_t blocks, size_t outputs, const float *restrict scales, const float *restrict offsets,
    size_t lanes, float *restrict y) {
  const size_t table_size = padded_blocks(blocks) * 16, quads = padded_blocks(blocks) / 4;
  const __mmask16 last = (__mmask16)(0xFFFFu >> (16 * lanes - rows));
  __m512i sums[4 * outputs_at_once], indices[4 * quads_at_once];
  float tile[8 * 64];
  for (size_t m = 0; m < outputs; m += outputs_at_once) {
    const size_t width = outputs - m < outputs_at_once ? outputs - m : outputs_at_once;
    for (size_t q = 0; q < quads; q += quads_at_once) {
      const size_t count = quads - q < quads_at_once ? quads - q : quads_at_once;
      if (m == 0 || quads > quads_at_once)
        for (size_t i = 0; i < lanes * count; ++i)
          indices[i] = quad_indices(codes + 16 * (i % lanes), code_stride,
                                    i % lanes == lanes - 1 ? last : (__mmask16)0xFFFF,
                                    4 * (q + i / lanes), blocks);
      scan_quads(indices, tables + m * table_size + 64 * q, count, table_size, width, q == 0, lanes,
                 sums);
    }
    for (size_t n = 0; n < width; ++n) {
      for (size_t i = 0; i < lanes; ++i) {
        const __m512 sum = _mm512_cvtepi32_ps(sums[lanes * n + i]);
        const __m512 product = _mm512_mul_ps(sum, _mm512_set1_ps(scales[m + n]));
        _mm512_storeu_ps(tile + 16 * (lanes * (n % 8) + i),
                         _mm512_add_ps(product, _mm512_set1_ps(offsets[m + n])));
      }
      if (n % 8 == 7 || n + 1 == width)
        put_tile(tile, 16 * lanes, rows, n % 8 + 1, outputs, y + m + n - n % 8);
    }
  }
}

VNNI static void scan_avx512(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                             const int8_t *restrict tables, size_t blocks, size_t outputs,
                             const float *restrict scales, const float *restrict offsets,
                             float *restrict y) {
  size_t r = 0;
  for (; r + 64 <= rows; r += 64)
    scan_rows(codes + r, code_stride, 64, tables, blocks, outputs, scales, offsets, 4,
              y + r * outputs);
  for (; r < rows; r += 16)
    scan_rows(codes + r, code_stride, rows - r < 16 ? rows - r : 16, tables, blocks, outputs,
              scales, offsets, 1, y + r * outputs);
}
#endif

addend_lookup_scan_fn addend_lookup_scan_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return scan_avx512;
  if (isa >= ADDEND_ISA_AVX2) return scan_avx2;
#elif defined(__aarch64__)
  if (isa >= ADDEND_ISA_NEON) return addend_lookup_scan_neon();
#endif
  (void)isa;
  return scan_scalar;
}
