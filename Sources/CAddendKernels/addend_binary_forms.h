// Products of many rows of bits: carries as forms over GF(2), evaluated by GFNI. Included once, for
// one set.
//
// Of two places, p being the parity of the places before them at which rows a and b differ, x and y
// whether these two do, the carry is p ^ u w with u = p ^ x and w = p ^ y. Each is a bit of a's and
// one of b's, so
//   carry = (pa ^ ua wa) ^ (pb ^ ub wb) ^ ua wb ^ wa ub,
// a form of four terms. An affine map takes eight: one instruction has a carry of 8 rows and 64
// columns, and another, of all eight terms, has its parity with the next. Carries are summed in
// planes of bits by carry-save adders (Muła, Kurz, Lemire, Faster Population Counts Using AVX2
// Instructions, 2018): in all three operations for 1024 products.

typedef __m512i addend_plane;  // byte c holds a bit for each of 8 rows at place c of 64 columns

/// plane[i] has weight 2^i.
typedef struct {
  addend_plane plane[15];
} addend_form_counts;

enum {
  FORM_GROUP = 8,                  // rows of a group
  FORM_GROUPS = ADDEND_BINARY_FORM_ROWS / FORM_GROUP,
  FORM_WORD = 4 * FORM_GROUP,      // words of scratch memory for a word of a group's rows
  FORM_RUN = 16,                   // words of a row whose forms of 64 columns a core's first cache holds
  FORM_COLUMNS = ADDEND_BINARY_FORM_COLUMNS,
  FORM_PANELS = 2,
  FORM_SHORT = 10,                 // the last plane of counts of up to 64 · FORM_RUN
};

/// Bytes of a panel of forms.
static size_t form_panel(size_t words) { return ADDEND_BINARY_FORM_BYTES * words + FORM_COLUMNS; }

ADDEND_TILE_INLINE addend_plane parity_of_three(addend_plane x, addend_plane y, addend_plane z) {
  return _mm512_ternarylogic_epi64(x, y, z, 0x96);
}

/// Adds x and y to a plane; what carries. From the sum, so that no operand outlives it: a vector moved to
/// another register costs as much as an operation.
ADDEND_TILE_INLINE addend_plane add_two(addend_plane *sum, addend_plane x, addend_plane y) {
  const addend_plane next = parity_of_three(x, *sum, y);
  const addend_plane carry = _mm512_ternarylogic_epi64(*sum, y, next, 0xd4);
  *sum = next;
  return carry;
}

/// The same of x and of y = x ^ parity.
ADDEND_TILE_INLINE addend_plane add_pair(addend_plane *sum, addend_plane x, addend_plane parity) {
  const addend_plane carry = _mm512_ternarylogic_epi64(x, *sum, parity, 0xd8);
  *sum = _mm512_xor_si512(*sum, parity);
  return carry;
}

ADDEND_TILE_INLINE addend_plane add_one(addend_plane *sum, addend_plane x) {
  const addend_plane carry = _mm512_and_si512(*sum, x);
  *sum = _mm512_xor_si512(*sum, x);
  return carry;
}

/// The bits of x at even places, and between them those of y at even places.
ADDEND_TILE_INLINE __m512i interleaved(__m512i x, __m512i y) {
  return _mm512_ternarylogic_epi64(_mm512_set1_epi8(0x55), x, _mm512_add_epi64(y, y), 0xca);
}

/// The parities of the bits of each word up to each place, itself among them: a carry-less product
/// with ones.
ADDEND_TILE_INLINE __m512i parities_of(__m512i words) {
  const __m512i ones = _mm512_set1_epi64(-1);
  return _mm512_unpacklo_epi64(_mm512_clmulepi64_epi128(words, ones, 0x00),
                               _mm512_clmulepi64_epi128(words, ones, 0x01));
}

/// Eight bytes of eight rows as maps: of the terms of the first two places, and of all four.
ADDEND_TILE_INLINE void store_maps(__m512i bytes, uint64_t *maps) {
  // Byte 7 − r of map t is byte t of row r.
  const __m512i order = _mm512_add_epi8(
      _mm512_set1_epi64(0x0008101820283038),
      _mm512_set_epi64(0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
                       0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0));
  const __m512i turned = _mm512_permutexvar_epi8(order, bytes);
  _mm512_store_si512(maps, _mm512_and_si512(turned, _mm512_set1_epi8(0x33)));
  _mm512_store_si512(maps + 8, turned);
}

/// The maps of 8 chained rows, the last one standing for those that are missing: [words][2][2][8]
/// of 8 bytes. Returns the rows' parities.
static uint8_t form_maps(size_t rows, size_t words, const uint64_t *restrict a,
                         uint64_t *restrict maps) {
  const uint64_t *row[FORM_GROUP];
  for (size_t r = 0; r < FORM_GROUP; ++r) row[r] = a + words * (r < rows ? r : rows - 1);
  const __m512i low = _mm512_set1_epi8(15);
  __m512i parity = _mm512_setzero_si512(), chain = parity;
  for (size_t i = 0; i < words; ++i, maps += FORM_WORD) {
    const __m512i word = _mm512_set_epi64(
        (int64_t)row[7][i], (int64_t)row[6][i], (int64_t)row[5][i], (int64_t)row[4][i],
        (int64_t)row[3][i], (int64_t)row[2][i], (int64_t)row[1][i], (int64_t)row[0][i]);
    // Unchained: an upper half is the difference of two parities and of the lower half.
    const __m512i upper = parity_of_three(word, chain, _mm512_slli_epi64(word, 32));
    const __m512i bits = _mm512_mask_mov_epi32(word, 0xaaaa, upper);
    chain = word;
    const __m512i u = _mm512_xor_si512(parities_of(bits), parity);
    const __m512i before = _mm512_or_si512(_mm512_add_epi64(u, u), _mm512_srli_epi64(parity, 63));
    const __m512i w = _mm512_xor_si512(before, _mm512_srli_epi64(bits, 1));
    const __m512i own = _mm512_ternarylogic_epi64(before, u, w, 0x78);  // before ^ (u & w)
    parity = _mm512_srai_epi64(u, 63);
    // As `addend_binary_forms` lays columns out, u and w and the two terms of one row alone exchanged.
    const __m512i both = interleaved(u, w), alone = _mm512_or_si512(own, _mm512_set1_epi8((char)0xaa));
    store_maps(_mm512_ternarylogic_epi64(low, both, _mm512_slli_epi64(alone, 4), 0xca), maps);
    store_maps(_mm512_ternarylogic_epi64(low, _mm512_srli_epi64(both, 4), alone, 0xca), maps + 16);
  }
  return _mm512_movepi64_mask(parity);
}

ADDEND_TILE_INLINE addend_plane form_of(addend_plane columns, const uint64_t *map) {
  return _mm512_gf2p8affine_epi64_epi8(columns, _mm512_set1_epi64((int64_t)*map), 0);
}

/// The carries of half a word: `sums` are planes 1 to 4, `out` what carries out of them.
ADDEND_TILE_INLINE void add_half_word(const size_t groups, const uint8_t *restrict forms,
                                      const uint64_t *const *maps, addend_plane (*sums)[5],
                                      addend_plane *restrict out) {
  addend_plane fours[2], eights[2];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 8; i += 2) {
    const addend_plane x = _mm512_load_si512(forms + 64 * i), y = _mm512_load_si512(forms + 64 * i + 64);
#pragma clang loop unroll(full)
    for (size_t g = 0; g < groups; ++g) {
      const uint64_t *m = maps[g] + i;
      addend_plane *s = sums[g];
      const addend_plane first = add_pair(s, form_of(x, m), form_of(x, m + 8));
      const addend_plane second = add_pair(s, form_of(y, m + 1), form_of(y, m + 9));
      const addend_plane four = add_two(s + 1, first, second);
      if (i % 4 == 0) {
        fours[g] = four;
        continue;
      }
      const addend_plane eight = add_two(s + 2, fours[g], four);
      if (i == 2) eights[g] = eight;
      else out[g] = add_two(s + 3, eights[g], eight);
    }
  }
}

/// Adds the carries of up to FORM_RUN words of one or two groups to their counts, or, of rows that
/// are short, to none; these have no planes past FORM_SHORT. Two groups do not depend on each
/// other; of more, the sums do not fit the registers.
ADDEND_TILE_INLINE void form_tile(const size_t groups, const bool is_short, size_t words, size_t stride,
                                  const uint8_t *restrict forms, const uint64_t *restrict maps,
                                  const uint8_t *ahead, addend_form_counts *restrict counts) {
  const addend_plane zero = _mm512_setzero_si512();
  addend_plane sums[2][5], carried[2][FORM_RUN];
  const uint64_t *m[2];
  for (size_t g = 0; g < groups; ++g) {
    m[g] = maps + stride * g;
    for (size_t l = 0; l < 5; ++l) sums[g][l] = is_short ? zero : counts[g].plane[1 + l];
  }
  for (size_t i = 0; i < words; ++i, forms += 1024, ahead += 256) {
    addend_plane lower[2], upper[2];
    add_half_word(groups, forms, m, sums, lower);
    for (size_t g = 0; g < groups; ++g) m[g] += FORM_WORD / 2;
    for (size_t l = 0; l < 4; ++l) __builtin_prefetch(ahead + 64 * l, 0, 2);
    add_half_word(groups, forms + 512, m, sums, upper);
    for (size_t g = 0; g < groups; ++g) {
      m[g] += FORM_WORD / 2;
      carried[g][i] = add_two(&sums[g][4], lower[g], upper[g]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t g = 0; g < groups; ++g) {
    addend_plane *to = counts[g].plane, *c = carried[g];
    for (size_t l = 0; l < 5; ++l) to[1 + l] = sums[g][l];
    for (size_t i = words; i < FORM_RUN; ++i) c[i] = zero;
#pragma clang loop unroll(full)
    for (size_t l = 0; l < 4; ++l) {
      addend_plane sum = is_short ? zero : to[6 + l];
#pragma clang loop unroll(full)
      for (size_t i = 0; i < (size_t)8 >> l; ++i) c[i] = add_two(&sum, c[2 * i], c[2 * i + 1]);
      to[6 + l] = sum;
    }
    if (is_short) {
      to[FORM_SHORT] = c[0];
      continue;
    }
    addend_plane carry = c[0];
#pragma clang loop unroll(full)
    for (size_t l = FORM_SHORT; l < 15; ++l) carry = add_one(to + l, carry);
  }
}

/// Exchanges the bits of x that are `shift` above those of the mask for those of y in the mask.
ADDEND_TILE_INLINE void exchange(addend_plane *x, addend_plane *y, const unsigned shift, uint8_t mask) {
  const __m512i m = _mm512_set1_epi8((char)mask), upper = _mm512_srli_epi64(*x, shift);
  *x = _mm512_ternarylogic_epi64(m, *x, _mm512_slli_epi64(*y, shift), 0xca);
  *y = _mm512_ternarylogic_epi64(m, upper, *y, 0xca);
}

/// Bit r of byte c of plane i becomes bit i of byte c of vector r.
ADDEND_TILE_INLINE void turn(addend_plane *p) {
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; ++i) exchange(p + i, p + i + 4, 4, 0x0f);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 8; ++i)
    if (i % 4 < 2) exchange(p + i, p + i + 2, 2, 0x33);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 8; i += 2) exchange(p + i, p + i + 1, 1, 0x55);
}

/// The same of four planes, others being 0.
ADDEND_TILE_INLINE void turn_four(addend_plane *p) {
  const __m512i low = _mm512_set1_epi8(15);
  exchange(p, p + 2, 2, 0x33);
  exchange(p + 1, p + 3, 2, 0x33);
  exchange(p, p + 1, 1, 0x55);
  exchange(p + 2, p + 3, 1, 0x55);
  for (size_t i = 0; i < 4; ++i) {
    p[i + 4] = _mm512_and_si512(_mm512_srli_epi64(p[i], 4), low);
    p[i] = _mm512_and_si512(p[i], low);
  }
}

/// The lower and upper bytes of eight rows' counts · 2^shift, shift being 0 or 1.
ADDEND_TILE_INLINE void bytes_of(const addend_form_counts *restrict counts, const size_t shift,
                                 bool is_short, addend_plane *restrict low,
                                 addend_plane *restrict high) {
  const addend_plane zero = _mm512_setzero_si512();
  for (size_t i = 0; i < 8; ++i) low[i] = i < shift ? zero : counts->plane[i - shift];
  turn(low);
  for (size_t i = 0; i < 4; ++i)
    high[i] = is_short && 8 - shift + i > FORM_SHORT ? zero : counts->plane[8 - shift + i];
  if (is_short) {
    turn_four(high);
    return;
  }
  for (size_t i = 4; i < 8; ++i) high[i] = 8 - shift + i > 14 ? zero : counts->plane[8 - shift + i];
  turn(high);
}

/// What a row's counts become: themselves, or offsets − counts.
ADDEND_TILE_INLINE void store_columns(__m512i low, __m512i high, const int32_t *offsets, bool streams,
                                      int32_t *to) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i x = _mm512_unpacklo_epi8(low, high), y = _mm512_unpackhi_epi8(low, high);
  __m512i v[4] = {_mm512_unpacklo_epi16(x, zero), _mm512_unpackhi_epi16(x, zero),
                  _mm512_unpacklo_epi16(y, zero), _mm512_unpackhi_epi16(y, zero)};
  for (size_t i = 0; i < 4; ++i) {
    if (offsets) v[i] = _mm512_sub_epi32(_mm512_loadu_si512(offsets + 16 * i), v[i]);
    if (streams) _mm512_stream_si512((__m512i *)(void *)(to + 16 * i), v[i]);
    else _mm512_storeu_si512(to + 16 * i, v[i]);
  }
}

/// What a table of numbers for each class and column has for a row, from a column on.
ADDEND_TILE_INLINE const int32_t *numbers_of(const addend_binary_product *restrict q,
                                             const int32_t *table, size_t row, size_t column) {
  return table + (q->classes ? q->classes[row] * q->columns : 0) + column;
}

/// Eight whole rows' sums of 64 columns.
static void form_sums(const addend_binary_product *restrict q, size_t row, size_t column, bool streams,
                      const addend_form_counts *restrict counts) {
  addend_plane low[8], high[8];
  bytes_of(counts, 1, q->words <= FORM_RUN, low, high);
  for (size_t r = 0; r < FORM_GROUP; ++r)
    store_columns(low[r], high[r], numbers_of(q, q->offsets, row + r, column), streams,
                  q->sums + (row + r) * q->columns + column);
}

/// Eight rows' counts of 64 columns.
static void form_values(const addend_form_counts *restrict counts, bool is_short,
                        int32_t (*restrict values)[FORM_COLUMNS]) {
  addend_plane low[8], high[8];
  bytes_of(counts, 0, is_short, low, high);
  for (size_t r = 0; r < FORM_GROUP; ++r) store_columns(low[r], high[r], NULL, false, values[r]);
}

/// Eight whole rows' bits of 64 columns.
static void form_bits(const addend_binary_product *restrict q, size_t row, size_t panel,
                      const addend_form_counts *restrict counts) {
  const size_t width = (q->columns + 63) / 64;
  int32_t values[FORM_GROUP][FORM_COLUMNS];
  form_values(counts, q->words <= FORM_RUN, values);
  for (size_t r = 0; r < FORM_GROUP; ++r) {
    const int32_t *thresholds = numbers_of(q, q->thresholds, row + r, FORM_COLUMNS * panel);
    const uint64_t upper = above_avx512(values[r] + 32, thresholds + 32);
    q->bits[(row + r) * width + panel] =
        (above_avx512(values[r], thresholds) | upper << 32) ^ q->flips[panel];
  }
}

/// Sums and bits of fewer rows or columns.
static void form_rest(const addend_binary_product *restrict q, size_t row, size_t rows, size_t panel,
                      const addend_form_counts *restrict counts) {
  const size_t halves = 2 * ((q->columns + 63) / 64);
  int32_t values[FORM_GROUP][FORM_COLUMNS];
  form_values(counts, q->words <= FORM_RUN, values);
  for (size_t r = 0; r < rows; ++r)
    for (size_t i = 2 * panel, j = 0; j < FORM_COLUMNS; ++i, j += ADDEND_BINARY_PANEL) {
      if (ADDEND_BINARY_PANEL * i >= q->columns) break;
      const size_t left = q->columns - ADDEND_BINARY_PANEL * i;
      finish_popcnt(q, row + r, i, left < ADDEND_BINARY_PANEL ? left : ADDEND_BINARY_PANEL, halves,
                    values[r] + j);
    }
}

/// The results of a group and a panel from their counts.
static void form_finish(const addend_binary_many *restrict many, size_t group, size_t panel,
                        const addend_form_counts *restrict counts) {
  const addend_binary_product *restrict q = &many->product;
  const size_t row = FORM_GROUP * group, column = FORM_COLUMNS * panel, left = q->rows - row;
  if (left < FORM_GROUP || column + FORM_COLUMNS > q->columns) {
    form_rest(q, row, left < FORM_GROUP ? left : FORM_GROUP, panel, counts);
    return;
  }
  if (q->sums) form_sums(q, row, column, many->streams, counts);
  if (q->bits) form_bits(q, row, panel, counts);
}

/// One run of words of a group or two, and its results after the last, which are written while the
/// next tile is computed.
ADDEND_TILE_INLINE void form_run(const size_t groups, const addend_binary_many *restrict many,
                                 size_t start, size_t group, size_t first, size_t panels,
                                 addend_form_counts (*restrict counts)[FORM_GROUPS]) {
  const size_t words = many->product.words, stride = FORM_WORD * words;
  const size_t here = words - start < FORM_RUN ? words - start : FORM_RUN;
  const uint64_t *maps = many->scratch + FORM_WORD * start + stride * group;
  for (size_t p = 0; p < panels; ++p) {
    const uint8_t *forms =
        many->forms + form_panel(words) * (first + p) + ADDEND_BINARY_FORM_BYTES * start;
    // What is read next, a part of it for each tile; past the end, nothing is read.
    const uint8_t *ahead = forms + ADDEND_BINARY_FORM_BYTES * here + 128 * here * group;
    if (words <= FORM_RUN) form_tile(groups, true, here, stride, forms, maps, ahead, counts[p] + group);
    else form_tile(groups, false, here, stride, forms, maps, ahead, counts[p] + group);
  }
  if (start + here < words) return;
  for (size_t g = group; g < group + groups; ++g)
    for (size_t p = 0; p < panels; ++p) form_finish(many, g, first + p, counts[p] + g);
}

static void many_forms(const addend_binary_many *many) {
  const addend_binary_product *restrict q = &many->product;
  const size_t words = q->words, stride = FORM_WORD * words;
  const size_t groups = (q->rows + FORM_GROUP - 1) / FORM_GROUP, end = q->first_panel + q->panels;
  uint8_t parities[FORM_GROUPS];
  for (size_t g = 0; g < groups; ++g)
    parities[g] = form_maps(q->rows - FORM_GROUP * g, words, q->a + FORM_GROUP * g * words,
                            many->scratch + stride * g);
  // Two panels write rows of sums in longer pieces; where each takes several runs, one at a time is
  // read faster.
  const size_t together = q->sums && words <= FORM_RUN ? FORM_PANELS : 1;
  for (size_t first = q->first_panel; first < end; first += together) {
    const size_t panels = end - first < together ? end - first : together;
    addend_form_counts counts[FORM_PANELS][FORM_GROUPS];
    for (size_t p = 0; p < panels; ++p) {
      const uint8_t *last = many->forms + form_panel(words) * (first + p + 1) - FORM_COLUMNS;
      if (words > FORM_RUN) memset(counts[p], 0, groups * sizeof *counts[p]);
      for (size_t g = 0; g < groups; ++g)
        counts[p][g].plane[0] =
            _mm512_xor_si512(_mm512_load_si512(last), _mm512_set1_epi8((char)parities[g]));
    }
    for (size_t start = 0; start < words; start += FORM_RUN) {
      size_t g = 0;
      for (; g + 2 <= groups; g += 2) form_run(2, many, start, g, first, panels, counts);
      if (g < groups) form_run(1, many, start, g, first, panels, counts);
    }
  }
  if (many->streams) _mm_sfence();
}
