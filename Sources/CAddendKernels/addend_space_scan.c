#include "addend_space_select.h"

#pragma STDC FP_CONTRACT OFF

// Columns side by side, and terms whose sum 32 bits hold.
enum { tile = 64, run = 32768 };

// Sums of one row, one component and 64 columns; the padding behind `columns` is summed and dropped.
typedef void (*sum_tile_function)(const addend_space_scan_shape *shape, size_t component,
                                  const int16_t *restrict table, const uint8_t *restrict planes,
                                  const uint8_t *restrict selectors,
                                  const uint8_t *restrict indices,
                                  const int32_t *restrict term_exponents, float *restrict sums);

// The walk over tiles that all variants share.
static inline __attribute__((always_inline)) void scan(
    sum_tile_function sum_tile, addend_space_scan_shape shape,
    const addend_space_component *components, const int16_t *restrict table,
    const uint8_t *restrict planes, const uint8_t *restrict selectors,
    const uint8_t *restrict indices, const int32_t *restrict term_exponents,
    const int32_t *restrict row_exponents, int32_t step, size_t first, size_t last,
    float *restrict result) {
  const size_t stride = shape.result_column_stride;
  for (size_t i = first; i < last; ++i) {
    const int32_t exponent = row_exponents ? step + row_exponents[i] : step;
    for (size_t c = 0; c < shape.components; ++c) {
      const addend_space_component component = components[c];
      if (i >= component.rows) continue;
      for (size_t q = 0; q < component.columns; q += tile) {
        float sums[tile];
        sum_tile(&shape, c, table, planes, selectors + i * shape.selector_row_stride, indices + q,
                 term_exponents, sums);
        const size_t count = component.columns - q < tile ? component.columns - q : tile;
        float *restrict place =
            result + component.offset + i * shape.result_row_stride + q * stride;
        for (size_t j = 0; j < tile; ++j) sums[j] = addend_space_shifted(sums[j], exponent);
        if (stride == 1)
          for (size_t j = 0; j < count; ++j) place[j] = sums[j];
        else
          for (size_t j = 0; j < count; ++j) place[j * stride] = sums[j];
      }
    }
  }
}

// The definition.
static void sum_tile_scalar(const addend_space_scan_shape *shape, size_t component,
                            const int16_t *restrict table, const uint8_t *restrict planes,
                            const uint8_t *restrict selectors, const uint8_t *restrict indices,
                            const int32_t *restrict term_exponents, float *restrict sums) {
  (void)planes;
  int32_t whole[tile];
  for (size_t j = 0; j < tile; ++j) sums[j] = 0;
  for (size_t start = 0; start < shape->terms; start += run) {
    const size_t end = shape->terms - start < run ? shape->terms : start + run;
    for (size_t j = 0; j < tile; ++j) whole[j] = 0;
    for (size_t p = start; p < end; ++p) {
      const size_t selector = selectors[p * shape->selector_term_stride];
      const int16_t *entries = table + (selector * shape->components + component) * shape->words;
      const uint8_t *index = indices + p * shape->index_stride;
      if (term_exponents)
        for (size_t j = 0; j < tile; ++j)
          sums[j] += addend_space_shifted((float)entries[index[j]], term_exponents[p]);
      else
        for (size_t j = 0; j < tile; ++j) whole[j] += entries[index[j]];
    }
    if (!term_exponents)
      for (size_t j = 0; j < tile; ++j) sums[j] += (float)whole[j];
  }
}

#define ADDEND_SPACE_SCAN(name, attribute)                                                       \
  attribute static void scan_##name(                                                             \
      addend_space_scan_shape shape, const addend_space_component *components,                   \
      const int16_t *restrict table, const uint8_t *restrict planes,                             \
      const uint8_t *restrict selectors, const uint8_t *restrict indices,                        \
      const int32_t *restrict term_exponents, const int32_t *restrict row_exponents,             \
      int32_t step, size_t first, size_t last, float *restrict result) {                         \
    scan(sum_tile_##name, shape, components, table, planes, selectors, indices, term_exponents,  \
         row_exponents, step, first, last, result);                                              \
  }

ADDEND_SPACE_SCAN(scalar, )

#if defined(__x86_64__)
#include <immintrin.h>

// An entry is a whole number of 16 bits and a term's exponent within ±100: unless the entry is zero,
// adding the exponent to the float's own stays among normal numbers.

#define ADDEND_AVX2 __attribute__((target("avx2")))

// Entries of 8 columns.
ADDEND_AVX2 static inline __attribute__((always_inline)) __m256i gather_entries(
    const int16_t *entries, const uint8_t *index) {
  const __m256i lane = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)index));
  // Four bytes from each address: the entry in the lower half, its neighbour in the upper.
  const __m256i pair = _mm256_i32gather_epi32((const int *)entries, lane, 2);
  return _mm256_srai_epi32(_mm256_slli_epi32(pair, 16), 16);
}

ADDEND_AVX2 static void sum_tile_avx2(
    const addend_space_scan_shape *shape, size_t component, const int16_t *restrict table,
    const uint8_t *restrict planes, const uint8_t *restrict selectors,
    const uint8_t *restrict indices, const int32_t *restrict term_exponents,
    float *restrict sums) {
  (void)planes;
  enum { groups = tile / 8 };
  __m256 sum[groups];
  for (size_t j = 0; j < groups; ++j) sum[j] = _mm256_setzero_ps();
  for (size_t start = 0; start < shape->terms; start += run) {
    const size_t end = shape->terms - start < run ? shape->terms : start + run;
    __m256i whole[groups];
    for (size_t j = 0; j < groups; ++j) whole[j] = _mm256_setzero_si256();
    for (size_t p = start; p < end; ++p) {
      const size_t selector = selectors[p * shape->selector_term_stride];
      const int16_t *entries = table + (selector * shape->components + component) * shape->words;
      const uint8_t *index = indices + p * shape->index_stride;
      if (term_exponents) {
        const __m256i shift = _mm256_set1_epi32((int32_t)((uint32_t)term_exponents[p] << 23));
        for (size_t j = 0; j < groups; ++j) {
          const __m256i entry = gather_entries(entries, index + 8 * j);
          const __m256i zero = _mm256_cmpeq_epi32(entry, _mm256_setzero_si256());
          const __m256i shifted =
              _mm256_add_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(entry)), shift);
          sum[j] = _mm256_add_ps(sum[j], _mm256_castsi256_ps(_mm256_andnot_si256(zero, shifted)));
        }
      } else {
        for (size_t j = 0; j < groups; ++j)
          whole[j] = _mm256_add_epi32(whole[j], gather_entries(entries, index + 8 * j));
      }
    }
    if (!term_exponents)
      for (size_t j = 0; j < groups; ++j)
        sum[j] = _mm256_add_ps(sum[j], _mm256_cvtepi32_ps(whole[j]));
  }
  for (size_t j = 0; j < groups; ++j) _mm256_storeu_ps(sums + 8 * j, sum[j]);
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

// 64 entries as 32-bit numbers. Within each group of 16 columns: those numbered 0, 2, 4, 6;
// 1, 3, 5, 7; 8, 10, …; 9, 11, ….
ADDEND_VBMI static inline __attribute__((always_inline)) void look_up_entries(
    const uint8_t *plane, const uint8_t *indices, __m512i entry[4]) {
  const __m512i index = _mm512_loadu_si512(indices);
  const __mmask64 upper = _mm512_movepi8_mask(index);
  const __m512i low = look_up(plane, index, upper);
  const __m512i high = look_up(plane + 256, index, upper);
  const __m512i a = _mm512_unpacklo_epi8(low, high);
  const __m512i b = _mm512_unpackhi_epi8(low, high);
  entry[0] = _mm512_srai_epi32(_mm512_slli_epi32(a, 16), 16);
  entry[1] = _mm512_srai_epi32(a, 16);
  entry[2] = _mm512_srai_epi32(_mm512_slli_epi32(b, 16), 16);
  entry[3] = _mm512_srai_epi32(b, 16);
}

// Sums of whole numbers, in float32.
ADDEND_VBMI static inline __attribute__((always_inline)) void sum_whole(
    const addend_space_scan_shape *shape, size_t component, const uint8_t *restrict planes,
    const uint8_t *restrict selectors, const uint8_t *restrict indices, __m512 sum[4]) {
  for (size_t start = 0; start < shape->terms; start += run) {
    const size_t end = shape->terms - start < run ? shape->terms : start + run;
    __m512i whole[4];
    for (size_t j = 0; j < 4; ++j) whole[j] = _mm512_setzero_si512();
    for (size_t p = start; p < end; ++p) {
      const size_t selector = selectors[p * shape->selector_term_stride];
      __m512i entry[4];
      look_up_entries(planes + (selector * shape->components + component) * 512,
                      indices + p * shape->index_stride, entry);
      for (size_t j = 0; j < 4; ++j) whole[j] = _mm512_add_epi32(whole[j], entry[j]);
    }
    for (size_t j = 0; j < 4; ++j) sum[j] = _mm512_add_ps(sum[j], _mm512_cvtepi32_ps(whole[j]));
  }
}

ADDEND_VBMI static inline __attribute__((always_inline)) void sum_shifted(
    const addend_space_scan_shape *shape, size_t component, const uint8_t *restrict planes,
    const uint8_t *restrict selectors, const uint8_t *restrict indices,
    const int32_t *restrict term_exponents, __m512 sum[4]) {
  for (size_t p = 0; p < shape->terms; ++p) {
    const size_t selector = selectors[p * shape->selector_term_stride];
    const __m512i shift = _mm512_set1_epi32((int32_t)((uint32_t)term_exponents[p] << 23));
    __m512i entry[4];
    look_up_entries(planes + (selector * shape->components + component) * 512,
                    indices + p * shape->index_stride, entry);
    for (size_t j = 0; j < 4; ++j) {
      const __mmask16 some = _mm512_test_epi32_mask(entry[j], entry[j]);
      const __m512i number = _mm512_castps_si512(_mm512_cvtepi32_ps(entry[j]));
      sum[j] = _mm512_add_ps(
          sum[j], _mm512_castsi512_ps(_mm512_maskz_add_epi32(some, number, shift)));
    }
  }
}

ADDEND_VBMI static void sum_tile_vbmi(const addend_space_scan_shape *shape, size_t component,
                                      const int16_t *restrict table,
                                      const uint8_t *restrict planes,
                                      const uint8_t *restrict selectors,
                                      const uint8_t *restrict indices,
                                      const int32_t *restrict term_exponents,
                                      float *restrict sums) {
  (void)table;
  __m512 sum[4];
  for (size_t j = 0; j < 4; ++j) sum[j] = _mm512_setzero_ps();
  if (term_exponents)
    sum_shifted(shape, component, planes, selectors, indices, term_exponents, sum);
  else
    sum_whole(shape, component, planes, selectors, indices, sum);
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

ADDEND_SPACE_SCAN(avx2, ADDEND_AVX2)
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
