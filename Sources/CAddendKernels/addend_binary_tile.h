// The tile of a product in vectors of ADDEND_BINARY_LANES halves of words: see addend_binary.c for
// what the macros are. No include guard: it is compiled for each set.

/// counts[r][j] = the places at which row r of a and column j of the panel differ, r < rows.
ADDEND_TILE_INLINE void ADDEND_VARIANT(tile)(const size_t rows, size_t words,
                                             const uint64_t *restrict a,
                                             const uint32_t *restrict panel,
                                             int32_t (*restrict counts)[ADDEND_BINARY_PANEL]) {
  enum { lanes = ADDEND_BINARY_LANES, vectors = ADDEND_BINARY_VECTORS };
  const half_word *restrict halves = (const half_word *)(const void *)a;
  for (size_t first = 0; first < ADDEND_BINARY_PANEL; first += lanes * vectors) {
    ADDEND_BITS parity[ADDEND_BINARY_ROWS][vectors];
    ADDEND_COUNTS sums[ADDEND_BINARY_ROWS][vectors];
    for (size_t r = 0; r < rows; ++r)
      for (size_t v = 0; v < vectors; ++v) {
        parity[r][v] = BITS_ZERO();
        sums[r][v] = COUNTS_ZERO();
      }
    for (size_t start = 0; start < words; start += ADDEND_BINARY_RUN) {
      const size_t end = words - start < ADDEND_BINARY_RUN ? words : start + ADDEND_BINARY_RUN;
      ADDEND_BITS carried[ADDEND_BINARY_ROWS][vectors];
      for (size_t r = 0; r < rows; ++r)
        for (size_t v = 0; v < vectors; ++v) carried[r][v] = BITS_ZERO();
#pragma clang loop unroll_count(2)
      for (size_t i = start; i < end; ++i) {
        const uint32_t *b = panel + 2 * ADDEND_BINARY_PANEL * i + first;
        ADDEND_BITS lower[ADDEND_BINARY_ROWS], upper[ADDEND_BINARY_ROWS];
        for (size_t r = 0; r < rows; ++r) {
          // Read as halves: a broadcast from memory costs no vector operation.
          lower[r] = BITS_ALL(halves[2 * (words * r + i)]);
          upper[r] = BITS_ALL(halves[2 * (words * r + i) + 1]);
        }
        for (size_t v = 0; v < vectors; ++v) {
          const ADDEND_BITS x = BITS_LOAD(b + lanes * v);
          const ADDEND_BITS p = BITS_LOAD(b + ADDEND_BINARY_PANEL + lanes * v);
          for (size_t r = 0; r < rows; ++r) {
            const ADDEND_BITS next = BITS_XOR(p, upper[r]);
            const ADDEND_BITS carry = BITS_CARRY(parity[r][v], BITS_XOR(x, lower[r]), next);
            carried[r][v] = BITS_COUNT(carried[r][v], carry);
            parity[r][v] = next;
          }
        }
      }
      for (size_t r = 0; r < rows; ++r)
        for (size_t v = 0; v < vectors; ++v)
          sums[r][v] = COUNTS_ADD(sums[r][v], COUNTS_OF(carried[r][v]));
    }
    for (size_t r = 0; r < rows; ++r)
      for (size_t v = 0; v < vectors; ++v) {
        const ADDEND_COUNTS last = COUNTS_OF(BITS_COUNT(BITS_ZERO(), parity[r][v]));
        COUNTS_STORE(counts[r] + first + lanes * v,
                     COUNTS_ADD(COUNTS_ADD(sums[r][v], sums[r][v]), last));
      }
  }
}
