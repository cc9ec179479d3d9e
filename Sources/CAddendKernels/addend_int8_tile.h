// Tiles of products of bytes with one instruction set: a source of addend_sets.h. Sixteen columns are one
// vector, in as many registers as the set needs. ADDEND_HAS_VNNI: the set has dot products of bytes.

/// sums + the products of each lane's four bytes, a unsigned, b signed.
ADDEND_INLINE integers16 ADDEND_VARIANT(dot)(integers16 sums, integers16 a, integers16 b) {
#if defined(ADDEND_HAS_VNNI)
  // In the order of the source: the compiler would broadcast all rows first, and spill sums for it.
  __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
  return sums;
#elif LANES == 16
  // Products of numbers of 16 bits add up in pairs without loss; those of bytes would saturate.
  const __m512i even = _mm512_madd_epi16(_mm512_and_si512((__m512i)a, _mm512_set1_epi16(0xff)),
                                         _mm512_srai_epi16(_mm512_slli_epi16((__m512i)b, 8), 8));
  const __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16((__m512i)a, 8),
                                        _mm512_srai_epi16((__m512i)b, 8));
  return sums + (integers16)even + (integers16)odd;
#elif LANES == 8
  integers16 result;
#pragma clang loop unroll(full)
  for (size_t h = 0; h < 2; ++h) {
    __m256i x, y, s;
    memcpy(&x, (char *)&a + 32 * h, 32);
    memcpy(&y, (char *)&b + 32 * h, 32);
    memcpy(&s, (char *)&sums + 32 * h, 32);
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(0xff)),
                                           _mm256_srai_epi16(_mm256_slli_epi16(y, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(y, 8));
    s = _mm256_add_epi32(s, _mm256_add_epi32(even, odd));
    memcpy((char *)&result + 32 * h, &s, 32);
  }
  return result;
#else
  // The definition. Bytes of a word lie in memory's order, the first lowest.
  for (int byte = 0; byte < 4; ++byte) {
    const integers16 x = (a >> (8 * byte)) & 255, y = (integers16)((unsigned16)b << (24 - 8 * byte)) >> 24;
    sums = (integers16)((unsigned16)sums + (unsigned16)(x * y));
  }
  return sums;
#endif
}

/// The word at p in all lanes.
ADDEND_INLINE integers16 ADDEND_VARIANT(word_at)(const uint8_t *p) {
#if defined(ADDEND_HAS_VNNI)
  integers16 words;
  __asm__ volatile("vpbroadcastd %1, %0" : "=v"(words) : "m"(*(const int32_unaligned *)p));
  return words;
#else
  int32_t word;
  memcpy(&word, p, 4);
  return (integers16){} + word;
#endif
}

/// The integers nearest to 0 … 255: what is added leaves them in the lowest bits.
ADDEND_INLINE bytes16 ADDEND_VARIANT(bytes_of)(floats16 x) {
  return __builtin_convertvector((integers16)(x + 0x1.8p23f) & 255, bytes16);
}

/// Of numbers that compare as neither, the bound.
ADDEND_INLINE floats16 ADDEND_VARIANT(clamped)(floats16 x, float lowest, float highest) {
  const floats16 low = (floats16){} + lowest, high = (floats16){} + highest;
#if LANES == 16
  return (floats16)_mm512_min_ps(_mm512_max_ps((__m512)x, (__m512)low), (__m512)high);
#elif LANES == 8
#pragma clang loop unroll(full)
  for (size_t h = 0; h < 2; ++h) {
    __m256 part;
    memcpy(&part, (char *)&x + 32 * h, 32);
    part = _mm256_min_ps(_mm256_max_ps(part, _mm256_set1_ps(lowest)), _mm256_set1_ps(highest));
    memcpy((char *)&x + 32 * h, &part, 32);
  }
  (void)low, (void)high;
  return x;
#else
  const integers16 above = x > low;
  x = (floats16)((above & (integers16)x) | (~above & (integers16)low));
  const integers16 below = x < high;
  return (floats16)((below & (integers16)x) | (~below & (integers16)high));
#endif
}

// Of one vector: the column's and the result's number are `column` and `at`; `count` numbers are wanted.

ADDEND_INLINE floats16 ADDEND_VARIANT(load_bytes)(const uint8_t *p, size_t count) {
  bytes16 bytes = {};
  if (count >= 16)
    memcpy(&bytes, p, 16);
  else
    memcpy(&bytes, p, count);
  return __builtin_convertvector(__builtin_convertvector(bytes, integers16), floats16);
}

ADDEND_INLINE floats16 ADDEND_VARIANT(load_floats)(const float *p, size_t count) {
  floats16 x = {};
  if (count >= 16)
    memcpy(&x, p, 64);
  else
    memcpy(&x, p, 4 * count);
  return x;
}

ADDEND_INLINE void ADDEND_VARIANT(store)(void *p, const void *values, size_t size, size_t count) {
  if (count >= 16)
    memcpy(p, values, 16 * size);
  else
    memcpy(p, values, size * count);
}

/// Stores a tile's sums. What is asked for is known to the compiler.
ADDEND_INLINE void ADDEND_VARIANT(finish)(const addend_int8_tile *restrict t,
                                          const addend_int8_result kind, const bool adds_bytes,
                                          const bool adds_floats, const size_t rows,
                                          const size_t strips,
                                          integers16 sums[][addend_int8_most_strips]) {
  const addend_int8_finish *f = t->finish;
  const size_t last = t->columns - 16 * (strips - 1);
#pragma clang loop unroll(full)
  for (size_t v = 0; v < strips; ++v) {
    const size_t count = v + 1 < strips ? 16 : last, column = t->column + 16 * v;
    floats16 multiplier = {}, offset = {};
    if (kind != ADDEND_INT8_SUMS) {
      memcpy(&multiplier, f->multiplier + column, 64);
      memcpy(&offset, f->offset + column, 64);
    }
    const floats16 scale = (floats16){} + f->residual_scale;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      const size_t at = t->result + i * t->stride + 16 * v;
      // A copy: what has an address does not stay in a register.
      const integers16 sum = sums[i][v];
      if (kind == ADDEND_INT8_SUMS) {
        ADDEND_VARIANT(store)((int32_t *)t->y + at, &sum, 4, count);
        continue;
      }
      floats16 base = offset;
      if (adds_bytes)
        base = __builtin_elementwise_fma(ADDEND_VARIANT(load_bytes)(f->residual_bytes + at, count),
                                         scale, offset);
      if (adds_floats)
        base = __builtin_elementwise_fma(
            ADDEND_VARIANT(load_floats)(f->residual_floats + at, count), scale, offset);
      floats16 x = __builtin_elementwise_fma(__builtin_convertvector(sum, floats16),
                                             multiplier, base);
      x = ADDEND_VARIANT(clamped)(x, f->lowest, f->highest);
      if (kind == ADDEND_INT8_FLOATS) {
        ADDEND_VARIANT(store)((float *)t->y + at, &x, 4, count);
        continue;
      }
      const bytes16 bytes = ADDEND_VARIANT(bytes_of)(x);
      ADDEND_VARIANT(store)((uint8_t *)t->y + at, &bytes, 1, count);
    }
  }
}

/// Brings what the tile writes nearer: it is wanted at the end, and is often far away.
ADDEND_INLINE void ADDEND_VARIANT(fetch)(const addend_int8_tile *restrict t, const size_t rows,
                                         const size_t strips) {
  const size_t size = t->finish->kind == ADDEND_INT8_BYTES ? 1 : 4;
  const char *y = (const char *)t->y + t->result * size;
  for (size_t i = 0; i < rows; ++i, y += t->stride * size)
    for (size_t byte = 0; byte < 16 * strips * size; byte += 64) __builtin_prefetch(y + byte, 1);
}

/// Adds the products of the words at `offset` of all rows.
ADDEND_INLINE void ADDEND_VARIANT(add_word)(const uint8_t *const *a, size_t offset,
                                            const int8_t *b, const size_t rows,
                                            const size_t strips,
                                            integers16 sums[][addend_int8_most_strips]) {
  integers16 right[addend_int8_most_strips];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < strips; ++v) memcpy(&right[v], b + 64 * v, 64);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    const integers16 left = ADDEND_VARIANT(word_at)(a[i] + offset);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < strips; ++v)
      sums[i][v] = ADDEND_VARIANT(dot)(sums[i][v], left, right[v]);
  }
}

ADDEND_INLINE void ADDEND_VARIANT(tile)(const addend_int8_tile *restrict t, const size_t rows,
                                        const size_t strips) {
  integers16 sums[addend_int8_most_rows][addend_int8_most_strips];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < strips; ++v) {
    integers16 bias;
    memcpy(&bias, t->finish->bias + t->column + 16 * v, 64);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) sums[i][v] = bias;
  }
  ADDEND_VARIANT(fetch)(t, rows, strips);
  const int8_t *b = t->b;
  const size_t words = t->words, step = t->b_step;
  for (size_t tap = 0; tap < t->taps; ++tap) {
    const uint8_t *a[addend_int8_most_rows];
    const size_t offset = t->offsets[tap];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) a[i] = t->a[i] + offset;
    // Four words at a time: each row's pointer then moves once for four of its products. With one strip
    // loads are the limit, and pointers to all rows are just as many as registers.
    size_t p = 0;
    for (; strips > 1 && p + 4 <= words; p += 4, b += 4 * step)
#pragma clang loop unroll(full)
      for (size_t word = 0; word < 4; ++word)
        ADDEND_VARIANT(add_word)(a, 4 * (p + word), b + word * step, rows, strips, sums);
    for (; p < words; ++p, b += step)
      ADDEND_VARIANT(add_word)(a, 4 * p, b, rows, strips, sums);
  }
  const addend_int8_finish *f = t->finish;
#define FINISH(kind, bytes, floats) \
  return ADDEND_VARIANT(finish)(t, kind, bytes, floats, rows, strips, sums)
  switch (f->kind) {
    case ADDEND_INT8_SUMS: FINISH(ADDEND_INT8_SUMS, false, false);
    case ADDEND_INT8_FLOATS:
      if (f->residual_bytes) FINISH(ADDEND_INT8_FLOATS, true, false);
      if (f->residual_floats) FINISH(ADDEND_INT8_FLOATS, false, true);
      FINISH(ADDEND_INT8_FLOATS, false, false);
    case ADDEND_INT8_BYTES:
      if (f->residual_bytes) FINISH(ADDEND_INT8_BYTES, true, false);
      if (f->residual_floats) FINISH(ADDEND_INT8_BYTES, false, true);
      FINISH(ADDEND_INT8_BYTES, false, false);
  }
#undef FINISH
}

#define ROWS_4(kernel, v) kernel(v, 1) kernel(v, 2) kernel(v, 3) kernel(v, 4)
#define ROWS_6(kernel, v) ROWS_4(kernel, v) kernel(v, 5) kernel(v, 6)
#define ROWS_8(kernel, v) ROWS_6(kernel, v) kernel(v, 7) kernel(v, 8)
// Pointers to more rows than ten do not stay in registers.
#define ROWS_10(kernel, v) ROWS_8(kernel, v) kernel(v, 9) kernel(v, 10)
#if LANES == 16
#define INT8_TILES(kernel) ROWS_10(kernel, 1) ROWS_8(kernel, 2) ROWS_8(kernel, 3) ROWS_6(kernel, 4)
#define INT8_STRIPS 4
#define INT8_LIMITS {10, 8, 8, 6}
#elif LANES == 8
#define INT8_TILES(kernel) ROWS_4(kernel, 1)
#define INT8_STRIPS 1
#define INT8_LIMITS {4}
#else
#define INT8_TILES(kernel) kernel(1, 1) kernel(1, 2)
#define INT8_STRIPS 1
#define INT8_LIMITS {2}
#endif
#define KERNEL(v, r)                                                             \
  static void ADDEND_VARIANT(tile_##v##_##r)(const addend_int8_tile *tile) {     \
    ADDEND_VARIANT(tile)(tile, r, v);                                            \
  }
INT8_TILES(KERNEL)
#undef KERNEL
#define ENTRY(v, r) .run[v - 1][r - 1] = ADDEND_VARIANT(tile_##v##_##r),
static const addend_int8_kernels ADDEND_VARIANT(int8) = {
    .strips = INT8_STRIPS, .row_limit = INT8_LIMITS, INT8_TILES(ENTRY)};
#undef ENTRY
#undef ROWS_4
#undef ROWS_6
#undef ROWS_8
#undef ROWS_10
#undef INT8_TILES
#undef INT8_STRIPS
#undef INT8_LIMITS

static void ADDEND_VARIANT(quantize)(size_t count, const float *restrict x, float scale, float zero,
                                     uint8_t *restrict q) {
  const floats16 factor = (floats16){} + scale, shift = (floats16){} + zero;
  for (size_t i = 0; i < count; i += 16) {
    const size_t length = count - i < 16 ? count - i : 16;
    floats16 v = {};
    if (length == 16)
      memcpy(&v, x + i, 64);
    else
      memcpy(&v, x + i, 4 * length);
    v = ADDEND_VARIANT(clamped)(__builtin_elementwise_fma(v, factor, shift), 0, 255);
    const bytes16 bytes = ADDEND_VARIANT(bytes_of)(v);
    if (length == 16)
      memcpy(q + i, &bytes, 16);
    else
      memcpy(q + i, &bytes, length);
  }
}

static void ADDEND_VARIANT(dequantize)(size_t count, const uint8_t *restrict q, int zero_point,
                                       float scale, float *restrict x) {
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < count; ++i) x[i] = (float)((int)q[i] - zero_point) * scale;
}

static const int8_lines ADDEND_VARIANT(lines) = {ADDEND_VARIANT(quantize),
                                                 ADDEND_VARIANT(dequantize)};
