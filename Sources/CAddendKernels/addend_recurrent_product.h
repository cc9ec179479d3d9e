// Part of addend_recurrent_tile.h.

/// Floats of a row of the gates in one group.
#define SLOTS(cell) ((cell) == ADDEND_CELL_ELMAN ? LANES : 4 * LANES)

/// What is fetched into the second-level cache while a product runs: `step` floats for each of its
/// terms. The tiles that share a panel of B fetch the next one between them, so that no product waits
/// for a far cache.
typedef struct {
  const float *next;
  size_t step;
} ADDEND_VARIANT(fetch);

/// Nothing that is not there yet.
ADDEND_INLINE ADDEND_VARIANT(fetch) ADDEND_VARIANT(no_fetch)(const float *b) {
  return (ADDEND_VARIANT(fetch)){b, 0};
}

/// The part of a tile, one of `tiles` that follow each other with sums of `depth` terms, of fetching a
/// panel of `width` floats for each term. A line a term at most: more would be in the product's way.
ADDEND_INLINE ADDEND_VARIANT(fetch)
    ADDEND_VARIANT(fetch_part)(const float *panel, size_t width, size_t depth, size_t tile,
                               size_t tiles) {
  const size_t all = (width + tiles - 1) / tiles, step = all < 16 ? all : 16;
  return (ADDEND_VARIANT(fetch)){panel + tile * step * depth, step};
}

/// sums[i][v] += Σ_p a_i[p] b[p][v], b packed `width` vectors wide from its vector on.
ADDEND_INLINE void ADDEND_VARIANT(add_product)(VECTOR sums[8][4], const size_t rows,
                                               const size_t vectors, const float *const a[8],
                                               size_t depth, const float *b,
                                               ADDEND_VARIANT(fetch) fetch) {
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; ++p) {
    VECTOR right[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) right[v] = LOAD(b + v * LANES);
    b += vectors * LANES;
    // One row's product has no time to spare: it waits for its own loads.
    if (rows > 1) FETCH(fetch.next);
    fetch.next += fetch.step;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      const VECTOR left = BROADCAST(a[i][p]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v) sums[i][v] = MULTIPLY_ADD(left, right[v], sums[i][v]);
    }
  }
}
