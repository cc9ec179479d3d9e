#include "addend_space_select.h"

#pragma STDC FP_CONTRACT OFF

enum { tile = 64 };

// Sums of one row, one component and 64 columns; the padding behind `columns` is summed and dropped.
typedef void (*sum_tile_function)(const addend_space_scan_shape *shape, size_t component,
                                  const int16_t *restrict table, const uint8_t *restrict planes,
                                  const uint8_t *restrict selectors,
                                  const uint8_t *restrict indices,
                                  const float *restrict term_scales, float *restrict sums);

// The walk over tiles that all variants share.
static inline __attribute__((always_inline)) void scan(
    sum_tile_function sum_tile, addend_space_scan_shape shape,
    const addend_space_component *components, const int16_t *restrict table,
    const uint8_t *restrict planes, const uint8_t *restrict selectors,
    const uint8_t *restrict indices, const float *restrict term_scales,
    const float *restrict row_scales, float step, size_t first, size_t last,
    float *restrict result) {
  const size_t stride = shape.result_column_stride;
  for (size_t i = first; i < last; ++i) {
    const float scale = row_scales ? step * row_scales[i] : step;
    for (size_t c = 0; c < shape.components; ++c) {
      const addend_space_component component = components[c];
      if (i >= component.rows) continue;
      for (size_t q = 0; q < component.columns; q += tile) {
        float sums[tile];
        sum_tile(&shape, c, table, planes, selectors + i * shape.selector_row_stride, indices + q,
                 term_scales, sums);
        const size_t count = component.columns - q < tile ? component.columns - q : tile;
        float *restrict place =
            result + component.offset + i * shape.result_row_stride + q * stride;
        if (stride == 1)
          for (size_t j = 0; j < count; ++j) place[j] = scale * sums[j];
        else
          for (size_t j = 0; j < count; ++j) place[j * stride] = scale * sums[j];
      }
    }
  }
}

// The definition.
static void sum_tile_scalar(const addend_space_scan_shape *shape, size_t component,
                            const int16_t *restrict table, const uint8_t *restrict planes,
                            const uint8_t *restrict selectors, const uint8_t *restrict indices,
                            const float *restrict term_scales, float *restrict sums) {
  (void)planes;
  for (size_t j = 0; j < tile; ++j) sums[j] = 0;
  for (size_t p = 0; p < shape->terms; ++p) {
    const size_t selector = selectors[p * shape->selector_term_stride];
    const int16_t *entries = table + (selector * shape->components + component) * shape->words;
    const uint8_t *index = indices + p * shape->index_stride;
    const float scale = term_scales ? term_scales[p] : 1;
    for (size_t j = 0; j < tile; ++j) sums[j] += scale * (float)entries[index[j]];
  }
}

#define ADDEND_SPACE_SCAN(name, attribute)                                                       \
  attribute static void scan_##name(                                                             \
      addend_space_scan_shape shape, const addend_space_component *components,                   \
      const int16_t *restrict table, const uint8_t *restrict planes,                             \
      const uint8_t *restrict selectors, const uint8_t *restrict indices,                        \
      const float *restrict term_scales, const float *restrict row_scales, float step,           \
      size_t first, size_t last, float *restrict result) {                                       \
    scan(sum_tile_##name, shape, components, table, planes, selectors, indices, term_scales,     \
         row_scales, step, first, last, result);                                                 \
  }

ADDEND_SPACE_SCAN(scalar, )

#if defined(__x86_64__)
#include <immintrin.h>

// A scale is a power of two and an entry a short integer, so their product is exact: whether it is
// fused with the addition does not show.

__attribute__((target("avx2,fma"))) static void sum_tile_avx2(
    const addend_space_scan_shape *shape, size_t component, const int16_t *restrict table,
    const uint8_t *restrict planes, const uint8_t *restrict selectors,
    const uint8_t *restrict indices, const float *restrict term_scales, float *restrict sums) {
  (void)planes;
  __m256 sum[tile / 8];
  for (size_t j = 0; j < tile / 8; ++j) sum[j] = _mm256_setzero_ps();
  for (size_t p = 0; p < shape->terms; ++p) {
    const size_t selector = selectors[p * shape->selector_term_stride];
    const int *entries =
        (const int *)(table + (selector * shape->components + component) * shape->words);
    const uint8_t *index = indices + p * shape->index_stride;
    const __m256 scale = _mm256_set1_ps(term_scales ? term_scales[p] : 1);
    for (size_t j = 0; j < tile / 8; ++j) {
      const __m256i lane = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(index + 8 * j)));
      // Four bytes from each address: the entry in the lower half, its neighbour in the upper.
      const __m256i pair = _mm256_i32gather_epi32(entries, lane, 2);
      const __m256i entry = _mm256_srai_epi32(_mm256_slli_epi32(pair, 16), 16);
      sum[j] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(entry), scale, sum[j]);
    }
  }
  for (size_t j = 0; j < tile / 8; ++j) _mm256_storeu_ps(sums + 8 * j, sum[j]);
}

#define ADDEND_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

// 64 look-ups in a table of 256 bytes that lies in four registers.
ADDEND_VBMI static inline __m512i look_up(const uint8_t *plane, __m512i index, __mmask64 upper) {
  const __m512i low =
      _mm512_permutex2var_epi8(_mm512_loadu_si512(plane), index, _mm512_loadu_si512(plane + 64));
  const __m512i high = _mm512_permutex2var_epi8(_mm512_loadu_si512(plane + 128), index,
                                                _mm512_loadu_si512(plane + 192));
  return _mm512_mask_blend_epi8(upper, low, high);
}

ADDEND_VBMI static void sum_tile_vbmi(const addend_space_scan_shape *shape, size_t component,
                                          const int16_t *restrict table,
                                          const uint8_t *restrict planes,
                                          const uint8_t *restrict selectors,
                                          const uint8_t *restrict indices,
                                          const float *restrict term_scales,
                                          float *restrict sums) {
  (void)table;
  // Within each group of 16 columns: those numbered 0, 2, 4, 6; 1, 3, 5, 7; 8, 10, …; 9, 11, ….
  __m512 sum[4];
  for (size_t j = 0; j < 4; ++j) sum[j] = _mm512_setzero_ps();
  for (size_t p = 0; p < shape->terms; ++p) {
    const size_t selector = selectors[p * shape->selector_term_stride];
    const uint8_t *plane = planes + (selector * shape->components + component) * 512;
    const __m512 scale = _mm512_set1_ps(term_scales ? term_scales[p] : 1);
    const __m512i index = _mm512_loadu_si512(indices + p * shape->index_stride);
    const __mmask64 upper = _mm512_movepi8_mask(index);
    const __m512i low = look_up(plane, index, upper);
    const __m512i high = look_up(plane + 256, index, upper);
    const __m512i a = _mm512_unpacklo_epi8(low, high);
    const __m512i b = _mm512_unpackhi_epi8(low, high);
    const __m512i entry[4] = {
        _mm512_srai_epi32(_mm512_slli_epi32(a, 16), 16), _mm512_srai_epi32(a, 16),
        _mm512_srai_epi32(_mm512_slli_epi32(b, 16), 16), _mm512_srai_epi32(b, 16)};
    for (size_t j = 0; j < 4; ++j)
      sum[j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(entry[j]), scale, sum[j]);
  }
  for (size_t half = 0; half < 2; ++half) {
    const __m512i even = _mm512_castps_si512(sum[2 * half]);
    const __m512i odd = _mm512_castps_si512(sum[2 * half + 1]);
    int32_t quads[2][16];
    _mm512_storeu_si512(quads[0], _mm512_unpacklo_epi32(even, odd));
    _mm512_storeu_si512(quads[1], _mm512_unpackhi_epi32(even, odd));
    for (size_t group = 0; group < 4; ++group)
      for (size_t quad = 0; quad < 2; ++quad)
        __builtin_memcpy(sums + 16 * group + 8 * half + 4 * quad, quads[quad] + 4 * group, 16);
  }
}

ADDEND_SPACE_SCAN(avx2, __attribute__((target("avx2,fma"))))
ADDEND_SPACE_SCAN(vbmi, ADDEND_VBMI)
#endif

addend_space_scan_fn addend_space_scan_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VBMI) return scan_vbmi;
  if (isa >= ADDEND_ISA_AVX2) return scan_avx2;
#endif
  (void)isa;
  return scan_scalar;
}
