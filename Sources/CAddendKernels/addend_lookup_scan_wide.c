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

// One output's results for `count` rows, a constant where inlined, whose sums do not wait for each
// other.
static inline __attribute__((always_inline)) void read_rows(
    const uint8_t *restrict codes, size_t code_stride, size_t count, const int8_t *restrict table,
    size_t blocks, size_t entries, size_t outputs, float scale, float offset, float *restrict y) {
  int32_t sums[4] = {0};
  for (size_t j = 0; j < blocks; ++j)
    for (size_t i = 0; i < count; ++i) sums[i] += table[entries * j + codes[j * code_stride + i]];
  for (size_t i = 0; i < count; ++i) y[i * outputs] = (float)sums[i] * scale + offset;
}

// The definition with rows innermost, so that each output's tables are read but once.
void addend_lookup_scan_wide_few(PARAMETERS) {
  for (size_t m = 0; m < outputs; ++m) {
    const int8_t *table = tables + m * blocks * entries;
    size_t r = 0;
    for (; r + 4 <= rows; r += 4)
      read_rows(codes + r, code_stride, 4, table, blocks, entries, outputs, scales[m], offsets[m],
                y + r * outputs + m);
    for (; r < rows; ++r)
      read_rows(codes + r, code_stride, 1, table, blocks, entries, outputs, scales[m], offsets[m],
                y + r * outputs + m);
  }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

enum { narrow_rows = 32, narrow_outputs = 4 };

// 32 rows' codes, of which `there` bytes may be read: what follows a block's last row is the next
// block, and no harm in sums that nobody asks for.
AVX2 static inline __m256i load_codes(const uint8_t *restrict codes, size_t there) {
  if (there >= narrow_rows) return _mm256_loadu_si256((const __m256i *)codes);
  uint8_t padded[narrow_rows] = {0};
  for (size_t r = 0; r < there; ++r) padded[r] = codes[r];
  return _mm256_loadu_si256((const __m256i *)padded);
}

// 32 look-ups in one block's tables of `width` outputs. A byte shuffle reads 16 entries and gives
// zero where an index has its highest bit, which all codes outside of those 16 come to have: their
// upper half, less the 16's own, is not zero, and adding 112 carries it there. The outputs share the
// indices.
AVX2 static inline __attribute__((always_inline)) void look_up_16s(
    const int8_t *restrict table, size_t table_size, __m256i code, size_t entries, size_t width,
    __m256i found[narrow_outputs]) {
  for (size_t n = 0; n < width; ++n) found[n] = _mm256_setzero_si256();
  for (size_t k = 0; k < entries; k += 16) {
    const __m256i own = _mm256_xor_si256(code, _mm256_set1_epi8((char)k));
    const __m256i index = _mm256_adds_epu8(own, _mm256_set1_epi8(112));
    for (size_t n = 0; n < width; ++n) {
      const __m128i part = _mm_loadu_si128((const __m128i *)(table + n * table_size + k));
      const __m256i both = _mm256_broadcastsi128_si256(part);
      found[n] = _mm256_or_si256(found[n], _mm256_shuffle_epi8(both, index));
    }
  }
}

// The sums of up to 32 rows for `width` outputs, a constant where inlined: in 16 bits over 256
// blocks, which are sure to fit, then in 32. Even rows and odd ones apart.
AVX2 static inline __attribute__((always_inline)) void sum_narrow(
    const uint8_t *restrict codes, size_t code_stride, size_t rows, const int8_t *restrict tables,
    size_t blocks, size_t entries, size_t width, int32_t sums[narrow_outputs][narrow_rows]) {
  for (size_t n = 0; n < width; ++n)
    for (size_t r = 0; r < narrow_rows; ++r) sums[n][r] = 0;
  for (size_t j = 0; j < blocks;) {
    __m256i even[narrow_outputs], odd[narrow_outputs];
    for (size_t n = 0; n < width; ++n) even[n] = odd[n] = _mm256_setzero_si256();
    const size_t end = j + 256 < blocks ? j + 256 : blocks;
    for (; j < end; ++j) {
      const size_t there = (blocks - 1 - j) * code_stride + rows;
      __m256i found[narrow_outputs];
      look_up_16s(tables + j * entries, blocks * entries, load_codes(codes + j * code_stride, there),
                  entries, width, found);
      for (size_t n = 0; n < width; ++n) {
        even[n] = _mm256_add_epi16(even[n], _mm256_srai_epi16(_mm256_slli_epi16(found[n], 8), 8));
        odd[n] = _mm256_add_epi16(odd[n], _mm256_srai_epi16(found[n], 8));
      }
    }
    for (size_t n = 0; n < width; ++n) {
      int16_t evens[16], odds[16];
      _mm256_storeu_si256((__m256i *)evens, even[n]);
      _mm256_storeu_si256((__m256i *)odds, odd[n]);
      for (size_t i = 0; i < 16; ++i) {
        sums[n][2 * i] += evens[i];
        sums[n][2 * i + 1] += odds[i];
      }
    }
  }
}

// Shuffling for 32 rows took as long as reading for 6 where there are 64 entries, for 10 of 128 and
// for 14 of 256.
AVX2 static inline __attribute__((always_inline)) void scan_narrow(PARAMETERS) {
  const size_t rest = rows % narrow_rows, shuffled = 14 * rest < entries ? rows - rest : rows;
  for (size_t m = 0; m < outputs; m += narrow_outputs) {
    const size_t width = outputs - m < narrow_outputs ? outputs - m : narrow_outputs;
    const int8_t *table = tables + m * blocks * entries;
    for (size_t r = 0; r < shuffled; r += narrow_rows) {
      const size_t count = shuffled - r < narrow_rows ? shuffled - r : narrow_rows;
      int32_t sums[narrow_outputs][narrow_rows];
      if (width == narrow_outputs)
        sum_narrow(codes + r, code_stride, count, table, blocks, entries, narrow_outputs, sums);
      else
        for (size_t n = 0; n < width; ++n)
          sum_narrow(codes + r, code_stride, count, table + n * blocks * entries, blocks, entries,
                     1, sums + n);
      for (size_t i = 0; i < count; ++i)
        for (size_t n = 0; n < width; ++n)
          y[(r + i) * outputs + m + n] = (float)sums[n][i] * scales[m + n] + offsets[m + n];
    }
  }
  addend_lookup_scan_wide_few(codes + shuffled, code_stride, rows - shuffled, tables, blocks,
                              entries, outputs, scales, offsets, y + shuffled * outputs);
}

AVX2 static void wide_avx2(PARAMETERS) {
  if (entries == 64)
    scan_narrow(codes, code_stride, rows, tables, blocks, 64, outputs, scales, offsets, y);
  else if (entries == 128)
    scan_narrow(codes, code_stride, rows, tables, blocks, 128, outputs, scales, offsets, y);
  else
    scan_narrow(codes, code_stride, rows, tables, blocks, 256, outputs, scales, offsets, y);
}

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

// As above; permuting for 64 rows took as long as reading for 2, 3 and 6.
VBMI static inline __attribute__((always_inline)) void scan_tables(PARAMETERS) {
  const size_t rest = rows % 64, permuted = 48 * rest < entries ? rows - rest : rows;
  float tile[outputs_at_once][64];
  for (size_t r = 0; r < permuted; r += 64) {
    const size_t count = permuted - r < 64 ? permuted - r : 64;
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
  addend_lookup_scan_wide_few(codes + permuted, code_stride, rows - permuted, tables, blocks,
                              entries, outputs, scales, offsets, y + permuted * outputs);
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
  if (isa >= ADDEND_ISA_AVX512_VBMI) return wide_avx512;
  if (isa >= ADDEND_ISA_AVX2) return wide_avx2;
#elif defined(__aarch64__)
  if (isa >= ADDEND_ISA_NEON) return addend_lookup_scan_wide_neon();
#endif
  (void)isa;
  return wide_scalar;
}
