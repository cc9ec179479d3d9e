#include "addend_lns.h"

#include <math.h>
#include <string.h>

#include "addend_f32_math.h"

ADDEND_INLINE int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
ADDEND_INLINE int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

// The definition, on single words.

ADDEND_INLINE int32_t word_of(const addend_lns_table *t, uint16_t pattern) {
  const int32_t magnitude = pattern & 0x7fff;
  return magnitude == 0 ? ADDEND_LNS_ZERO : 2 * (magnitude - t->bias) + (pattern >> 15);
}

ADDEND_INLINE uint16_t pattern_of(const addend_lns_table *t, int32_t word) {
  const int32_t l = word >> 1, largest = t->bias - 1;
  if (l < -largest) return 0;
  return (uint16_t)((smaller(l, largest) + t->bias) | (word & 1) << 15);
}

ADDEND_INLINE int32_t word_product(int32_t a, int32_t b) { return (a + (b & ~1)) ^ (b & 1); }

ADDEND_INLINE int32_t word_sum(const addend_lns_table *t, int32_t a, int32_t b) {
  const int32_t most = larger(a, b), least = smaller(a, b);
  const int32_t distance = (most >> 1) - (least >> 1), opposite = (a ^ b) & 1;
  const int32_t step = ((distance + t->half) >> t->shift) + t->offset;
  return most + t->sums[2 * smaller(smaller(distance, step), t->last) + opposite];
}

uint16_t addend_lns_sum(const addend_lns_table *t, uint16_t a, uint16_t b) {
  return pattern_of(t, word_sum(t, word_of(t, a), word_of(t, b)));
}

uint16_t addend_lns_product(const addend_lns_table *t, uint16_t a, uint16_t b) {
  return pattern_of(t, word_product(word_of(t, a), word_of(t, b)));
}

#define ADDEND_SOURCE "addend_lns_words.h"
#include "addend_sets.h"

const addend_lns_kernels *addend_lns_select(addend_isa isa) {
  return ADDEND_SELECT(isa, lns_kernels);
}

void addend_lns_pack(bool transposes_b, size_t n, size_t k, const uint16_t *restrict b, size_t first,
                     size_t rows, uint16_t *restrict packed) {
  const size_t width = (n + ADDEND_LNS_LANES - 1) / ADDEND_LNS_LANES * ADDEND_LNS_LANES;
  for (size_t p = first; p < first + rows; ++p) {
    uint16_t *to = packed + p * width;
    if (transposes_b)
      for (size_t j = 0; j < n; ++j) to[j] = b[j * k + p];
    else
      memcpy(to, b + p * n, n * sizeof *to);
    memset(to + n, 0, (width - n) * sizeof *to);
  }
}

void addend_lns_look_up(size_t n, size_t channels, const uint8_t *restrict bytes,
                        const uint16_t *restrict table, uint16_t *restrict y) {
  for (size_t i = 0; i < n;)
    for (size_t c = 0; c < channels && i < n; ++c, ++i) y[i] = table[256 * c + bytes[i]];
}
