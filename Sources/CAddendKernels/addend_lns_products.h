// Sums of products on words of logarithms: a part of addend_lns_words.h. A tile is ROWS rows by VECTORS
// vectors.

typedef struct {
  const uint16_t *right;
  int32_t left;
} NAMED(term);

typedef struct {
  size_t next, count;
  NAMED(term) terms[ADDEND_LNS_BLOCK + 1];
} NAMED(list);

// A block of a row: the next terms whose left factors are not zero.
ADDEND_INLINE void NAMED(fill)(const addend_lns_table *t, const addend_lns_gemm *g, size_t row,
                               size_t column, size_t width, NAMED(list) *list) {
  const size_t stride = g->transposes_a ? g->m : 1;
  const uint16_t *const from = g->a ? g->a + row * (g->transposes_a ? 1 : g->k) : NULL;
  size_t p = list->next, count = 0;
  for (; p < g->k && count < ADDEND_LNS_BLOCK; ++p) {
    const uint16_t pattern = from ? from[p * stride] : (uint16_t)t->bias;
    const int32_t magnitude = pattern & 0x7fff;
    const int32_t left = 2 * (magnitude - t->bias) + (pattern >> 15);
    list->terms[count] = (NAMED(term)){g->b + p * width + column, left};
    count += magnitude != 0;
  }
  list->next = p;
  list->count = count;
}

// The next blocks of a tile's rows, all as long as the longest: zeros add nothing. Returns their length.
ADDEND_INLINE size_t NAMED(fill_rows)(const addend_lns_table *t, const addend_lns_gemm *g,
                                      size_t row, size_t column, size_t width,
                                      const size_t rows, NAMED(list) *lists) {
  static const uint16_t zeros[ADDEND_LNS_COLUMNS];
  size_t longest = 0;
  for (size_t r = 0; r < rows; ++r) {
    NAMED(fill)(t, g, row + r, column, width, &lists[r]);
    longest = lists[r].count > longest ? lists[r].count : longest;
  }
  for (size_t r = 0; r < rows; ++r)
    for (size_t p = lists[r].count; p < longest; ++p)
      lists[r].terms[p] = (NAMED(term)){zeros, ADDEND_LNS_ZERO};
  return longest;
}

// Rounds the tile's sums, and adds what C holds and the bias.
ADDEND_INLINE void NAMED(finish)(const NAMED(rule) *t, const addend_lns_gemm *g, size_t row,
                                 size_t column, const size_t rows, const size_t vectors,
                                 const WORDS *sums) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t v = 0; v < vectors; ++v) {
      const size_t start = column + v * LANES;
      if (start >= g->n) break;
      uint16_t *const to = g->c + (row + r) * g->n + start;
      WORDS word = NAMED(kept)(t, sums[r * vectors + v] + 2 * g->shift);
      if (g->accumulates) {
        const WORDS held = NAMED(load)(t, to, g->n - start);
        word = NAMED(kept)(t, NAMED(sum)(t, held, word));
      }
      if (g->bias) word = NAMED(sum)(t, word, NAMED(load)(t, g->bias + start, g->n - start));
      NAMED(store)(t, word, to, g->n - start);
    }
  }
}

// The word of |left b|, b a pattern.
ADDEND_INLINE WORDS NAMED(size_of_product)(const addend_lns_table *table, int32_t left, WORDS b) {
  const WORDS magnitude = b & 0x7fff;
  const WORDS word = 2 * magnitude + ((left & ~1) - 2 * table->bias);
  return NAMED(chosen)(magnitude == 0, EACH(ADDEND_LNS_ZERO), word);
}

// Sums of blocks: of the terms above zero and of those below on their own, without signs, then of both.
ADDEND_INLINE void NAMED(block)(const addend_lns_table *table, const NAMED(rule) *t,
                                const NAMED(list) *lists, size_t count, const size_t rows,
                                const size_t vectors, WORDS *sums) {
  enum { most = 8 };
  WORDS above[most], below[most];
  for (size_t i = 0; i < rows * vectors; ++i) above[i] = below[i] = EACH(ADDEND_LNS_ZERO);
  for (size_t p = 0; p < count; ++p)
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v) {
        const NAMED(term) term = lists[r].terms[p];
        const WORDS b = __builtin_convertvector(*(const PATTERNS *)(term.right + v * LANES), WORDS);
        const WORDS is_below = (b << 16 ^ term.left << 31) >> 31;
        const WORDS product = NAMED(size_of_product)(table, term.left, b);
        WORDS *const x = above + r * vectors + v, *const y = below + r * vectors + v;
        const WORDS sum = NAMED(sum_above)(t, NAMED(chosen)(is_below, *y, *x), product);
        const WORDS cut = __builtin_elementwise_min(sum, EACH(2 * INT16_MAX));
        *x = NAMED(chosen)(is_below, *x, cut);
        *y = NAMED(chosen)(is_below, cut, *y);
      }
  for (size_t i = 0; i < rows * vectors; ++i) sums[i] = NAMED(sum)(t, above[i], below[i] | 1);
}

#if LANES == 16
#include "addend_lns_curves.h"
#endif

ADDEND_INLINE void NAMED(tile)(const addend_lns_table *table, const NAMED(rule) *t,
                               const addend_lns_gemm *g, size_t row, size_t column, size_t width,
                               const size_t rows, const size_t vectors, const bool is_curved) {
  enum { levels = 40, most = 16 };
  const size_t tile = rows * vectors;
  WORDS kept[levels][most], sums[most];
  bool is_full[levels] = {false};
  NAMED(list) lists[4];
  for (size_t r = 0; r < rows; ++r) lists[r].next = 0;
  for (size_t count; (count = NAMED(fill_rows)(table, g, row, column, width, rows, lists)) > 0;) {
#if LANES == 16
    if (is_curved) NAMED(curved_block)(table, t, lists, count, rows, vectors, sums);
    else NAMED(block)(table, t, lists, count, rows, vectors, sums);
#else
    (void)is_curved;
    NAMED(block)(table, t, lists, count, rows, vectors, sums);
#endif
    size_t level = 0;
    for (; is_full[level]; ++level) {
      for (size_t i = 0; i < tile; ++i) sums[i] = NAMED(sum)(t, kept[level][i], sums[i]);
      is_full[level] = false;
    }
    for (size_t i = 0; i < tile; ++i) kept[level][i] = sums[i];
    is_full[level] = true;
  }
  for (size_t i = 0; i < tile; ++i) sums[i] = EACH(ADDEND_LNS_ZERO);
  // What is left, the smallest numbers of blocks first; zero adds nothing.
  for (size_t level = 0; level < levels; ++level)
    for (size_t i = 0; is_full[level] && i < tile; ++i)
      sums[i] = NAMED(sum)(t, kept[level][i], sums[i]);
  NAMED(finish)(t, g, row, column, rows, vectors, sums);
}

// A zero may be any word that low; of two of them a sum must not climb.
ADDEND_INLINE WORDS NAMED(settled)(WORDS word) {
  return NAMED(chosen)(word < ADDEND_LNS_ZERO / 2, EACH(ADDEND_LNS_ZERO), word);
}

// Kahan's sums: a term of nothing would still move them, so rows end where their terms do.
ADDEND_INLINE void NAMED(compensated_tile)(const addend_lns_table *table, const NAMED(rule) *t,
                                           const addend_lns_gemm *g, size_t row, size_t column,
                                           size_t width, const size_t rows, const size_t vectors) {
  enum { most = 8 };
  WORDS sums[most], lost[most];
  for (size_t i = 0; i < rows * vectors; ++i) sums[i] = lost[i] = EACH(ADDEND_LNS_ZERO);
  NAMED(list) lists[4];
  for (size_t r = 0; r < rows; ++r) lists[r].next = 0;
  for (size_t count; (count = NAMED(fill_rows)(table, g, row, column, width, rows, lists)) > 0;)
    for (size_t p = 0; p < count; ++p)
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; ++r) {
        if (p >= lists[r].count) continue;
        const NAMED(term) term = lists[r].terms[p];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; ++v) {
          const WORDS b = __builtin_convertvector(*(const PATTERNS *)(term.right + v * LANES), WORDS);
          const WORDS sign = (b >> 15 ^ term.left) & 1;
          const WORDS product = NAMED(size_of_product)(table, term.left, b) | sign;
          WORDS *const s = sums + r * vectors + v, *const c = lost + r * vectors + v;
          const WORDS y = NAMED(sum)(t, product, NAMED(negative)(*c));
          const WORDS larger = __builtin_elementwise_max(*s, y);
          const WORDS smaller = __builtin_elementwise_min(*s, y);
          *s = NAMED(settled)(NAMED(sum)(t, larger, smaller));
          const WORDS gained = NAMED(sum)(t, *s, NAMED(negative)(larger));
          *c = NAMED(settled)(NAMED(sum)(t, gained, NAMED(negative)(smaller)));
        }
      }
  NAMED(finish)(t, g, row, column, rows, vectors, sums);
}

#define TILE(rows, vectors)                                                                  \
  __attribute__((noinline)) static void NAMED(tile_##rows##_##vectors)(                      \
      const addend_lns_table *table, const NAMED(rule) *t, const addend_lns_gemm *g, size_t row, \
      size_t column, size_t width) {                                                         \
    if (g->compensates) NAMED(compensated_tile)(table, t, g, row, column, width, rows, vectors); \
    else NAMED(tile)(table, t, g, row, column, width, rows, vectors, false);                 \
  }
TILE(1, 1)
TILE(4, 1)
TILE(1, 2)
TILE(2, 2)
TILE(1, 3)
TILE(1, 4)
TILE(1, 5)
TILE(1, 6)
TILE(1, 7)
TILE(1, 8)
#undef TILE

#if LANES == 16
#define CURVED(rows, vectors)                                                                \
  __attribute__((noinline)) static void NAMED(curved_##rows##_##vectors)(                    \
      const addend_lns_table *table, const NAMED(rule) *t, const addend_lns_gemm *g, size_t row, \
      size_t column, size_t width) {                                                         \
    NAMED(tile)(table, t, g, row, column, width, rows, vectors, true);                       \
  }
CURVED(1, 2)
CURVED(4, 2)
CURVED(1, 4)
CURVED(2, 4)
CURVED(1, 6)
CURVED(2, 6)
CURVED(1, 8)
CURVED(2, 8)
#undef CURVED

static void NAMED(curved_gemm)(const addend_lns_table *table, const addend_lns_gemm *g) {
  const NAMED(rule) rule = NAMED(rule_of)(table);
  const size_t width = (g->n + ADDEND_LNS_LANES - 1) / ADDEND_LNS_LANES * ADDEND_LNS_LANES;
  const size_t end = g->first_row + g->rows;
  for (size_t column = 0; column < width; column += ADDEND_LNS_COLUMNS) {
    const size_t left = (width - column) / 32, vectors = left < 4 ? left : 4;
    for (size_t row = g->first_row; row < end;) {
      const size_t most = vectors == 1 ? 4 : 2, rows = row + most <= end ? most : 1;
#define CALL(r, v) NAMED(curved_##r##_##v)(table, &rule, g, row, column, width)
      switch (vectors) {
        case 1: rows == 4 ? CALL(4, 2) : CALL(1, 2); break;
        case 2: rows == 2 ? CALL(2, 4) : CALL(1, 4); break;
        case 3: rows == 2 ? CALL(2, 6) : CALL(1, 6); break;
        default: rows == 2 ? CALL(2, 8) : CALL(1, 8); break;
      }
#undef CALL
      row += rows;
    }
  }
}
#endif

static void NAMED(gemm)(const addend_lns_table *table, const addend_lns_gemm *g) {
#if LANES == 16
  if (table->curves && !g->compensates) {
    NAMED(curved_gemm)(table, g);
    return;
  }
#endif
  const NAMED(rule) rule = NAMED(rule_of)(table);
  const size_t width = (g->n + ADDEND_LNS_LANES - 1) / ADDEND_LNS_LANES * ADDEND_LNS_LANES;
  const size_t most = LANES == 16 ? 8 : 4, end = g->first_row + g->rows;
  for (size_t column = 0; column < g->n; column += most * LANES) {
    const size_t left = (g->n - column + LANES - 1) / LANES, vectors = left < most ? left : most;
    for (size_t row = g->first_row; row < end;) {
      const size_t rows = vectors == 1 && row + 4 <= end ? 4 : vectors == 2 && row + 2 <= end ? 2 : 1;
#define CALL(r, v) NAMED(tile_##r##_##v)(table, &rule, g, row, column, width)
      switch (vectors) {
        case 1: rows == 4 ? CALL(4, 1) : CALL(1, 1); break;
        case 2: rows == 2 ? CALL(2, 2) : CALL(1, 2); break;
        case 3: CALL(1, 3); break;
        case 4: CALL(1, 4); break;
        case 5: CALL(1, 5); break;
        case 6: CALL(1, 6); break;
        case 7: CALL(1, 7); break;
        default: CALL(1, 8); break;
      }
#undef CALL
      row += rows;
    }
  }
}
