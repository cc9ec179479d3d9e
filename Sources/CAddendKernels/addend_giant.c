#include "addend_giant.h"

// How many reads ahead the memory is asked: enough to keep all of a core's misses under way.
enum { ahead = 48, line = 32 };

// The definitions.

static void read_from(const uint16_t *restrict table, size_t columns,
                      const uint32_t *restrict rows, const uint16_t *restrict codes, size_t first,
                      size_t count, uint16_t *restrict result) {
  for (size_t k = first; k < count; ++k)
    result[k] = table[(size_t)rows[k] * columns + codes[k]];
}

static void read_scalar(const uint16_t *restrict table, size_t columns,
                        const uint32_t *restrict rows, const uint16_t *restrict codes,
                        size_t count, uint16_t *restrict result) {
  size_t k = 0;
  for (; k + ahead < count; ++k) {
    __builtin_prefetch(table + (size_t)rows[k + ahead] * columns + codes[k + ahead], 0, 0);
    result[k] = table[(size_t)rows[k] * columns + codes[k]];
  }
  read_from(table, columns, rows, codes, k, count, result);
}

// Asks for the lines [from, to) of the row that comes next; a line holds 32 entries.
static inline __attribute__((always_inline)) void ask(const uint16_t *next, size_t columns,
                                                      size_t from, size_t to) {
  for (size_t j = from * line; j < to * line && j < columns; j += line)
    __builtin_prefetch(next + j, 0, 3);
}

static inline __attribute__((always_inline)) void group_row(const uint16_t *restrict row,
                                                            const uint16_t *restrict codes,
                                                            size_t first, size_t last,
                                                            uint16_t *restrict result) {
  for (size_t b = first; b < last; ++b) result[b] = row[codes[b]];
}

// Goes through a row in pieces of 64 reads, and asks for a share of the next row between them.
#define ADDEND_GIANT_GROUP(name, attribute, read_piece)                                          \
  attribute static void group_##name(                                                            \
      const uint16_t *restrict table, size_t columns, const uint32_t *restrict rows,             \
      size_t count, const uint16_t *restrict codes, size_t batch, uint16_t *restrict result) {   \
    const size_t pieces = (batch + 63) / 64, lines = (columns + line - 1) / line;                \
    const size_t share = pieces ? (lines + pieces - 1) / pieces : 0;                             \
    for (size_t q = 0; q < count; ++q) {                                                         \
      const uint16_t *row = table + (size_t)rows[q] * columns;                                   \
      const uint16_t *next = table + (size_t)rows[q + 1 < count ? q + 1 : q] * columns;          \
      uint16_t *place = result + q * batch;                                                      \
      for (size_t p = 0; p < pieces; ++p) {                                                      \
        if (q + 1 < count) ask(next, columns, p * share, (p + 1) * share);                       \
        const size_t last = p * 64 + 64 < batch ? p * 64 + 64 : batch;                           \
        read_piece(row, codes, p * 64, last, place);                                             \
      }                                                                                          \
    }                                                                                            \
  }

ADDEND_GIANT_GROUP(scalar, , group_row)

static void sum_columns(const int16_t *restrict words, size_t dimension,
                        const uint16_t *restrict indices, size_t terms, size_t batch, size_t b,
                        size_t first, int32_t *restrict sums) {
  for (size_t c = first; c < dimension; ++c) sums[b * dimension + c] = 0;
  for (size_t q = 0; q < terms; ++q) {
    const int16_t *word = words + (size_t)indices[q * batch + b] * dimension;
    for (size_t c = first; c < dimension; ++c) sums[b * dimension + c] += word[c];
  }
}

static void sum_scalar(const int16_t *restrict words, size_t dimension,
                       const uint16_t *restrict indices, size_t terms, size_t batch, size_t first,
                       size_t last, int32_t *restrict sums) {
  for (size_t b = first; b < last; ++b)
    sum_columns(words, dimension, indices, terms, batch, b, 0, sums);
}

static void closed_read_scalar(const uint8_t *restrict table, const uint8_t *restrict codes,
                               size_t count, uint8_t *restrict result) {
  for (size_t k = 0; k < count; ++k) result[k] = table[codes[k]];
}

uint16_t addend_giant_chain(const uint16_t *restrict table, size_t columns,
                            const uint32_t *restrict rows, size_t count, uint16_t code) {
  for (size_t k = 0; k < count && code < columns; ++k)
    code = table[(size_t)rows[k] * columns + code];
  return code;
}

void addend_giant_fill(uint16_t *restrict table, size_t first, size_t last, uint32_t limit,
                       uint64_t seed) {
  for (size_t k = first; k < last; ++k) {
    // SplitMix64's output function on a counter; the upper bits are the better ones.
    uint64_t z = seed + (k + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    table[k] = (uint16_t)(((z >> 32) * limit) >> 32);
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define ADDEND_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define ADDEND_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

ADDEND_AVX512 static inline __attribute__((always_inline)) void group_piece_avx512(
    const uint16_t *restrict row, const uint16_t *restrict codes, size_t first, size_t last,
    uint16_t *restrict result) {
  size_t b = first;
  for (; b + 16 <= last; b += 16) {
    const __m512i lane = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(codes + b)));
    // Four bytes from each address: the entry in the lower half, its neighbour in the upper.
    const __m512i pair = _mm512_i32gather_epi32(lane, row, 2);
    _mm256_storeu_si256((__m256i *)(result + b), _mm512_cvtepi32_epi16(pair));
  }
  group_row(row, codes, b, last, result);
}

ADDEND_GIANT_GROUP(avx512, ADDEND_AVX512, group_piece_avx512)

// Sums 256 columns at a time in sixteen registers, then 16 at a time.
ADDEND_AVX512 static void sum_avx512(const int16_t *restrict words, size_t dimension,
                                     const uint16_t *restrict indices, size_t terms,
                                     size_t batch, size_t first, size_t last,
                                     int32_t *restrict sums) {
  for (size_t b = first; b < last; ++b) {
    size_t c = 0;
    for (; c + 256 <= dimension; c += 256) {
      __m512i sum[16];
      for (size_t j = 0; j < 16; ++j) sum[j] = _mm512_setzero_si512();
      for (size_t q = 0; q < terms; ++q) {
        const int16_t *word = words + (size_t)indices[q * batch + b] * dimension + c;
        // The word that is added two terms on.
        const size_t later = q + 2 < terms ? q + 2 : q;
        const int16_t *coming = words + (size_t)indices[later * batch + b] * dimension + c;
        for (size_t j = 0; j < 8; ++j) __builtin_prefetch(coming + 32 * j, 0, 3);
        for (size_t j = 0; j < 16; ++j)
          sum[j] = _mm512_add_epi32(
              sum[j], _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(word + 16 * j))));
      }
      for (size_t j = 0; j < 16; ++j)
        _mm512_storeu_si512(sums + b * dimension + c + 16 * j, sum[j]);
    }
    for (; c + 16 <= dimension; c += 16) {
      __m512i sum = _mm512_setzero_si512();
      for (size_t q = 0; q < terms; ++q) {
        const int16_t *word = words + (size_t)indices[q * batch + b] * dimension + c;
        sum = _mm512_add_epi32(
            sum, _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)word)));
      }
      _mm512_storeu_si512(sums + b * dimension + c, sum);
    }
    sum_columns(words, dimension, indices, terms, batch, b, c, sums);
  }
}

ADDEND_VBMI static void closed_read_vbmi(const uint8_t *restrict table,
                                         const uint8_t *restrict codes, size_t count,
                                         uint8_t *restrict result) {
  const __m512i a = _mm512_loadu_si512(table), b = _mm512_loadu_si512(table + 64);
  const __m512i c = _mm512_loadu_si512(table + 128), d = _mm512_loadu_si512(table + 192);
  size_t k = 0;
  for (; k + 64 <= count; k += 64) {
    const __m512i code = _mm512_loadu_si512(codes + k);
    const __m512i low = _mm512_permutex2var_epi8(a, code, b);
    const __m512i high = _mm512_permutex2var_epi8(c, code, d);
    _mm512_storeu_si512(result + k,
                        _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high));
  }
  closed_read_scalar(table, codes + k, count - k, result + k);
}
#endif

addend_giant_kernels addend_giant_select(addend_isa isa) {
  addend_giant_kernels kernels = {read_scalar, group_scalar, sum_scalar, closed_read_scalar};
#if defined(__x86_64__)
  // Reads that miss the caches wait for memory, not for instructions: gathers are no faster there.
  if (isa >= ADDEND_ISA_AVX512) {
    kernels.group = group_avx512;
    kernels.sum = sum_avx512;
  }
  if (isa >= ADDEND_ISA_AVX512_VBMI) kernels.closed_read = closed_read_vbmi;
#endif
  (void)isa;
  return kernels;
}
