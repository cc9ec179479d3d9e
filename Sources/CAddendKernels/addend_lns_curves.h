// Blocks of a sum with G+ in registers: 32 lanes of 16 bits.

typedef struct {
  __m512i powers[2], bases[2], slopes[2], half, part, whole;
} NAMED(curve);

ADDEND_INLINE NAMED(curve) NAMED(curve_of)(const addend_lns_table *t) {
  NAMED(curve) curve;
  for (size_t i = 0; i < 2; ++i) {
    curve.powers[i] = _mm512_loadu_si512(t->curves + 32 * i);
    curve.bases[i] = _mm512_loadu_si512(t->curves + 64 + 32 * i);
    curve.slopes[i] = _mm512_loadu_si512(t->curves + 128 + 32 * i);
  }
  curve.half = _mm512_set1_epi16((int16_t)t->half);
  curve.part = _mm512_set1_epi16((int16_t)(t->fraction - 6));
  curve.whole = _mm512_set1_epi16((int16_t)t->fraction);
  return curve;
}

// The sum of numbers of one sign, INT16_MIN being zero.
ADDEND_INLINE __m512i NAMED(curved_sum)(const NAMED(curve) *c, __m512i a, __m512i b) {
  const __m512i most = _mm512_max_epi16(a, b), least = _mm512_min_epi16(a, b);
  const __mmask32 is_sum = _mm512_cmpneq_epi16_mask(least, _mm512_set1_epi16(INT16_MIN));
  const __m512i distance = _mm512_adds_epu16(_mm512_sub_epi16(most, least), c->half);
  const __m512i step = _mm512_srlv_epi16(distance, c->part);
  const __m512i power = _mm512_srlv_epi16(
      _mm512_permutex2var_epi16(c->powers[0], step, c->powers[1]), _mm512_srlv_epi16(distance, c->whole));
  const __m512i place = _mm512_srli_epi16(power, 10);
  const __m512i base = _mm512_permutex2var_epi16(c->bases[0], place, c->bases[1]);
  const __m512i slope = _mm512_permutex2var_epi16(c->slopes[0], place, c->slopes[1]);
  const __m512i gain = _mm512_srli_epi16(
      _mm512_add_epi16(base, _mm512_mulhi_epu16(power, slope)), ADDEND_LNS_CURVE_BITS);
  return _mm512_mask_adds_epi16(most, is_sum, most, gain);
}

// Half of the lanes as words.
ADDEND_INLINE WORDS NAMED(half)(__m512i sums, size_t part) {
  const __m256i lanes = part ? _mm512_extracti64x4_epi64(sums, 1) : _mm512_castsi512_si256(sums);
  const WORDS l = (WORDS)_mm512_cvtepi16_epi32(lanes);
  return NAMED(chosen)(l == INT16_MIN, EACH(ADDEND_LNS_ZERO), 2 * l);
}

ADDEND_INLINE void NAMED(curved_block)(const addend_lns_table *table, const NAMED(rule) *t,
                                       const NAMED(list) *lists, size_t count,
                                       const size_t rows, const size_t vectors, WORDS *sums) {
  enum { most = 8 };
  const size_t pairs = vectors / 2;
  const NAMED(curve) curve = NAMED(curve_of)(table);
  const __m512i zero = _mm512_set1_epi16(INT16_MIN), magnitude = _mm512_set1_epi16(INT16_MAX);
  __m512i above[most], below[most];
  for (size_t i = 0; i < rows * pairs; ++i) above[i] = below[i] = zero;
  for (size_t p = 0; p < count; ++p)
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; ++r) {
      const NAMED(term) term = lists[r].terms[p];
      const __m512i left = _mm512_set1_epi16((int16_t)((term.left >> 1) - table->bias));
      const __mmask32 turns = (__mmask32)-(term.left & 1);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < pairs; ++v) {
        const __m512i b = _mm512_loadu_si512(term.right + 32 * v);
        const __mmask32 is_below = _mm512_movepi16_mask(b) ^ turns;
        const __m512i product =
            _mm512_mask_add_epi16(zero, _mm512_test_epi16_mask(b, magnitude),
                                  _mm512_and_si512(b, magnitude), left);
        __m512i *const x = above + r * pairs + v, *const y = below + r * pairs + v;
        const __m512i sum =
            NAMED(curved_sum)(&curve, _mm512_mask_blend_epi16(is_below, *x, *y), product);
        *x = _mm512_mask_blend_epi16(is_below, sum, *x);
        *y = _mm512_mask_blend_epi16(is_below, *y, sum);
      }
    }
  for (size_t i = 0; i < rows * pairs; ++i)
    for (size_t part = 0; part < 2; ++part)
      sums[2 * i + part] = NAMED(sum)(t, NAMED(half)(above[i], part), NAMED(half)(below[i], part) | 1);
}
