// Roundings to 16 bits with the vectors of one instruction set: a source of addend_sets.h. The loops are
// for the compiler to vectorise. ADDEND_HAS_WORDS: the set rounds to bfloat16 by itself.

ADDEND_INLINE uint16_t ADDEND_VARIANT(bfloat)(float x) {
  const uint32_t bits = (uint32_t)f32_to_bits(x);
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
}

static void ADDEND_VARIANT(round_bfloat)(size_t count, const float *restrict x,
                                         uint16_t *restrict y) {
  size_t i = 0;
#if defined(ADDEND_HAS_WORDS)
  for (; i + 32 <= count; i += 32) {
    const __m512 first = _mm512_loadu_ps(x + i), second = _mm512_loadu_ps(x + i + 16);
    // The instruction takes denormals for zeros, which the largest of them does not round to.
    enum { denormal = 0x20 };
    if (_mm512_fpclass_ps_mask(first, denormal) | _mm512_fpclass_ps_mask(second, denormal)) {
      for (size_t j = i; j < i + 32; ++j) y[j] = ADDEND_VARIANT(bfloat)(x[j]);
      continue;
    }
    _mm512_storeu_si512(y + i, (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
#endif
  for (; i < count; ++i) y[i] = ADDEND_VARIANT(bfloat)(x[i]);
}

static void ADDEND_VARIANT(round_fixed)(const addend_halves_rounding *rounding, size_t count,
                                        const float *restrict x, uint16_t *restrict y) {
  const float factor = rounding->factor, limit = rounding->limit;
  for (size_t i = 0; i < count; ++i) {
    float mantissa = x[i] * factor;
    mantissa = mantissa < limit ? mantissa : limit;
    mantissa = mantissa > -limit ? mantissa : -limit;
    // Adding 1.5 · 2^23 leaves the nearest integer in the sum's low bits.
    y[i] = (uint16_t)f32_to_bits(mantissa + 12582912.0f);
  }
}

static void ADDEND_VARIANT(round)(const addend_halves_rounding *rounding, size_t rows,
                                  size_t columns, const float *restrict x, size_t ldx,
                                  size_t y_columns, uint16_t *restrict y) {
  if (columns == ldx && columns == y_columns) {
    columns *= rows;
    rows = rows > 0;
  }
  for (size_t r = 0; r < rows; ++r, x += ldx, y += y_columns) {
    if (rounding->is_fixed) ADDEND_VARIANT(round_fixed)(rounding, columns, x, y);
    else ADDEND_VARIANT(round_bfloat)(columns, x, y);
    if (y_columns > columns) memset(y + columns, 0, (y_columns - columns) * sizeof *y);
  }
}

/// One line; without a second one its numbers are zeros.
ADDEND_INLINE void ADDEND_VARIANT(interleave_line)(size_t count, const uint16_t *restrict first,
                                                   const uint16_t *restrict second, size_t width,
                                                   uint32_t *restrict words) {
#if LANES == 16
  // Lines are short: what is left of them is not worth a loop.
  for (size_t i = 0; i < width; i += 16) {
    const size_t rest = count > i ? count - i : 0, wide = width - i;
    const __mmask16 read = FIRST(rest < 16 ? rest : 16), written = FIRST(wide < 16 ? wide : 16);
    const __m512i lower = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(read, first + i));
    const __m512i upper =
        second ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(read, second + i))
               : _mm512_setzero_si512();
    _mm512_mask_storeu_epi32(words + i, written,
                             _mm512_or_si512(lower, _mm512_slli_epi32(upper, 16)));
  }
#else
  if (second)
    for (size_t i = 0; i < count; ++i) words[i] = (uint32_t)second[i] << 16 | first[i];
  else
    for (size_t i = 0; i < count; ++i) words[i] = first[i];
  for (size_t i = count; i < width; ++i) words[i] = 0;
#endif
}

static void ADDEND_VARIANT(interleave)(size_t lines, bool is_odd, size_t count,
                                       const uint16_t *restrict x, size_t step, size_t distance,
                                       size_t width, size_t words_step, uint32_t *restrict words) {
  const size_t whole = lines - (is_odd && lines);
  for (size_t l = 0; l < whole; ++l, x += step, words += words_step)
    ADDEND_VARIANT(interleave_line)(count, x, x + distance, width, words);
  if (whole < lines) ADDEND_VARIANT(interleave_line)(count, x, NULL, width, words);
}

static uint32_t ADDEND_VARIANT(largest)(size_t count, const float *x) {
  int32_t largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const int32_t bits = f32_to_bits(x[i]) & 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  return (uint32_t)largest;
}

static const addend_halves_kernels ADDEND_VARIANT(halves) = {
    .round = ADDEND_VARIANT(round),
    .interleave = ADDEND_VARIANT(interleave),
    .largest = ADDEND_VARIANT(largest)};
