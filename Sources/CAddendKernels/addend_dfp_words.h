// Products of words, two mantissas of 16 bits each, with the vectors of one instruction set: a source of
// addend_sets.h. ADDEND_HAS_DOTS: the set adds products of words to integers by itself.
#define VECTORS (LANES == 8 ? 2 : 4)
#define PAIRS false
#if LANES == 16
#define ADD(x, y) ((x) + (y))
#define WORDS __m512i
#define MULTIPLY_WORDS(x, y) _mm512_madd_epi16(_mm512_castps_si512(y), _mm512_castps_si512(x))
#if defined(ADDEND_HAS_DOTS)
// By name: of the intrinsic compilers make a product and a sum, which is 1.3 times as slow here.
ADDEND_INLINE __m512i add_words16(__m512 x, __m512 y, __m512i sum) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(y), "v"(x));
  return sum;
}
#define ADD_WORDS(x, y, sum) add_words16(x, y, sum)
#else
#define ADD_WORDS(x, y, sum) _mm512_add_epi32(sum, MULTIPLY_WORDS(x, y))
#endif
#define CONVERT(words) _mm512_cvtepi32_ps(words)
// 32 registers: 12 sums of each kind, vectors of B.
#define ROW_LIMITS {8, 6, 4, 3}
#define ADDEND_TILES(kernel)                                                                     \
  ROWS_8(kernel, 1) ROWS_6(kernel, 2) kernel(3, 1) kernel(3, 2) kernel(3, 3) kernel(3, 4)        \
  kernel(4, 1) kernel(4, 2) kernel(4, 3)
#elif LANES == 8
#define ADD(x, y) ((x) + (y))
#define WORDS __m256i
#define MULTIPLY_WORDS(x, y) _mm256_madd_epi16(_mm256_castps_si256(x), _mm256_castps_si256(y))
#define ADD_WORDS(x, y, sum) _mm256_add_epi32(sum, MULTIPLY_WORDS(x, y))
#define CONVERT(words) _mm256_cvtepi32_ps(words)
// 16 registers: 6 sums of each kind at most.
#define ROW_LIMITS {6, 3}
#define ADDEND_TILES(kernel) ROWS_6(kernel, 1) kernel(2, 1) kernel(2, 2) kernel(2, 3)
#else
// The definition.
#define ADD(x, y) ((x) + (y))
#define WORDS integers4
ADDEND_INLINE integers4 multiply_words4(vector4 x, vector4 y) {
  const integers4 a = (integers4)x, b = (integers4)y;
  return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}
#define MULTIPLY_WORDS(x, y) multiply_words4(x, y)
#define ADD_WORDS(x, y, sum) ((sum) + multiply_words4(x, y))
#define CONVERT(words) __builtin_convertvector(words, vector4)
#define ROW_LIMITS {2, 2, 2, 2}
#define ADDEND_TILES(kernel) \
  kernel(1, 1) kernel(1, 2) kernel(2, 1) kernel(2, 2) kernel(3, 1) kernel(3, 2) kernel(4, 1) \
  kernel(4, 2)
#endif
#include "addend_brgemm_tile.h"
#undef ADD
#undef WORDS
#undef MULTIPLY_WORDS
#undef ADD_WORDS
#undef CONVERT
#undef VECTORS
#undef PAIRS
#undef ROW_LIMITS
#undef ADDEND_TILES
