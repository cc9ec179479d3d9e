#include "addend_byte_select.h"
#if defined(__x86_64__)
#include <immintrin.h>

// One 64-byte register holds 4 blocks' entries for one output: `vpermb` makes 64 look-ups, 16 rows'
// in 4 blocks. Two such results add up in bytes, and `vpdpbusd` by ones adds each row's eight into
// its 32-bit sum, exactly. Adding in bytes first halves the dot products, which compete with the
// permutations for a port.

enum { tile = ADDEND_BYTE_TILE };
#define VNNI \
  __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define INLINE VNNI static inline __attribute__((always_inline))

// The codes of 64 rows in one block, plus 16.
INLINE __m512i leaves_of_64(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                            size_t j) {
  const __m128i heap = _mm_loadu_si128((const __m128i *)(layer->thresholds + 16 * j));
  const __m512i thresholds = _mm512_broadcast_i32x4(heap), one = _mm512_set1_epi8(1);
  __m512i node = one;
  for (size_t l = 0; l < 4; ++l) {
    const __m512i value = _mm512_loadu_si512(x + (size_t)layer->columns[4 * j + l] * tile);
    const __mmask64 right =
        _mm512_cmpgt_epu8_mask(value, _mm512_shuffle_epi8(thresholds, node));
    node = _mm512_add_epi8(node, node);
    node = _mm512_mask_add_epi8(node, right, node, one);
  }
  return node;
}

// Lanes for `vpermb`, four registers a group of 4 blocks and 64 rows: byte 4i + q is the code in
// block j + q of the register's i-th row, plus 16q. Interleaving leaves the rows of each 16 in
// fours; packing puts them back.
VNNI static void encode(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                        size_t rows, __m512i *restrict lanes) {
  for (size_t r = 0; r < rows; r += 64)
    for (size_t j = 0; j < layer->blocks; j += 4, lanes += 4) {
      __m512i code[4];
      for (size_t q = 0; q < 4; ++q)
        code[q] = _mm512_add_epi8(leaves_of_64(layer, x + r, j + q),
                                  _mm512_set1_epi8((char)(16 * q - 16)));
      const __m512i low = _mm512_unpacklo_epi8(code[0], code[1]);
      const __m512i high = _mm512_unpackhi_epi8(code[0], code[1]);
      const __m512i low2 = _mm512_unpacklo_epi8(code[2], code[3]);
      const __m512i high2 = _mm512_unpackhi_epi8(code[2], code[3]);
      lanes[0] = _mm512_unpacklo_epi16(low, low2);
      lanes[1] = _mm512_unpackhi_epi16(low, low2);
      lanes[2] = _mm512_unpacklo_epi16(high, high2);
      lanes[3] = _mm512_unpackhi_epi16(high, high2);
    }
}

// The sums of 64 rows for outputs m to m + count, in the lanes' order.
INLINE void sum_64(const addend_byte_layer *restrict layer, const __m512i *restrict lanes, size_t m,
                   size_t count, __m512i sums[4][4]) {
  const size_t size = layer->blocks * 16;
  const int8_t *tables = layer->tables + m * size;
  const __m512i ones = _mm512_set1_epi8(1);
  for (size_t o = 0; o < count; ++o)
    for (size_t i = 0; i < 4; ++i) sums[o][i] = _mm512_set1_epi32(layer->biases[m + o]);
  for (size_t j = 0; j < size; j += 128, lanes += 8)
    for (size_t o = 0; o < count; ++o) {
      const __m512i a = _mm512_load_si512(tables + o * size + j);
      const __m512i b = _mm512_load_si512(tables + o * size + j + 64);
      for (size_t i = 0; i < 4; ++i) {
        const __m512i pair = _mm512_add_epi8(_mm512_permutexvar_epi8(lanes[i], a),
                                             _mm512_permutexvar_epi8(lanes[4 + i], b));
        sums[o][i] = _mm512_dpbusd_epi32(sums[o][i], ones, pair);
      }
    }
}

INLINE void put_bytes(const addend_byte_layer *restrict layer, const __m512i *restrict lanes,
                      size_t m, size_t count, uint8_t *restrict y) {
  __m512i s[4][4];
  sum_64(layer, lanes, m, count, s);
  for (size_t o = 0; o < count; ++o) {
    const __m128i shift = _mm_cvtsi32_si128(layer->shifts[m + o]);
    for (size_t i = 0; i < 4; ++i) s[o][i] = _mm512_sra_epi32(s[o][i], shift);
    const __m512i low = _mm512_packs_epi32(s[o][0], s[o][1]);
    const __m512i high = _mm512_packs_epi32(s[o][2], s[o][3]);
    _mm512_storeu_si512(y + (m + o) * tile, _mm512_packus_epi16(low, high));
  }
}

INLINE void put_sums(const addend_byte_layer *restrict layer, const __m512i *restrict lanes,
                     size_t m, size_t count, int32_t *restrict y) {
  __m512i s[4][4];
  sum_64(layer, lanes, m, count, s);
  for (size_t o = 0; o < count; ++o)
    for (size_t i = 0; i < 4; ++i) {
      // Each 128-bit lane holds four rows that follow each other, sixteen on from the lane before.
      int32_t *to = y + (m + o) * tile + 4 * i;
      _mm_storeu_si128((__m128i *)to, _mm512_extracti32x4_epi32(s[o][i], 0));
      _mm_storeu_si128((__m128i *)(to + 16), _mm512_extracti32x4_epi32(s[o][i], 1));
      _mm_storeu_si128((__m128i *)(to + 32), _mm512_extracti32x4_epi32(s[o][i], 2));
      _mm_storeu_si128((__m128i *)(to + 48), _mm512_extracti32x4_epi32(s[o][i], 3));
    }
}

// Four outputs at a time keep their tables and sums at hand while all rows of the tile pass.
#define ALL_OUTPUTS(put, y)                                    \
  do {                                                         \
    __m512i *lanes = (__m512i *)(void *)scratch;               \
    encode(layer, x, rows, lanes);                             \
    size_t m = 0;                                              \
    for (; m + 4 <= layer->outputs; m += 4)                    \
      for (size_t r = 0; r < rows; r += 64)                    \
        put(layer, lanes + r / 64 * layer->blocks, m, 4, y + r); \
    for (; m < layer->outputs; ++m)                            \
      for (size_t r = 0; r < rows; r += 64)                    \
        put(layer, lanes + r / 64 * layer->blocks, m, 1, y + r); \
  } while (0)

VNNI static void layer_vnni(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                            size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  ALL_OUTPUTS(put_bytes, y);
}

VNNI static void sums_vnni(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                           size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  ALL_OUTPUTS(put_sums, sums);
}

void addend_byte_use_vnni(addend_byte_kernels *kernels) {
  kernels->layer = layer_vnni;
  kernels->sums = sums_vnni;
}
#else
void addend_byte_use_vnni(addend_byte_kernels *kernels) { (void)kernels; }
#endif
