#include "addend_ktanh_cells.h"
#include "addend_ktanh_table.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE __attribute__((target("avx2"), always_inline)) static inline

// Factors that shift left by 4 - r, so that one shift right by 4 ends all shifts.
static const uint8_t firsts[32] = {ADDEND_KTANH_FIRSTS};
static const uint8_t shifts[32] = {ADDEND_KTANH_SHIFTS};

typedef struct {
  __m256i firsts[2], factors[2];
} tables_avx2;

AVX2_INLINE tables_avx2 load_tables(void) {
  tables_avx2 tables;
  for (int half = 0; half < 2; ++half) {
    const __m128i first = _mm_loadu_si128((const __m128i *)(firsts + 16 * half));
    const __m128i shift = _mm_loadu_si128((const __m128i *)(shifts + 16 * half));
    // 2^(4 - r), itself by a look-up.
    const __m128i powers = _mm_setr_epi8(16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    tables.firsts[half] = _mm256_broadcastsi128_si256(first);
    tables.factors[half] = _mm256_broadcastsi128_si256(_mm_shuffle_epi8(powers, shift));
  }
  return tables;
}

// A byte shuffle gives 0 for an index whose top bit is set: each half of a table answers for its own
// half of t, and for the upper byte of each number neither does.
AVX2_INLINE __m256i tangents(const tables_avx2 *tables, __m256i x) {
  const __m256i t = _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi16(31));
  const __m256i lower = _mm256_add_epi16(t, _mm256_set1_epi16((short)0x8070));
  // Below 16 the subtraction borrows from the upper byte, which keeps its top bit.
  const __m256i upper = _mm256_add_epi16(t, _mm256_set1_epi16((short)0x8100 - 16));
  const __m256i first = _mm256_or_si256(_mm256_shuffle_epi8(tables->firsts[0], lower),
                                        _mm256_shuffle_epi8(tables->firsts[1], upper));
  const __m256i factor = _mm256_or_si256(_mm256_shuffle_epi8(tables->factors[0], lower),
                                         _mm256_shuffle_epi8(tables->factors[1], upper));
  const __m256i low = _mm256_and_si256(x, _mm256_set1_epi16(15));
  const __m256i step = _mm256_srli_epi16(_mm256_mullo_epi16(low, factor), 4);
  const __m256i magnitude = _mm256_and_si256(x, _mm256_set1_epi16(0x7FFF));
  const __m256i sign = _mm256_andnot_si256(_mm256_set1_epi16(0x7FFF), x);
  __m256i y = _mm256_add_epi16(_mm256_add_epi16(first, step),
                               _mm256_set1_epi16(addend_ktanh_origin));
  const __m256i most = _mm256_set1_epi16(addend_ktanh_most);
  y = _mm256_blendv_epi8(y, _mm256_set1_epi16(0x3F80), _mm256_cmpgt_epi16(magnitude, most));
  y = _mm256_or_si256(y, sign);
  const __m256i least = _mm256_set1_epi16(addend_ktanh_least);
  y = _mm256_blendv_epi8(y, x, _mm256_cmpgt_epi16(least, magnitude));
  const __m256i nan = _mm256_cmpgt_epi16(magnitude, _mm256_set1_epi16(0x7F80));
  return _mm256_blendv_epi8(y, _mm256_or_si256(x, _mm256_set1_epi16(0x40)), nan);
}

AVX2 static void bf16_avx2(size_t n, const uint16_t *restrict x, uint16_t *restrict y) {
  const tables_avx2 tables = load_tables();
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256((__m256i *)(y + i),
                        tangents(&tables, _mm256_loadu_si256((const __m256i *)(x + i))));
  addend_ktanh_rest(n - i, x + i, y + i);
}

// The upper halves, rounded to nearest, ties to even; NaN is made quiet.
AVX2_INLINE __m256i rounded(const float *x) {
  const __m256i bits = _mm256_loadu_si256((const __m256i *)x);
  const __m256i upper = _mm256_srli_epi32(bits, 16);
  const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
  const __m256i sum =
      _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
  const __m256 value = _mm256_castsi256_ps(bits);
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(_mm256_srli_epi32(sum, 16),
                            _mm256_or_si256(upper, _mm256_set1_epi32(0x40)), nan);
}

// Packing and unpacking go by 128-bit lanes, each undoing the other's order.
AVX2 static void tangent_avx2(size_t n, const float *restrict x, float *restrict y) {
  const tables_avx2 tables = load_tables();
  const __m256i zero = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i packed = _mm256_packus_epi32(rounded(x + i), rounded(x + i + 8));
    const __m256i result = tangents(&tables, packed);
    _mm256_storeu_si256((__m256i *)(y + i), _mm256_unpacklo_epi16(zero, result));
    _mm256_storeu_si256((__m256i *)(y + i + 8), _mm256_unpackhi_epi16(zero, result));
  }
  addend_ktanh_rest_f32(n - i, x + i, y + i);
}

ADDEND_KTANH_VARIANT(avx2, AVX2)
void addend_ktanh_use_avx2(addend_ktanh_kernels *kernels) { *kernels = kernels_avx2; }
#else
void addend_ktanh_use_avx2(addend_ktanh_kernels *kernels) { (void)kernels; }
#endif
