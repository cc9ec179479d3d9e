#include "addend_lookup_select.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

#define PARAMETERS                                                                             \
  const uint8_t *restrict codes, size_t code_stride, size_t rows, const int8_t *restrict tables, \
      size_t blocks, size_t entries, size_t outputs, const float *restrict scales,             \
      const float *restrict offsets, float *restrict y

// The definition.
static void wide_scalar(PARAMETERS) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t m = 0; m < outputs; ++m) {
      const int8_t *table = tables + m * blocks * entries;
      int32_t sum = 0;
      for (size_t j = 0; j < blocks; ++j) sum += table[entries * j + codes[j * code_stride + r]];
      y[r * outputs + m] = (float)sum * scales[m] + offsets[m];
    }
}

#if defined(__x86_64__)
#define VBMI __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))

// 64 look-ups in a table of 64, 128 or 256 entries: `vpermi2b` finds its way in 128, and a code's
// highest bit picks the half of 256.
VBMI static inline __attribute__((always_inline)) __m512i look_up(const int8_t *restrict table,
                                                                  __m512i code, size_t entries) {
  const __m512i first = _mm512_loadu_si512(table);
  if (entries == 64) return _mm512_permutexvar_epi8(code, first);
  const __m512i low = _mm512_permutex2var_epi8(first, code, _mm512_loadu_si512(table + 64));
  if (entries == 128) return low;
  const __m512i high = _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), code,
                                                _mm512_loadu_si512(table + 192));
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high);
}

// The sums of up to 64 rows for one output: in 16 bits over 256 blocks, which are sure to fit, then
// in 32. Even rows and odd ones apart.
VBMI static inline __attribute__((always_inline)) void sum_rows(
    const uint8_t *restrict codes, size_t code_stride, __mmask64 rows,
    const int8_t *restrict table, size_t blocks, size_t entries, int32_t *restrict sums) {
  for (size_t r = 0; r < 64; ++r) sums[r] = 0;
  for (size_t j = 0; j < blocks;) {
    __m512i even = _mm512_setzero_si512(), odd = even;
    const size_t end = j + 256 < blocks ? j + 256 : blocks;
    for (; j < end; ++j) {
      const __m512i code = _mm512_maskz_loadu_epi8(rows, codes + j * code_stride);
      const __m512i found = look_up(table + j * entries, code, entries);
      even = _mm512_add_epi16(even, _mm512_srai_epi16(_mm512_slli_epi16(found, 8), 8));
      odd = _mm512_add_epi16(odd, _mm512_srai_epi16(found, 8));
    }
    int16_t evens[32], odds[32];
    _mm512_storeu_si512(evens, even);
    _mm512_storeu_si512(odds, odd);
    for (size_t i = 0; i < 32; ++i) {
      sums[2 * i] += evens[i];
      sums[2 * i + 1] += odds[i];
    }
  }
}

enum { outputs_at_once = 16 };

VBMI static inline __attribute__((always_inline)) void scan_tables(PARAMETERS) {
  float tile[outputs_at_once][64];
  for (size_t r = 0; r < rows; r += 64) {
    const size_t count = rows - r < 64 ? rows - r : 64;
    const __mmask64 there = ~(__mmask64)0 >> (64 - count);
    for (size_t m = 0; m < outputs; m += outputs_at_once) {
      const size_t width = outputs - m < outputs_at_once ? outputs - m : outputs_at_once;
      for (size_t n = 0; n < width; ++n) {
        int32_t sums[64];
        sum_rows(codes + r, code_stride, there, tables + (m + n) * blocks * entries, blocks, entries,
                 sums);
        for (size_t i = 0; i < 64; ++i)
          tile[n][i] = (float)sums[i] * scales[m + n] + offsets[m + n];
      }
      for (size_t i = 0; i < count; ++i)
        for (size_t n = 0; n < width; ++n) y[(r + i) * outputs + m + n] = tile[n][i];
    }
  }
}

VBMI static void wide_avx512(PARAMETERS) {
  if (entries == 64)
    scan_tables(codes, code_stride, rows, tables, blocks, 64, outputs, scales, offsets, y);
  else if (entries == 128)
    scan_tables(codes, code_stride, rows, tables, blocks, 128, outputs, scales, offsets, y);
  else
    scan_tables(codes, code_stride, rows, tables, blocks, 256, outputs, scales, offsets, y);
}
#endif

addend_lookup_scan_wide_fn addend_lookup_scan_wide_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return wide_avx512;
#endif
  // AVX2 shuffles within 16 bytes: 256 entries take 16 shuffles, no faster than the loads they save.
  (void)isa;
  return wide_scalar;
}
