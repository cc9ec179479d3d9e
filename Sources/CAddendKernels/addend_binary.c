#include "addend_binary.h"

#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "halves of words are written for processors that keep the lower one first"
#endif

/// Half of a word where it lies.
typedef uint32_t __attribute__((may_alias)) half_word;

#define ADDEND_TILE_INLINE static inline __attribute__((always_inline))

// The definitions: all variants agree with them bit for bit, and call them for tails.

static uint32_t above_of(const int32_t *values, const int32_t *thresholds, size_t count) {
  uint32_t bits = 0;
  for (size_t j = 0; j < count; ++j) bits |= (uint32_t)(values[j] >= thresholds[j]) << j;
  return bits;
}

static void sums_of(const int32_t *restrict values, size_t planes, const int32_t *restrict offsets,
                    size_t count, int32_t *restrict sums) {
  for (size_t j = 0; j < count; ++j)
    sums[j] = planes == 1 ? offsets[j] - 2 * values[j] : offsets[j] + values[j];
}

static uint64_t signs_of(const float *x, size_t count) {
  uint64_t bits = 0;
  for (size_t j = 0; j < count; ++j) bits |= (uint64_t) !(x[j] >= 0) << j;
  return bits;
}

/// words[p · stride]: bit p of each number.
static void planes_of(const uint8_t *x, size_t count, size_t stride, uint64_t *words) {
  for (size_t p = 0; p < 8; ++p) {
    uint64_t bits = 0;
    for (size_t j = 0; j < count; ++j) bits |= (uint64_t)(x[j] >> p & 1) << j;
    words[p * stride] = bits;
  }
}

ADDEND_TILE_INLINE void tile_scalar(const size_t rows, size_t words, const uint64_t *restrict a,
                                    const uint32_t *restrict panel,
                                    int32_t (*restrict counts)[ADDEND_BINARY_PANEL]) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t j = 0; j < ADDEND_BINARY_PANEL; ++j) {
      uint32_t before = 0;
      int32_t count = 0;
      for (size_t i = 0; i < words; ++i) {
        const uint32_t *b = panel + 2 * ADDEND_BINARY_PANEL * i + j;
        const uint32_t x = (uint32_t)a[words * r + i] ^ b[0];
        const uint32_t parity = (uint32_t)(a[words * r + i] >> 32) ^ b[ADDEND_BINARY_PANEL];
        count += __builtin_popcount(x) + __builtin_popcount(before ^ x ^ parity);
        before = parity;
      }
      counts[r][j] = count;
    }
}

#define ADDEND_VARIANT(name) name##_scalar
#define ADDEND_BINARY_ROWS 1
#define SUMS(values, planes, offsets, sums) \
  sums_of(values, planes, offsets, ADDEND_BINARY_PANEL, sums)
#define ABOVE(values, thresholds) above_of(values, thresholds, ADDEND_BINARY_PANEL)
#define SIGNS(x) signs_of(x, 64)
#define PLANES(x, stride, words) planes_of(x, 64, stride, words)
#include "addend_binary_variant.h"
#include "addend_binary_end.h"

#if defined(__aarch64__)
#define ADDEND_VARIANT(name) name##_neon
#define ADDEND_BINARY_ROWS 4
#define ADDEND_BINARY_LANES 4
#define ADDEND_BINARY_VECTORS 2
#define ADDEND_BINARY_RUN 31  // bytes hold as many counts of up to 8
#define ADDEND_BITS uint32x4_t
#define BITS_ZERO() vdupq_n_u32(0)
#define BITS_ALL(word) vdupq_n_u32(word)
#define BITS_LOAD(from) vld1q_u32(from)
#define BITS_XOR(a, b) veorq_u32(a, b)
#define BITS_CARRY(before, x, next) vbslq_u32(veorq_u32(before, x), vmvnq_u32(next), x)
#define BITS_COUNT(counts, bits)  \
  vreinterpretq_u32_u8(vaddq_u8(vreinterpretq_u8_u32(counts), \
                                vcntq_u8(vreinterpretq_u8_u32(bits))))
#define ADDEND_COUNTS uint32x4_t
#define COUNTS_OF(bytes) vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u32(bytes)))
#define COUNTS_ZERO() vdupq_n_u32(0)
#define COUNTS_ADD(a, b) vaddq_u32(a, b)
#define COUNTS_STORE(to, counts) vst1q_s32(to, vreinterpretq_s32_u32(counts))
#define SUMS(values, planes, offsets, sums) \
  sums_of(values, planes, offsets, ADDEND_BINARY_PANEL, sums)
#define ABOVE(values, thresholds) above_of(values, thresholds, ADDEND_BINARY_PANEL)
#define SIGNS(x) signs_of(x, 64)
#define PLANES(x, stride, words) planes_of(x, 64, stride, words)
#include "addend_binary_tile.h"
#include "addend_binary_variant.h"
#include "addend_binary_end.h"
#endif

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,popcnt"))), apply_to = function)
static inline void sums_avx2(const int32_t *values, size_t planes, const int32_t *offsets,
                             int32_t *sums) {
  for (size_t i = 0; i < ADDEND_BINARY_PANEL; i += 8) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(values + i));
    const __m256i o = _mm256_loadu_si256((const __m256i *)(const void *)(offsets + i));
    const __m256i s =
        planes == 1 ? _mm256_sub_epi32(o, _mm256_add_epi32(v, v)) : _mm256_add_epi32(o, v);
    _mm256_storeu_si256((__m256i *)(void *)(sums + i), s);
  }
}

static inline uint32_t above_avx2(const int32_t *values, const int32_t *thresholds) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(values + 8 * i));
    const __m256i t = _mm256_loadu_si256((const __m256i *)(const void *)(thresholds + 8 * i));
    const int below = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(t, v)));
    bits |= (uint32_t)(~below & 255) << 8 * i;
  }
  return bits;
}

static inline uint64_t signs_avx2(const float *x) {
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) {
    const __m256 is_not =
        _mm256_cmp_ps(_mm256_loadu_ps(x + 8 * i), _mm256_setzero_ps(), _CMP_NGE_UQ);
    bits |= (uint64_t)(uint32_t)_mm256_movemask_ps(is_not) << 8 * i;
  }
  return bits;
}

static inline void planes_avx2(const uint8_t *x, size_t stride, uint64_t *words) {
  __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)x);
  __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(x + 32));
  for (size_t p = 8; p-- > 0;) {
    const uint64_t upper = (uint32_t)_mm256_movemask_epi8(high);
    words[p * stride] = upper << 32 | (uint32_t)_mm256_movemask_epi8(low);
    low = _mm256_add_epi8(low, low);
    high = _mm256_add_epi8(high, high);
  }
}

/// counts + the ones of each byte.
static inline __m256i count_avx2(__m256i counts, __m256i bits) {
  const __m256i ones =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i low = _mm256_shuffle_epi8(ones, _mm256_and_si256(bits, mask));
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bits, 4), mask);
  const __m256i high = _mm256_shuffle_epi8(ones, upper);
  return _mm256_add_epi8(counts, _mm256_add_epi8(low, high));
}

static inline __m256i widened_avx2(__m256i counts) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(counts, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

static inline __m256i carry_avx2(__m256i before, __m256i x, __m256i next) {
  const __m256i differ = _mm256_xor_si256(before, x);
  return _mm256_or_si256(_mm256_andnot_si256(next, differ), _mm256_andnot_si256(differ, x));
}

#define ADDEND_VARIANT(name) name##_avx2
#define ADDEND_BINARY_ROWS 2
#define ADDEND_BINARY_LANES 8
#define ADDEND_BINARY_VECTORS 2
#define ADDEND_BINARY_RUN 31  // bytes hold as many counts of up to 8
#define ADDEND_BITS __m256i
#define BITS_ZERO() _mm256_setzero_si256()
#define BITS_ALL(word) _mm256_set1_epi32((int)(word))
#define BITS_LOAD(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define BITS_XOR(a, b) _mm256_xor_si256(a, b)
#define BITS_CARRY(before, x, next) carry_avx2(before, x, next)
#define BITS_COUNT(counts, bits) count_avx2(counts, bits)
#define ADDEND_COUNTS __m256i
#define COUNTS_OF(bytes) widened_avx2(bytes)
#define COUNTS_ZERO() _mm256_setzero_si256()
#define COUNTS_ADD(a, b) _mm256_add_epi32(a, b)
#define COUNTS_STORE(to, counts) _mm256_storeu_si256((__m256i *)(void *)(to), counts)
#define SUMS(values, planes, offsets, sums) sums_avx2(values, planes, offsets, sums)
#define ABOVE(values, thresholds) above_avx2(values, thresholds)
#define SIGNS(x) signs_avx2(x)
#define PLANES(x, stride, words) planes_avx2(x, stride, words)
#include "addend_binary_tile.h"
#include "addend_binary_variant.h"
#include "addend_binary_end.h"
#pragma clang attribute pop

#define BITS_ZERO() _mm512_setzero_si512()
#define BITS_ALL(word) _mm512_set1_epi32((int)(word))
#define BITS_LOAD(from) _mm512_loadu_si512(from)
#define BITS_XOR(a, b) _mm512_xor_si512(a, b)
// The majority of before, x and before ^ x ^ next.
#define BITS_CARRY(before, x, next) _mm512_ternarylogic_epi32(before, x, next, 0xd4)
#define ADDEND_COUNTS __m512i
#define COUNTS_ZERO() _mm512_setzero_si512()
#define COUNTS_ADD(a, b) _mm512_add_epi32(a, b)
#define COUNTS_STORE(to, counts) _mm512_storeu_si512(to, counts)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,popcnt"))), apply_to = function)
static inline void sums_avx512(const int32_t *values, size_t planes, const int32_t *offsets,
                             int32_t *sums) {
  for (size_t i = 0; i < ADDEND_BINARY_PANEL; i += 16) {
    const __m512i v = _mm512_loadu_si512(values + i);
    const __m512i o = _mm512_loadu_si512(offsets + i);
    const __m512i s =
        planes == 1 ? _mm512_sub_epi32(o, _mm512_add_epi32(v, v)) : _mm512_add_epi32(o, v);
    _mm512_storeu_si512(sums + i, s);
  }
}

static inline uint32_t above_avx512(const int32_t *values, const int32_t *thresholds) {
  const uint32_t low = _mm512_cmpge_epi32_mask(BITS_LOAD(values), BITS_LOAD(thresholds));
  const uint32_t high = _mm512_cmpge_epi32_mask(BITS_LOAD(values + 16), BITS_LOAD(thresholds + 16));
  return low | high << 16;
}

static inline uint64_t signs_avx512(const float *x) {
  uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const __m512 numbers = _mm512_loadu_ps(x + 16 * i);
    bits |= (uint64_t)_mm512_cmp_ps_mask(numbers, _mm512_setzero_ps(), _CMP_NGE_UQ) << 16 * i;
  }
  return bits;
}

static inline void planes_avx512(const uint8_t *x, size_t stride, uint64_t *words) {
  const __m512i numbers = _mm512_loadu_si512(x);
  for (size_t p = 0; p < 8; ++p)
    words[p * stride] = _mm512_test_epi8_mask(numbers, _mm512_set1_epi8((char)(1 << p)));
}

static inline __m512i count_avx512(__m512i counts, __m512i bits) {
  const __m512i ones = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i mask = _mm512_set1_epi8(15);
  const __m512i low = _mm512_shuffle_epi8(ones, _mm512_and_si512(bits, mask));
  const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bits, 4), mask);
  const __m512i high = _mm512_shuffle_epi8(ones, upper);
  return _mm512_add_epi8(counts, _mm512_add_epi8(low, high));
}

static inline __m512i widened_avx512(__m512i counts) {
  return _mm512_madd_epi16(_mm512_maddubs_epi16(counts, _mm512_set1_epi8(1)), _mm512_set1_epi16(1));
}

#define ADDEND_VARIANT(name) name##_avx512
#define ADDEND_BINARY_ROWS 4
#define ADDEND_BINARY_LANES 16
#define ADDEND_BINARY_VECTORS 2
#define ADDEND_BINARY_RUN 31  // bytes hold as many counts of up to 8
#define ADDEND_BITS __m512i
#define BITS_COUNT(counts, bits) count_avx512(counts, bits)
#define COUNTS_OF(bytes) widened_avx512(bytes)
#define SUMS(values, planes, offsets, sums) sums_avx512(values, planes, offsets, sums)
#define ABOVE(values, thresholds) above_avx512(values, thresholds)
#define SIGNS(x) signs_avx512(x)
#define PLANES(x, stride, words) planes_avx512(x, stride, words)
#include "addend_binary_tile.h"
#include "addend_binary_variant.h"
#include "addend_binary_pixels.h"
#undef ADDEND_VARIANT
#undef ADDEND_BINARY_RUN
#undef BITS_COUNT
#undef COUNTS_OF
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,popcnt"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_popcnt
#define ADDEND_BINARY_RUN ((size_t)-1)
#define BITS_COUNT(counts, bits) _mm512_add_epi32(counts, _mm512_popcnt_epi32(bits))
#define COUNTS_OF(counts) (counts)
#include "addend_binary_tile.h"
#include "addend_binary_variant.h"
#include "addend_binary_end.h"
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx512vbmi,gfni," \
                          "vpclmulqdq,avx2,popcnt"))), \
    apply_to = function)
#include "addend_binary_forms.h"
#pragma clang attribute pop
#endif

addend_binary_kernels addend_binary_select(addend_isa isa) {
#if defined(__aarch64__)
  if (isa >= ADDEND_ISA_NEON)
    return (addend_binary_kernels){product_neon, sign_rows_neon, plane_rows_neon, NULL, NULL};
#elif defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI && __builtin_cpu_supports("avx512vpopcntdq"))
    return (addend_binary_kernels){
        product_popcnt, sign_rows_popcnt, plane_rows_popcnt, pixels_avx512,
        __builtin_cpu_supports("gfni") && __builtin_cpu_supports("vpclmulqdq") ? many_forms : NULL};
  if (isa >= ADDEND_ISA_AVX512)
    return (addend_binary_kernels){product_avx512, sign_rows_avx512, plane_rows_avx512,
                                   pixels_avx512, NULL};
  if (isa >= ADDEND_ISA_AVX2)
    return (addend_binary_kernels){product_avx2, sign_rows_avx2, plane_rows_avx2, NULL, NULL};
#endif
  (void)isa;
  return (addend_binary_kernels){product_scalar, sign_rows_scalar, plane_rows_scalar, NULL, NULL};
}
