#include "addend_byte_select.h"
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>

// One 64-byte register holds 4 blocks' entries for one output: `vpermb` makes 64 look-ups, 16 rows'
// in 4 blocks. Two such results add up in bytes, and `vpdpbusd` by ones adds each row's eight into
// its 32-bit sum, exactly.
//
// Two permutations come with one addition and one dot product: four instructions for four vector
// units, of which two permute and two multiply, one of these being the same. An addition right
// behind its permutations is ready late and then takes a unit from other permutations. So the loop for
// few blocks adds up what the step before looked up: with all it reads in the first-level cache, a Zen
// 5 then makes 0.88 of the look-ups of permutations alone, and 0.79 otherwise. The registers for that
// are found by taking half the rows. Codes of more blocks do not stay in that cache beside the tables,
// and what counts is to read each register of entries for twice the rows.

enum { tile = ADDEND_BYTE_TILE, slab_bytes = ADDEND_BYTE_SLAB };
#define VNNI \
  __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define INLINE VNNI static inline __attribute__((always_inline))
// What loops over registers: these have no addresses.
#define UNROLLED _Pragma("clang loop unroll(full)")

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
// fours; packing puts them back. lanes is [rows / 64][blocks]. The columns lie anywhere in a tile
// larger than the first-level cache, and a column's rows together, so all rows pass a group.
VNNI static void encode(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                        size_t rows, __m512i *restrict lanes) {
  for (size_t j = 0; j < layer->blocks; j += 4, lanes += 4)
    for (size_t r = 0; r < rows; r += 64) {
      __m512i code[4];
      for (size_t q = 0; q < 4; ++q)
        code[q] = _mm512_add_epi8(leaves_of_64(layer, x + r, j + q),
                                  _mm512_set1_epi8((char)(16 * q - 16)));
      const __m512i low = _mm512_unpacklo_epi8(code[0], code[1]);
      const __m512i high = _mm512_unpackhi_epi8(code[0], code[1]);
      const __m512i low2 = _mm512_unpacklo_epi8(code[2], code[3]);
      const __m512i high2 = _mm512_unpackhi_epi8(code[2], code[3]);
      __m512i *to = lanes + r / 64 * layer->blocks;
      to[0] = _mm512_unpacklo_epi16(low, low2);
      to[1] = _mm512_unpackhi_epi16(low, low2);
      to[2] = _mm512_unpacklo_epi16(high, high2);
      to[3] = _mm512_unpackhi_epi16(high, high2);
    }
}

// The order of these three is what makes the loop fast, so the compiler is not to choose it.
INLINE __m512i look_up(__m512i lanes, __m512i entries) {
  __m512i result;
  __asm__ volatile("vpermb %2, %1, %0" : "=v"(result) : "v"(lanes), "v"(entries));
  return result;
}

INLINE __m512i add_bytes(__m512i a, __m512i b) {
  __asm__ volatile("vpaddb %1, %0, %0" : "+v"(a) : "v"(b));
  return a;
}

INLINE __m512i add_fours(__m512i sums, __m512i bytes, __m512i ones) {
  __asm__ volatile("vpdpbusd %1, %2, %0" : "+v"(sums) : "v"(bytes), "v"(ones));
  return sums;
}

// `count` outputs of a layer, and the memory that will be wanted after their tables.
typedef struct {
  const int8_t *tables;
  size_t size;  // bytes of one output's tables
  const int32_t *biases;
  const uint8_t *shifts;
  const int8_t *next;
} outputs;

// The sums of 32 rows, half of the 64 at lanes, in the lanes' order.
INLINE void sum_32(const outputs at, size_t count, const __m512i *restrict lanes,
                   const int8_t *next, __m512i sums[4][2]) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i a[4][2], b[4][2];
  _mm_prefetch((const char *)next, _MM_HINT_T0);
  UNROLLED for (size_t o = 0; o < count; ++o) {
    const __m512i s = _mm512_load_si512(at.tables + o * at.size);
    const __m512i t = _mm512_load_si512(at.tables + o * at.size + 64);
    UNROLLED for (size_t i = 0; i < 2; ++i) {
      sums[o][i] = _mm512_set1_epi32(at.biases[o]);
      a[o][i] = look_up(lanes[i], s);
      b[o][i] = look_up(lanes[4 + i], t);
    }
  }
  for (size_t j = 128; j < at.size; j += 128) {
    lanes += 8;
    // A line a step: by the time that a tile's rows have passed, the next tables are near.
    next += 64;
    _mm_prefetch((const char *)next, _MM_HINT_T0);
    const __m512i low[2] = {lanes[0], lanes[1]}, high[2] = {lanes[4], lanes[5]};
    UNROLLED for (size_t o = 0; o < count; ++o) {
      const __m512i s = _mm512_load_si512(at.tables + o * at.size + j);
      const __m512i t = _mm512_load_si512(at.tables + o * at.size + j + 64);
      UNROLLED for (size_t i = 0; i < 2; ++i) {
        a[o][i] = add_bytes(a[o][i], b[o][i]);
        sums[o][i] = add_fours(sums[o][i], a[o][i], ones);
        a[o][i] = look_up(low[i], s);
        b[o][i] = look_up(high[i], t);
      }
    }
  }
  UNROLLED for (size_t o = 0; o < count; ++o)
    UNROLLED for (size_t i = 0; i < 2; ++i)
      sums[o][i] = add_fours(sums[o][i], add_bytes(a[o][i], b[o][i]), ones);
}

INLINE void bytes_of(const outputs at, size_t count, const __m512i *restrict lanes, size_t rows,
                     uint8_t *restrict y) {
  const int8_t *next = at.next;
  for (size_t r = 0; r < rows; r += 64, lanes += at.size / 16, y += 64) {
    __m512i sums[4][2], words[4];
    sum_32(at, count, lanes, next, sums);
    next += at.size / 2;
    UNROLLED for (size_t o = 0; o < count; ++o) {
      const __m128i shift = _mm_cvtsi32_si128(at.shifts[o]);
      words[o] = _mm512_packs_epi32(_mm512_sra_epi32(sums[o][0], shift),
                                    _mm512_sra_epi32(sums[o][1], shift));
    }
    sum_32(at, count, lanes + 2, next, sums);
    next += at.size / 2;
    UNROLLED for (size_t o = 0; o < count; ++o) {
      const __m128i shift = _mm_cvtsi32_si128(at.shifts[o]);
      const __m512i high = _mm512_packs_epi32(_mm512_sra_epi32(sums[o][0], shift),
                                              _mm512_sra_epi32(sums[o][1], shift));
      _mm512_storeu_si512(y + o * tile, _mm512_packus_epi16(words[o], high));
    }
  }
}

// Each 128-bit lane holds four rows that follow each other, sixteen on from the lane before.
INLINE void put_sums(__m512i sums, int32_t *restrict to) {
  _mm_storeu_si128((__m128i *)to, _mm512_extracti32x4_epi32(sums, 0));
  _mm_storeu_si128((__m128i *)(to + 16), _mm512_extracti32x4_epi32(sums, 1));
  _mm_storeu_si128((__m128i *)(to + 32), _mm512_extracti32x4_epi32(sums, 2));
  _mm_storeu_si128((__m128i *)(to + 48), _mm512_extracti32x4_epi32(sums, 3));
}

INLINE void sums_of(const outputs at, size_t count, const __m512i *restrict lanes, size_t rows,
                    int32_t *restrict y) {
  const int8_t *next = at.next;
  for (size_t r = 0; r < rows; r += 32, next += at.size / 2) {
    __m512i sums[4][2];
    sum_32(at, count, lanes + r / 64 * (at.size / 16) + r % 64 / 16, next, sums);
    UNROLLED for (size_t o = 0; o < count; ++o)
      UNROLLED for (size_t i = 0; i < 2; ++i)
        put_sums(sums[o][i], y + o * tile + r / 64 * 64 + r % 64 / 4 + 4 * i);
  }
}

// The sums of 64 rows in many blocks, in the lanes' order.
INLINE void sum_64(const outputs at, size_t count, const __m512i *restrict lanes,
                   __m512i sums[4][4]) {
  const __m512i ones = _mm512_set1_epi8(1);
  UNROLLED for (size_t o = 0; o < count; ++o)
    UNROLLED for (size_t i = 0; i < 4; ++i) sums[o][i] = _mm512_set1_epi32(at.biases[o]);
  for (size_t j = 0; j < at.size; j += 128, lanes += 8)
    UNROLLED for (size_t o = 0; o < count; ++o) {
      const __m512i a = _mm512_load_si512(at.tables + o * at.size + j);
      const __m512i b = _mm512_load_si512(at.tables + o * at.size + j + 64);
      UNROLLED for (size_t i = 0; i < 4; ++i) {
        const __m512i pair = _mm512_add_epi8(_mm512_permutexvar_epi8(lanes[i], a),
                                             _mm512_permutexvar_epi8(lanes[4 + i], b));
        sums[o][i] = _mm512_dpbusd_epi32(sums[o][i], ones, pair);
      }
    }
}

INLINE void bytes_of_many(const outputs at, size_t count, const __m512i *restrict lanes,
                          size_t rows, uint8_t *restrict y) {
  for (size_t r = 0; r < rows; r += 64, lanes += at.size / 16) {
    __m512i s[4][4];
    sum_64(at, count, lanes, s);
    UNROLLED for (size_t o = 0; o < count; ++o) {
      const __m128i shift = _mm_cvtsi32_si128(at.shifts[o]);
      UNROLLED for (size_t i = 0; i < 4; ++i) s[o][i] = _mm512_sra_epi32(s[o][i], shift);
      const __m512i low = _mm512_packs_epi32(s[o][0], s[o][1]);
      const __m512i high = _mm512_packs_epi32(s[o][2], s[o][3]);
      _mm512_storeu_si512(y + o * tile + r, _mm512_packus_epi16(low, high));
    }
  }
}

INLINE void sums_of_many(const outputs at, size_t count, const __m512i *restrict lanes,
                         size_t rows, int32_t *restrict y) {
  for (size_t r = 0; r < rows; r += 64, lanes += at.size / 16) {
    __m512i s[4][4];
    sum_64(at, count, lanes, s);
    UNROLLED for (size_t o = 0; o < count; ++o)
      UNROLLED for (size_t i = 0; i < 4; ++i) put_sums(s[o][i], y + o * tile + r + 4 * i);
  }
}

// How results are written, and the bytes of one. Four outputs at a time keep their tables and sums at
// hand while rows pass.
typedef struct {
  void (*of_4)(const outputs *at, const __m512i *lanes, size_t rows, void *y);
  void (*of_1)(const outputs *at, const __m512i *lanes, size_t rows, void *y);
  size_t size;
} writer;

// Functions of their own, lest what is around them take their registers.
#define WRITER(name, type)                                                                      \
  VNNI static __attribute__((noinline)) void name##_4(const outputs *at, const __m512i *lanes,   \
                                                      size_t rows, void *y) {                    \
    name(*at, 4, lanes, rows, y);                                                               \
  }                                                                                             \
  VNNI static __attribute__((noinline)) void name##_1(const outputs *at, const __m512i *lanes,   \
                                                      size_t rows, void *y) {                    \
    name(*at, 1, lanes, rows, y);                                                               \
  }                                                                                             \
  static const writer write_##name = {name##_4, name##_1, sizeof(type)}
WRITER(bytes_of, uint8_t);
WRITER(bytes_of_many, uint8_t);
WRITER(sums_of, int32_t);
WRITER(sums_of_many, int32_t);
// From how many blocks on they are many.
enum { many_blocks = 136 };

// Outputs first to end of one tile. Meanwhile the columns that will be compared of another tile, if
// any, come into the second-level cache, some with every four outputs.
VNNI static void outputs_of_tile(const addend_byte_layer *restrict layer, const __m512i *lanes,
                                 size_t rows, size_t first, size_t end, writer write, char *y,
                                 const uint8_t *other, size_t other_rows) {
  const size_t size = layer->blocks * 16, columns = 4 * layer->blocks;
  const size_t calls = (end - first + 3) / 4;
  size_t column = other ? 0 : columns;
  for (size_t m = first, count; m < end; m += count) {
    count = m + 4 <= end ? 4 : 1;
    const size_t next = m + count + 4 <= end ? m + count : first;
    const outputs at = {layer->tables + m * size, size, layer->biases + m, layer->shifts + m,
                        layer->tables + next * size};
    const size_t stop = column + columns / calls + 1;
    for (; column < columns && column < stop; ++column)
      for (size_t i = 0; i < other_rows; i += 64)
        _mm_prefetch((const char *)other + (size_t)layer->columns[column] * tile + i,
                     _MM_HINT_T1);
    (count == 4 ? write.of_4 : write.of_1)(&at, lanes, rows, y + m * tile * write.size);
  }
}

VNNI static void all_tiles(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                           size_t rows, uint8_t *restrict scratch, writer write,
                           char *restrict y) {
  const size_t blocks = layer->blocks, outputs = layer->outputs, step = layer->inputs * tile;
  const size_t fitting = slab_bytes / (blocks * 16) & ~(size_t)3, slab = fitting ? fitting : 4;
  for (size_t first = 0; first < outputs; first += slab)
    for (size_t t = 0; t * tile < rows; ++t) {
      __m512i *lanes = (__m512i *)(void *)scratch + t * blocks * (tile / 64);
      const size_t here = addend_byte_tile_rows(rows, t);
      const bool goes_on = first == 0 && (t + 1) * tile < rows;
      if (first == 0) encode(layer, x + t * step, here, lanes);
      outputs_of_tile(layer, lanes, here, first, outputs - first < slab ? outputs : first + slab,
                      write, y + t * outputs * tile * write.size,
                      goes_on ? x + (t + 1) * step : NULL,
                      goes_on ? addend_byte_tile_rows(rows, t + 1) : 0);
    }
}

VNNI static void layer_vnni(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                            size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  all_tiles(layer, x, rows, scratch,
            layer->blocks < many_blocks ? write_bytes_of : write_bytes_of_many, (char *)y);
}

VNNI static void sums_vnni(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                           size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  all_tiles(layer, x, rows, scratch,
            layer->blocks < many_blocks ? write_sums_of : write_sums_of_many, (char *)sums);
}

void addend_byte_use_vnni(addend_byte_kernels *kernels) {
  kernels->layer = layer_vnni;
  kernels->sums = sums_vnni;
}
#else
void addend_byte_use_vnni(addend_byte_kernels *kernels) { (void)kernels; }
#endif
