// The tiles of one instruction set and kind of product, for sources of addend_sets.h. Their macros say
// how products are added (ADD_PRODUCT) and sums (ADD), whether sums of one vector are split in two
// (PAIRS), and which tiles there are: up to VECTORS vectors wide and ROW_LIMITS rows high, as
// ADDEND_TILES lists them by ROWS_6 and ROWS_8. Where CHUNK is defined, products are integers:
// MULTIPLY_WORDS and ADD_WORDS make and add those of CHUNK places, CONVERT their sums.
#define ROWS_6(kernel, v) kernel(v, 1) kernel(v, 2) kernel(v, 3) kernel(v, 4) kernel(v, 5) kernel(v, 6)
#define ROWS_8(kernel, v) ROWS_6(kernel, v) kernel(v, 7) kernel(v, 8)

#if defined(CHUNK)
/// sums[i][v] += float(Σ_{p<places} A(i, p) B[p][v]).
ADDEND_INLINE void ADDEND_VARIANT(add_chunk)(const float *const a[addend_brgemm_most_rows],
                                             const size_t lda, const float *b, const size_t ldb,
                                             const size_t places, const bool transposed,
                                             const bool masks, const size_t rows,
                                             const size_t vectors, const MASK part,
                                             VECTOR sums[][addend_brgemm_most_vectors]) {
  WORDS words[addend_brgemm_most_rows][addend_brgemm_most_vectors];
#pragma clang loop unroll(full)
  for (size_t p = 0; p < places; ++p) {
    VECTOR right[addend_brgemm_most_vectors];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v)
      right[v] = masks && v + 1 == vectors ? LOAD_PART(b + p * ldb + v * LANES, part)
                                           : LOAD(b + p * ldb + v * LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      const VECTOR left = BROADCAST(transposed ? a[0][p * lda + i] : a[i][p]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v)
        words[i][v] = p ? ADD_WORDS(left, right[v], words[i][v]) : MULTIPLY_WORDS(left, right[v]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) sums[i][v] = ADD(sums[i][v], CONVERT(words[i][v]));
}
#endif

/// sums[i][v] += Σ_t Σ_p A_t(i, p) B_t[p][v]. With `rows` and `vectors` known to the compiler the sums
/// stay in registers. `masks`: the last vector of b must not be read to its end.
ADDEND_INLINE void ADDEND_VARIANT(add_products)(const addend_brgemm_tile *restrict t,
                                                const bool transposed, const bool masks,
                                                const bool streaming,
                                                const size_t rows, const size_t vectors,
                                                const MASK part,
                                                VECTOR sums[][addend_brgemm_most_vectors]) {
  const size_t depth = t->depth, ldb = t->ldb, lda = t->lda;
  for (size_t tap = 0; tap < t->taps; ++tap) {
    const float *a[addend_brgemm_most_rows];
    const float *const *list = t->a + tap * t->a_step;
    const size_t step = t->a_row;
    if (transposed || step)
      for (size_t i = 0; i < rows; ++i)
        a[i] = list[0] + t->a_offset + (transposed ? i : i * step);
    else
      for (size_t i = 0; i < rows; ++i) a[i] = list[i] + t->a_offset;
    const float *b = t->b + (t->b_numbers ? t->b_numbers[tap] : tap) * t->b_step;
    size_t p = 0;
#if defined(CHUNK)
    // A chunk's numbers of A: p places further on.
#define FOR_CHUNKS(places)                                                                        \
  for (; p + (places) <= depth; p += (places), b += (places) * ldb) {                             \
    const float *rest[addend_brgemm_most_rows];                                                   \
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < (transposed ? 1 : rows); ++i)       \
        rest[i] = a[i] + (transposed ? p * lda : p);                                              \
    ADDEND_VARIANT(add_chunk)(rest, lda, b, ldb, places, transposed, masks, rows, vectors, part,  \
                              sums);                                                              \
  }
    FOR_CHUNKS(CHUNK)
    FOR_CHUNKS(1)
#undef FOR_CHUNKS
    (void)streaming;
#else
    // Eight sums of one vector are fewer than are in flight: products of even and odd p are summed
    // apart where there are registers.
    if (PAIRS && vectors == 1)
      for (; p + 2 <= depth; p += 2, b += 2 * ldb) {
        const VECTOR even = masks ? LOAD_PART(b, part) : LOAD(b);
        const VECTOR odd = masks ? LOAD_PART(b + ldb, part) : LOAD(b + ldb);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; ++i)
          sums[i][0] = ADD_PRODUCT(BROADCAST(transposed ? a[0][p * lda + i] : a[i][p]), even,
                                    sums[i][0]);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; ++i)
          sums[i][1] = ADD_PRODUCT(
              BROADCAST(transposed ? a[0][(p + 1) * lda + i] : a[i][p + 1]), odd, sums[i][1]);
      }
#pragma clang loop unroll_count(2)
    for (; p < depth; ++p) {
      VECTOR right[addend_brgemm_most_vectors];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v)
        right[v] = masks && v + 1 == vectors ? LOAD_PART(b + v * LANES, part) : LOAD(b + v * LANES);
      if (streaming) {
        // What follows B is prefetched at its end.
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; ++v)
          __builtin_prefetch(b + addend_brgemm_lead * ldb + v * LANES);
      }
      b += ldb;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; ++i) {
        const VECTOR left = BROADCAST(transposed ? a[0][p * lda + i] : a[i][p]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; ++v)
          sums[i][v] = ADD_PRODUCT(left, right[v], sums[i][v]);
      }
    }
#endif
  }
}

/// One tile.
ADDEND_INLINE void ADDEND_VARIANT(tile)(const addend_brgemm_tile *restrict t, const bool transposed,
                                        const bool streaming, const size_t rows,
                                        const size_t vectors) {
  // Arrays of fixed extents: those of variable ones would live in memory.
  VECTOR sums[addend_brgemm_most_rows][addend_brgemm_most_vectors];
  const MASK whole = FIRST(LANES), part = FIRST(t->columns - (vectors - 1) * LANES);
  // The result's lines are wanted at the end, and are often far away.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) {
      __builtin_prefetch(t->c + i * t->ldc + v * LANES);
      sums[i][v] = BROADCAST(0.0f);
    }
  if (PAIRS && vectors == 1)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) sums[i][1] = BROADCAST(0.0f);
  if (t->is_padded || t->columns == vectors * LANES)
    ADDEND_VARIANT(add_products)(t, transposed, false, streaming, rows, vectors, part, sums);
  else
    ADDEND_VARIANT(add_products)(t, transposed, true, streaming, rows, vectors, part, sums);
  if (PAIRS && vectors == 1)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) sums[i][0] = ADD(sums[i][0], sums[i][1]);
  // Conditions outside the loops: inside, the compiler would make a copy of the loops for each case.
#define FOR_SUMS(statement)                                           \
  _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows; ++i) \
      _Pragma("clang loop unroll(full)") for (size_t v = 0; v < vectors; ++v) { \
    const MASK mask = v + 1 < vectors ? whole : part;                 \
    const size_t at = i * t->ldc + v * LANES;                         \
    (void)at;                                                         \
    statement;                                                        \
  }
#if defined(CHUNK)
  const VECTOR first = BROADCAST(t->scale[0]), second = BROADCAST(t->scale[1]);
  FOR_SUMS(sums[i][v] = sums[i][v] * first * second; (void)mask)
#endif
  if (t->accumulates) FOR_SUMS(sums[i][v] = ADD(sums[i][v], LOAD_PART(t->c + at, mask)))
  if (t->bias) FOR_SUMS(sums[i][v] = ADD(sums[i][v], LOAD_PART(t->bias + v * LANES, mask)))
  if (t->residual) FOR_SUMS(sums[i][v] = ADD(sums[i][v], LOAD_PART(t->residual + at, mask)))
  if (t->rectifies) FOR_SUMS(sums[i][v] = MAXIMUM(sums[i][v], BROADCAST(0.0f)); (void)mask)
  FOR_SUMS(STORE_PART(t->c + at, sums[i][v], mask))
#undef FOR_SUMS
}

#define KERNEL(v, r)                                                                            \
  static void ADDEND_VARIANT(straight_##v##_##r)(const addend_brgemm_tile *tile) {              \
    ADDEND_VARIANT(tile)(tile, false, false, r, v);                                             \
  }                                                                                             \
  static void ADDEND_VARIANT(transposed_##v##_##r)(const addend_brgemm_tile *tile) {            \
    ADDEND_VARIANT(tile)(tile, true, false, r, v);                                              \
  }                                                                                             \
  static void ADDEND_VARIANT(streaming_##v##_##r)(const addend_brgemm_tile *tile) {             \
    ADDEND_VARIANT(tile)(tile, false, true, r, v);                                              \
  }
ADDEND_TILES(KERNEL)
#undef KERNEL

#define STRAIGHT(v, r) .straight[v - 1][r - 1] = ADDEND_VARIANT(straight_##v##_##r),
#define TRANSPOSED(v, r) .transposed[v - 1][r - 1] = ADDEND_VARIANT(transposed_##v##_##r),
#define STREAMING(v, r) .streaming[v - 1][r - 1] = ADDEND_VARIANT(streaming_##v##_##r),
static const addend_brgemm_kernels ADDEND_VARIANT(brgemm) = {
    .lanes = LANES,
    .vectors = VECTORS,
    .row_limit = ROW_LIMITS,
#if defined(CHUNK)
    .chunk = CHUNK,
#endif
    ADDEND_TILES(STRAIGHT) ADDEND_TILES(TRANSPOSED) ADDEND_TILES(STREAMING)};
#undef STRAIGHT
#undef STREAMING
#undef TRANSPOSED
#undef ROWS_6
#undef ROWS_8
