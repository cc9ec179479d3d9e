// Products of pixels and signs by look-ups in tables of words, for AVX-512 BW. No include guard.

enum {
  /// Pairs of groups whose sums of up to 6 · 255 fit 16 bits.
  ADDEND_BINARY_PIXEL_RUN = 21,
  ADDEND_BINARY_TABLE = 64,
};

/// table[code] = the sum of those of the six numbers whose bits in code are 1.
static inline void pixel_table(const uint8_t *x, size_t count, uint16_t *table) {
  static const uint32_t bits[5] = {0xaaaaaaaa, 0xcccccccc, 0xf0f0f0f0, 0xff00ff00, 0xffff0000};
  uint8_t six[ADDEND_BINARY_GROUP] = {0};
  if (count < ADDEND_BINARY_GROUP) {
    memcpy(six, x, count);
    x = six;
  }
  __m512i sums = _mm512_setzero_si512();
  for (int i = 0; i < 5; ++i)
    sums = _mm512_mask_add_epi16(sums, bits[i], sums, _mm512_set1_epi16(x[i]));
  _mm512_storeu_si512(table, sums);
  _mm512_storeu_si512(table + 32, _mm512_add_epi16(sums, _mm512_set1_epi16(x[5])));
}

/// Adds the looked-up sums of `pairs` pairs of groups to sums [rows][panels · 32]; codes of neighbouring
/// panels are `stride` apart.
ADDEND_TILE_INLINE void pixel_tile(const size_t rows, const size_t panels, size_t pairs,
                                   const uint16_t (*restrict tables)[2 * ADDEND_BINARY_PIXEL_RUN]
                                                                    [ADDEND_BINARY_TABLE],
                                   const uint16_t *restrict codes, size_t stride,
                                   int32_t *restrict sums, size_t row) {
  __m512i words[ADDEND_BINARY_PIXEL_ROWS][4];
  for (size_t r = 0; r < rows; ++r)
    for (size_t v = 0; v < panels; ++v) words[r][v] = _mm512_setzero_si512();
  for (size_t i = 0; i < pairs; ++i) {
    __m512i code[4];
    for (size_t v = 0; v < panels; ++v)
      code[v] = _mm512_loadu_si512(codes + ADDEND_BINARY_PANEL * i + stride * v);
    for (size_t half = 0; half < 2; ++half) {
      for (size_t r = 0; r < rows; ++r) {
        const __m512i low = _mm512_loadu_si512(tables[r][2 * i + half]);
        const __m512i high = _mm512_loadu_si512(tables[r][2 * i + half] + 32);
        for (size_t v = 0; v < panels; ++v)
          words[r][v] = _mm512_add_epi16(words[r][v],
                                         _mm512_permutex2var_epi16(low, code[v], high));
      }
      for (size_t v = 0; v < panels; ++v) code[v] = _mm512_srli_epi16(code[v], 8);
    }
  }
  for (size_t r = 0; r < rows; ++r)
    for (size_t v = 0; v < panels; ++v) {
      int32_t *to = sums + row * r + ADDEND_BINARY_PANEL * v;
      const __m512i low = _mm512_and_si512(words[r][v], _mm512_set1_epi32(0xffff));
      const __m512i high = _mm512_srli_epi32(words[r][v], 16);
      _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), low));
      _mm512_storeu_si512(to + 16, _mm512_add_epi32(_mm512_loadu_si512(to + 16), high));
    }
}

static void pixels_avx512(const addend_binary_pixels *pixels) {
  const addend_binary_product *q = &pixels->product;
  enum { width = ADDEND_BINARY_PIXEL_PANELS * ADDEND_BINARY_PANEL };
  int32_t sums[ADDEND_BINARY_PIXEL_ROWS][width];
  uint16_t tables[ADDEND_BINARY_PIXEL_ROWS][2 * ADDEND_BINARY_PIXEL_RUN][ADDEND_BINARY_TABLE];
  const size_t k = pixels->inputs, group = ADDEND_BINARY_GROUP;
  const size_t all = (k + 2 * group - 1) / (2 * group);
  for (size_t r = 0; r < q->rows; ++r)
    memset(sums[r], 0, q->panels * ADDEND_BINARY_PANEL * sizeof **sums);
  for (size_t start = 0; start < all; start += ADDEND_BINARY_PIXEL_RUN) {
    const size_t pairs = all - start < ADDEND_BINARY_PIXEL_RUN ? all - start : ADDEND_BINARY_PIXEL_RUN;
    for (size_t r = 0; r < q->rows; ++r)
      for (size_t g = 0; g < 2 * pairs; ++g) {
        const size_t first = group * (2 * start + g);
        const size_t count = first >= k ? 0 : k - first < group ? k - first : group;
        pixel_table(pixels->x + r * k + (count ? first : 0), count, tables[r][g]);
      }
    for (size_t i = 0; i < q->panels;) {
      const size_t stride = all * ADDEND_BINARY_PANEL;
      const uint16_t *codes =
          pixels->codes + (q->first_panel + i) * stride + start * ADDEND_BINARY_PANEL;
      int32_t *to = sums[0] + ADDEND_BINARY_PANEL * i;
      const size_t panels = q->panels - i >= 4 ? 4 : 1;
      if (q->rows == 4 && panels == 4) {
        pixel_tile(4, 4, pairs, tables, codes, stride, to, width);
      } else {
        for (size_t r = 0; r < q->rows; ++r) {
          if (panels == 4) pixel_tile(1, 4, pairs, tables + r, codes, stride, to + width * r, width);
          else pixel_tile(1, 1, pairs, tables + r, codes, stride, to + width * r, width);
        }
      }
      i += panels;
    }
  }
  const size_t halves = 2 * ((q->columns + 63) / 64);
  for (size_t r = 0; r < q->rows; ++r) {
    int32_t all_pixels = 0;
    for (size_t i = 0; i < k; ++i) all_pixels += pixels->x[r * k + i];
    for (size_t i = 0; i < q->panels; ++i) {
      const size_t column = ADDEND_BINARY_PANEL * (q->first_panel + i);
      const size_t columns =
          q->columns - column < ADDEND_BINARY_PANEL ? q->columns - column : ADDEND_BINARY_PANEL;
      const int32_t *from = sums[r] + ADDEND_BINARY_PANEL * i, *bases = pixels->bases + column;
      int32_t values[ADDEND_BINARY_PANEL];
      if (columns == ADDEND_BINARY_PANEL) {
        for (size_t j = 0; j < ADDEND_BINARY_PANEL; j += 16) {
          const __m512i twice = _mm512_slli_epi32(_mm512_loadu_si512(from + j), 1);
          const __m512i base =
              _mm512_add_epi32(_mm512_loadu_si512(bases + j), _mm512_set1_epi32(all_pixels));
          _mm512_storeu_si512(values + j, _mm512_sub_epi32(base, twice));
        }
      } else {
        for (size_t j = 0; j < columns; ++j) values[j] = bases[j] + all_pixels - 2 * from[j];
      }
      finish_avx512(q, r, q->first_panel + i, columns, halves, values);
    }
  }
}
