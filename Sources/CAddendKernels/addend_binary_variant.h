// What is written once for all instruction sets: see addend_binary.c. No include guard.

/// The columns of a panel for one row of the result, from their values; rows of bits are `halves` apart.
ADDEND_TILE_INLINE void ADDEND_VARIANT(finish)(const addend_binary_product *restrict q, size_t row,
                                               size_t i, size_t columns, size_t halves,
                                               const int32_t *restrict values) {
  const size_t column = ADDEND_BINARY_PANEL * i;
  const size_t start = q->classes ? q->classes[row] * q->columns + column : column;
  if (q->sums) {
    int32_t *sums = q->sums + row * q->columns + column;
    if (columns < ADDEND_BINARY_PANEL) sums_of(values, q->planes, q->offsets + start, columns, sums);
    else SUMS(values, q->planes, q->offsets + start, sums);
  }
  if (q->bits) {
    half_word *bits = (half_word *)(void *)q->bits + row * halves + i;
    const uint32_t flips = ((const half_word *)(const void *)q->flips)[i];
    if (columns < ADDEND_BINARY_PANEL)
      *bits = (above_of(values, q->thresholds + start, columns) ^ flips) & ((1u << columns) - 1);
    else
      *bits = ABOVE(values, q->thresholds + start) ^ flips;
    if (i + 1 < halves && column + columns == q->columns) bits[1] = 0;
  }
}

/// A whole panel for as many rows as a tile has, all of class 0.
ADDEND_TILE_INLINE void ADDEND_VARIANT(finish_all)(
    const addend_binary_product *restrict q, size_t row, size_t i, size_t halves,
    const int32_t (*restrict counts)[ADDEND_BINARY_PANEL]) {
  const size_t column = ADDEND_BINARY_PANEL * i;
  if (q->sums) {
    const int32_t *offsets = q->offsets + column;
    int32_t *sums = q->sums + row * q->columns + column;
    for (size_t r = 0; r < ADDEND_BINARY_ROWS; ++r, sums += q->columns)
      SUMS(counts[r], 1, offsets, sums);
  }
  if (q->bits) {
    const int32_t *thresholds = q->thresholds + column;
    const uint32_t flips = ((const half_word *)(const void *)q->flips)[i];
    half_word *bits = (half_word *)(void *)q->bits + row * halves + i;
    for (size_t r = 0; r < ADDEND_BINARY_ROWS; ++r, bits += halves)
      *bits = ABOVE(counts[r], thresholds) ^ flips;
  }
}

static void ADDEND_VARIANT(product)(const addend_binary_product *product) {
  const addend_binary_product q = *product;
  enum { most = ADDEND_BINARY_ROWS };
  const size_t all_panels = (q.columns + ADDEND_BINARY_PANEL - 1) / ADDEND_BINARY_PANEL;
  const size_t all = q.rows * q.planes, halves = 2 * ((q.columns + 63) / 64);
  for (size_t i = q.first_panel; i < q.first_panel + q.panels; ++i) {
    const uint32_t *panel = q.b + 2 * ADDEND_BINARY_PANEL * q.words * i;
    const size_t left_columns = q.columns - ADDEND_BINARY_PANEL * i;
    const size_t columns = left_columns < ADDEND_BINARY_PANEL ? left_columns : ADDEND_BINARY_PANEL;
    // What is to be done with whole panels of single planes is known beforehand.
    const bool is_plain = q.planes == 1 && !q.classes && columns == ADDEND_BINARY_PANEL &&
                         (i % 2 == 1 || i + 1 < all_panels);
    int32_t counts[most][ADDEND_BINARY_PANEL], values[ADDEND_BINARY_PANEL];
    for (size_t first = 0; first < all;) {
      const uint64_t *a = q.a + q.words * first;
      const size_t left = all - first;
      const size_t rows = left >= most ? most : left >= 2 && most >= 2 ? 2 : 1;
      // Each a constant, so that sums stay in registers.
      if (rows == most) ADDEND_VARIANT(tile)(most, q.words, a, panel, counts);
      else if (rows == 2 && most > 2) ADDEND_VARIANT(tile)(2, q.words, a, panel, counts);
      else ADDEND_VARIANT(tile)(1, q.words, a, panel, counts);
      if (rows == most && is_plain) {
        ADDEND_VARIANT(finish_all)(&q, first, i, halves, counts);
        first += most;
        continue;
      }
      for (size_t r = 0; r < rows; ++r) {
        if (q.planes == 1) {
          ADDEND_VARIANT(finish)(&q, first + r, i, columns, halves, counts[r]);
          continue;
        }
        const size_t plane = (first + r) % q.planes;
        for (size_t j = 0; j < ADDEND_BINARY_PANEL; ++j)
          values[j] = (plane ? values[j] : 0) + (int32_t)((uint32_t)counts[r][j] << plane);
        if (plane + 1 == q.planes)
          ADDEND_VARIANT(finish)(&q, (first + r) / q.planes, i, columns, halves, values);
      }
      first += rows;
    }
  }
}

static void ADDEND_VARIANT(sign_rows)(size_t rows, size_t columns, const float *restrict x,
                                  uint64_t *restrict words) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; c += 64, ++words) {
      const size_t here = columns - c < 64 ? columns - c : 64;
      *words = here == 64 ? SIGNS(x + r * columns + c) : signs_of(x + r * columns + c, here);
    }
}

static void ADDEND_VARIANT(plane_rows)(size_t rows, size_t columns, const uint8_t *restrict x,
                                   uint64_t *restrict words) {
  const size_t count = (columns + 63) / 64;
  for (size_t r = 0; r < rows; ++r, words += 8 * count)
    for (size_t w = 0; w < count; ++w) {
      const size_t c = 64 * w, here = columns - c < 64 ? columns - c : 64;
      if (here == 64) PLANES(x + r * columns + c, count, words + w);
      else planes_of(x + r * columns + c, here, count, words + w);
    }
}
