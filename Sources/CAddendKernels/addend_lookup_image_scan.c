#include "addend_lookup_image.h"
#include "addend_lookup_select.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

static inline size_t quads_of(size_t groups) { return (groups + 3) / 4; }

enum { lane_rows = 16, tile_lanes = 4, tile_rows = lane_rows * tile_lanes, narrow_rows = 32 };

size_t addend_lookup_image_scratch(size_t pixels, size_t groups, size_t tap_count) {
  const size_t quads = quads_of(groups);
  const size_t words = (4 * quads * pixels + 63) & ~(size_t)63;
  return words + 64 * tile_lanes * quads * tap_count;
}

#define SCAN_PARAMETERS                                                                      \
  const uint8_t *restrict codes, size_t plane, size_t pixels, size_t groups,                 \
      const uint32_t *restrict taps, size_t tap_count, const uint32_t *restrict positions,   \
      size_t rows, const int8_t *restrict tables, size_t outputs, const float *restrict scales, \
      const float *restrict offsets, uint8_t *restrict scratch, float *restrict y

// The definition.
static void scan_scalar(SCAN_PARAMETERS) {
  (void)pixels;
  (void)scratch;
  const size_t padded = 4 * quads_of(groups);
  for (size_t r = 0; r < rows; ++r)
    for (size_t m = 0; m < outputs; ++m) {
      int32_t sum = 0;
      for (size_t t = 0; t < tap_count; ++t) {
        const uint8_t *code = codes + taps[t] + positions[r];
        const int8_t *table = tables + (m * tap_count + t) * padded * 16;
        for (size_t j = 0; j < groups; ++j) sum += table[16 * j + code[j * plane]];
      }
      y[r * outputs + m] = (float)sum * scales[m] + offsets[m];
    }
}

#if defined(__x86_64__) || defined(__aarch64__)
// Lays the codes of 32 rows side by side for the rows' own kernel; groups that are not there look
// zeros up, whatever their codes.
static inline void scan_laid(addend_lookup_scan_fn scan, SCAN_PARAMETERS) {
  (void)pixels;
  const size_t padded = 4 * quads_of(groups);
  for (size_t r = 0; r < rows; r += narrow_rows) {
    const size_t count = rows - r < narrow_rows ? rows - r : narrow_rows;
    uint8_t *restrict to = scratch;
    for (size_t t = 0; t < tap_count; ++t)
      for (size_t j = 0; j < padded; ++j, to += narrow_rows) {
        const uint8_t *restrict code = codes + (j < groups ? j : 0) * plane + taps[t];
        for (size_t i = 0; i < count; ++i) to[i] = code[positions[r + i]];
      }
    scan(scratch, narrow_rows, count, tables, tap_count * padded, outputs, scales, offsets,
         y + r * outputs);
  }
}
#endif

#if defined(__aarch64__)
static void scan_neon(SCAN_PARAMETERS) {
  scan_laid(addend_lookup_scan_neon(), codes, plane, pixels, groups, taps, tap_count, positions,
            rows, tables, outputs, scales, offsets, scratch, y);
}
#endif

#if defined(__x86_64__)
static void scan_avx2(SCAN_PARAMETERS) {
  scan_laid(addend_lookup_scan_select(ADDEND_ISA_AVX2), codes, plane, pixels, groups, taps,
            tap_count, positions, rows, tables, outputs, scales, offsets, scratch, y);
}

#define VNNI \
  __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))

// words[q][i]: byte g is the code of group 4q + g at pixel i, plus 16g: what `vpermb` takes.
VNNI static void lay_words(const uint8_t *restrict codes, size_t plane, size_t pixels,
                           size_t groups, uint32_t *restrict words) {
  for (size_t q = 0; q < quads_of(groups); ++q, words += pixels)
    for (size_t i = 0; i < pixels; i += lane_rows) {
      const size_t left = pixels - i;
      const __mmask16 mask = left < lane_rows ? (__mmask16)((1u << left) - 1) : (__mmask16)0xFFFF;
      __m512i word = _mm512_set1_epi32(0x30201000);
      for (size_t g = 0; g < 4 && 4 * q + g < groups; ++g) {
        const __m128i code = _mm_maskz_loadu_epi8(mask, codes + (4 * q + g) * plane + i);
        word = _mm512_or_si512(
            word, _mm512_sll_epi32(_mm512_cvtepu8_epi32(code), _mm_cvtsi64_si128((long long)(8 * g))));
      }
      _mm512_mask_storeu_epi32(words + i, mask, word);
    }
}

// indices[t][q][lane]: the words of up to 64 rows under every tap. Rows whose pixels are neighbours
// are loaded, others gathered.
VNNI static void lay_indices(const uint32_t *restrict words, size_t pixels, size_t quads,
                             const uint32_t *restrict taps, size_t tap_count,
                             const uint32_t *restrict positions, size_t rows,
                             __m512i *restrict indices) {
  const __m512i none = _mm512_set1_epi32(0x30201000);
  for (size_t lane = 0; lane < tile_lanes; ++lane) {
    const size_t first = lane_rows * lane;
    const size_t count = rows > first ? (rows - first < lane_rows ? rows - first : lane_rows) : 0;
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    const uint32_t *restrict position = positions + first;
    const __m512i at = _mm512_maskz_loadu_epi32(mask, position);
    const int together = count > 0 && position[count - 1] - position[0] == count - 1;
    for (size_t t = 0; t < tap_count; ++t)
      for (size_t q = 0; q < quads; ++q) {
        const uint32_t *restrict word = words + q * pixels + taps[t];
        indices[(t * quads + q) * tile_lanes + lane] =
            together ? _mm512_mask_loadu_epi32(none, mask, word + position[0])
                     : _mm512_mask_i32gather_epi32(none, mask, at, word, 4);
      }
  }
}

enum { outputs_at_once = 4 };

// The sums of 64 rows and `width` outputs, a constant where inlined: one 64-byte register holds 4
// groups' entries for one output, `vpermb` makes 64 look-ups of it, and `vpdpbusd` by ones adds each
// row's four into its 32-bit sum, exactly.
VNNI static inline __attribute__((always_inline)) void scan_tile(
    const __m512i *restrict indices, const int8_t *restrict tables, size_t quads, size_t width,
    const float *restrict scales, const float *restrict offsets, float *restrict tile) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum[outputs_at_once * tile_lanes];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < width * tile_lanes; ++i) sum[i] = _mm512_setzero_si512();
  for (size_t q = 0; q < quads; ++q) {
    __m512i entries[outputs_at_once];
#pragma clang loop unroll(full)
    for (size_t n = 0; n < width; ++n)
      entries[n] = _mm512_loadu_si512(tables + 64 * (n * quads + q));
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile_lanes; ++i) {
      const __m512i index = indices[q * tile_lanes + i];
#pragma clang loop unroll(full)
      for (size_t n = 0; n < width; ++n)
        sum[n * tile_lanes + i] = _mm512_dpbusd_epi32(
            sum[n * tile_lanes + i], ones, _mm512_permutexvar_epi8(index, entries[n]));
    }
  }
#pragma clang loop unroll(full)
  for (size_t n = 0; n < width; ++n)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile_lanes; ++i) {
      const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[n * tile_lanes + i]),
                                           _mm512_set1_ps(scales[n]));
      _mm512_storeu_ps(tile + tile_rows * n + lane_rows * i,
                       _mm512_add_ps(product, _mm512_set1_ps(offsets[n])));
    }
}

// Puts `width` outputs of up to 64 rows, [width][64] in `tile`, into y.
VNNI static void put_tile(const float *restrict tile, size_t rows, size_t width, size_t outputs,
                          float *restrict y) {
  size_t r = 0;
  if (width == 8)
    for (; r + 8 <= rows; r += 8)
      addend_transpose_8x8(tile + r, tile_rows, y + r * outputs, outputs);
  for (; r < rows; ++r)
    for (size_t m = 0; m < width; ++m) y[r * outputs + m] = tile[m * tile_rows + r];
}

VNNI static void scan_avx512(SCAN_PARAMETERS) {
  const size_t quads = quads_of(groups), all = tap_count * quads;
  uint32_t *restrict words = (uint32_t *)scratch;
  __m512i *restrict indices = (__m512i *)(scratch + ((4 * quads * pixels + 63) & ~(size_t)63));
  float tile[8 * tile_rows];
  lay_words(codes, plane, pixels, groups, words);
  for (size_t r = 0; r < rows; r += tile_rows) {
    const size_t count = rows - r < tile_rows ? rows - r : tile_rows;
    lay_indices(words, pixels, quads, taps, tap_count, positions + r, count, indices);
    for (size_t m = 0; m < outputs; m += 8) {
      const size_t width = outputs - m < 8 ? outputs - m : 8;
      for (size_t n = 0; n < width;) {
        const int8_t *restrict table = tables + 64 * all * (m + n);
        const size_t some = width - n >= outputs_at_once ? outputs_at_once : 1;
        if (some == outputs_at_once)
          scan_tile(indices, table, all, outputs_at_once, scales + m + n, offsets + m + n,
                    tile + tile_rows * n);
        else
          scan_tile(indices, table, all, 1, scales + m + n, offsets + m + n, tile + tile_rows * n);
        n += some;
      }
      put_tile(tile, count, width, outputs, y + r * outputs + m);
    }
  }
}
#endif

addend_lookup_image_scan_fn addend_lookup_image_scan_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return scan_avx512;
  if (isa >= ADDEND_ISA_AVX2) return scan_avx2;
#elif defined(__aarch64__)
  if (isa >= ADDEND_ISA_NEON) return scan_neon;
#endif
  (void)isa;
  return scan_scalar;
}
