// Products of words, two numbers of bfloat16 each, with the vectors of one instruction set: a source of
// addend_sets.h. ADDEND_HAS_WORDS: the set multiplies words by itself.
#define VECTORS (LANES == 8 ? 2 : 4)
// Sums of one vector are not split in two: the order of the terms is the definition's.
#define PAIRS false
#if LANES == 16
#define ADD(x, y) ((x) + (y))
#if defined(ADDEND_HAS_WORDS)
#define ADD_PRODUCT(x, y, sum) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(y))
#else
// Twice a fused product of halves as numbers.
ADDEND_INLINE __m512 upper16(__m512 x) {
  return _mm512_and_ps(x, _mm512_castsi512_ps(_mm512_set1_epi32((int)0xffff0000)));
}
ADDEND_INLINE __m512 lower16(__m512 x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 16));
}
#define ADD_PRODUCT(x, y, sum) \
  MULTIPLY_ADD(lower16(x), lower16(y), MULTIPLY_ADD(upper16(x), upper16(y), sum))
#endif
#define ROW_LIMITS {8, 8, 8, 6}
#define ADDEND_TILES(kernel) \
  ROWS_8(kernel, 1) ROWS_8(kernel, 2) ROWS_8(kernel, 3) ROWS_6(kernel, 4)
#elif LANES == 8
#define ADD(x, y) ((x) + (y))
ADDEND_INLINE __m256 upper8(__m256 x) {
  return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32((int)0xffff0000)));
}
ADDEND_INLINE __m256 lower8(__m256 x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16));
}
#define ADD_PRODUCT(x, y, sum) \
  MULTIPLY_ADD(lower8(x), lower8(y), MULTIPLY_ADD(upper8(x), upper8(y), sum))
#define ROW_LIMITS {6, 4}
#define ADDEND_TILES(kernel) \
  ROWS_6(kernel, 1) kernel(2, 1) kernel(2, 2) kernel(2, 3) kernel(2, 4)
#else
// The definition: one word after another.
static float upper(float word) { return f32_from_bits(f32_to_bits(word) & (int32_t)0xffff0000); }
static float lower(float word) {
  return f32_from_bits((int32_t)((uint32_t)f32_to_bits(word) << 16));
}
__attribute__((noinline)) static vector4 add_words(vector4 x, vector4 y, vector4 sums) {
  for (size_t i = 0; i < 4; ++i) {
    const float sum = add_product(upper(x[i]), upper(y[i]), sums[i]);
    sums[i] = add_product(lower(x[i]), lower(y[i]), sum);
  }
  return sums;
}
__attribute__((noinline)) static vector4 add4(vector4 x, vector4 y) {
  for (size_t i = 0; i < 4; ++i) x[i] = flushed(flushed(x[i]) + flushed(y[i]));
  return x;
}
#define ADD(x, y) add4(x, y)
#define ADD_PRODUCT(x, y, sum) add_words(x, y, sum)
#define ROW_LIMITS {2, 2, 2, 2}
#define ADDEND_TILES(kernel) \
  kernel(1, 1) kernel(1, 2) kernel(2, 1) kernel(2, 2) kernel(3, 1) kernel(3, 2) kernel(4, 1) \
  kernel(4, 2)
#endif
#include "addend_brgemm_tile.h"
#undef ADD
#undef ADD_PRODUCT
#undef VECTORS
#undef PAIRS
#undef ROW_LIMITS
#undef ADDEND_TILES
