#include "addend_ktanh_cells.h"
#include "addend_ktanh_table.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define AVX512_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline)) static inline
#define VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))
#define VBMI_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi"), always_inline)) static inline

static const uint8_t firsts[32] = {ADDEND_KTANH_FIRSTS};
static const uint8_t shifts[32] = {ADDEND_KTANH_SHIFTS};

// The two tables, each in one register.
typedef struct {
  __m512i firsts, shifts;
} tables_avx512;

// What the looked-up numbers of rows, 16 bits each, say: signs, the ranges without a table, NaN.
AVX512_INLINE __m512i finished(__m512i x, __m512i first, __m512i shift) {
  const __m512i low = _mm512_and_si512(x, _mm512_set1_epi16(15));
  const __m512i magnitude = _mm512_and_si512(x, _mm512_set1_epi16(0x7FFF));
  const __mmask32 large = _mm512_cmpgt_epi16_mask(magnitude, _mm512_set1_epi16(addend_ktanh_most));
  const __mmask32 small = _mm512_cmplt_epi16_mask(magnitude, _mm512_set1_epi16(addend_ktanh_least));
  const __mmask32 nan = _mm512_cmpgt_epi16_mask(magnitude, _mm512_set1_epi16(0x7F80));
  __m512i step = _mm512_add_epi16(first, _mm512_srlv_epi16(low, shift));
  step = _mm512_mask_mov_epi16(step, large, _mm512_set1_epi16(0x3F80 - addend_ktanh_origin));
  // The sign of x with the origin, (x & 0x8000) | origin: the origin's top bit is clear.
  const __m512i origin = _mm512_ternarylogic_epi32(
      x, _mm512_set1_epi16((short)0x8000), _mm512_set1_epi16(addend_ktanh_origin), 0xEA);
  const __m512i y = _mm512_mask_mov_epi16(_mm512_add_epi16(origin, step), small, x);
  return _mm512_mask_mov_epi16(y, nan, _mm512_or_si512(x, _mm512_set1_epi16(0x40)));
}

AVX512_INLINE tables_avx512 load_avx512(void) {
  return (tables_avx512){_mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)firsts)),
                         _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)shifts))};
}

// A permutation of words reads an index's five lowest bits: t.
AVX512_INLINE __m512i tangents_avx512(const tables_avx512 *tables, __m512i x) {
  const __m512i t = _mm512_srli_epi16(x, 4);
  return finished(x, _mm512_permutexvar_epi16(t, tables->firsts),
                  _mm512_permutexvar_epi16(t, tables->shifts));
}

// Bytes are permuted in one step where words take two on some processors. Six bits of the index are
// read, so each table is there twice; upper bytes become 0 by the mask.
VBMI_INLINE tables_avx512 load_vbmi(void) {
  const __m256i first = _mm256_loadu_si256((const __m256i *)firsts);
  const __m256i shift = _mm256_loadu_si256((const __m256i *)shifts);
  return (tables_avx512){_mm512_broadcast_i64x4(first), _mm512_broadcast_i64x4(shift)};
}

VBMI_INLINE __m512i tangents_vbmi(const tables_avx512 *tables, __m512i x) {
  const __m512i t = _mm512_srli_epi16(x, 4);
  const __mmask64 lower = 0x5555555555555555;
  return finished(x, _mm512_maskz_permutexvar_epi8(lower, t, tables->firsts),
                  _mm512_maskz_permutexvar_epi8(lower, t, tables->shifts));
}

// The upper halves, rounded to nearest, ties to even; NaN is made quiet.
AVX512_INLINE __m512i rounded(const float *x) {
  const __m512i bits = _mm512_loadu_si512(x);
  const __m512i upper = _mm512_srli_epi32(bits, 16);
  const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
  const __m512 value = _mm512_castsi512_ps(bits);
  const __mmask16 nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(_mm512_srli_epi32(sum, 16), nan, upper, _mm512_set1_epi32(0x40));
}

// The loops over numbers. Packing and unpacking go by 128-bit lanes, each undoing the other's order.
#define ADDEND_KTANH_LOOPS(name, attribute)                                                       \
  attribute static void bf16_##name(size_t n, const uint16_t *restrict x, uint16_t *restrict y) { \
    const tables_avx512 tables = load_##name();                                                   \
    size_t i = 0;                                                                                 \
    for (; i + 32 <= n; i += 32)                                                                  \
      _mm512_storeu_si512(y + i, tangents_##name(&tables, _mm512_loadu_si512(x + i)));            \
    addend_ktanh_rest(n - i, x + i, y + i);                                                       \
  }                                                                                               \
  attribute static void tangent_##name(size_t n, const float *restrict x, float *restrict y) {    \
    const tables_avx512 tables = load_##name();                                                   \
    const __m512i zero = _mm512_setzero_si512();                                                  \
    size_t i = 0;                                                                                 \
    for (; i + 32 <= n; i += 32) {                                                                \
      const __m512i packed = _mm512_packus_epi32(rounded(x + i), rounded(x + i + 16));            \
      const __m512i result = tangents_##name(&tables, packed);                                    \
      _mm512_storeu_si512(y + i, _mm512_unpacklo_epi16(zero, result));                            \
      _mm512_storeu_si512(y + i + 16, _mm512_unpackhi_epi16(zero, result));                       \
    }                                                                                             \
    addend_ktanh_rest_f32(n - i, x + i, y + i);                                                   \
  }

ADDEND_KTANH_LOOPS(avx512, AVX512)
ADDEND_KTANH_LOOPS(vbmi, VBMI)
ADDEND_KTANH_VARIANT(avx512, AVX512)
ADDEND_KTANH_VARIANT(vbmi, VBMI)
void addend_ktanh_use_avx512(addend_ktanh_kernels *kernels) { *kernels = kernels_avx512; }
void addend_ktanh_use_vbmi(addend_ktanh_kernels *kernels) { *kernels = kernels_vbmi; }
#else
void addend_ktanh_use_avx512(addend_ktanh_kernels *kernels) { (void)kernels; }
void addend_ktanh_use_vbmi(addend_ktanh_kernels *kernels) { (void)kernels; }
#endif
