// Rounding to narrow formats for one instruction set: a source of addend_sets.h. Straight-line
// code, which compilers turn into vector code.

ADDEND_INLINE float ADDEND_VARIANT(rounded)(addend_float_format format, float x) {
  const int32_t dropped = 23 - format.fraction_bits;
  const uint32_t bits = (uint32_t)f32_to_bits(x), magnitude = bits & 0x7fffffff;
  const float size = f32_from_bits((int32_t)magnitude);
  // Above the least normal number bits are cut off; a carry runs into the exponent, as it should. Below,
  // adding 2²³ quanta leaves whole ones; were it half as many more, 2²³ of them would lose their
  // last bit.
  const uint32_t last = magnitude >> dropped & 1;
  const uint32_t half = dropped == 0 ? 0 : (1u << (dropped - 1)) - 1 + last;
  const uint32_t kept = (magnitude + half) & ~((1u << dropped) - 1);
  const float large = f32_from_bits((int32_t)kept);
  const float shift = format.least_quantum * 8388608.0f;
  const float small = (size + shift) - shift;
  float y = size < format.least_normal ? small : large;
  y = y > format.greatest ? format.beyond : y;
  y = magnitude == 0x7f800000 ? format.infinity : y;
  y = magnitude > 0x7f800000 ? f32_from_bits((int32_t)(magnitude | 0x400000)) : y;
  return f32_from_bits((int32_t)((uint32_t)f32_to_bits(y) | (bits & 0x80000000)));
}

static void ADDEND_VARIANT(round_float)(size_t n, const addend_float_format *format,
                                        const float *restrict x, float *restrict y) {
  const addend_float_format f = *format;
  for (size_t i = 0; i < n; ++i) y[i] = ADDEND_VARIANT(rounded)(f, x[i]);
}

static uint32_t ADDEND_VARIANT(greatest_magnitude)(size_t n, const float *restrict x) {
  // The order of magnitudes is that of their bits.
  uint32_t greatest = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t bits = (uint32_t)f32_to_bits(x[i]) & 0x7fffffff;
    greatest = bits > greatest ? bits : greatest;
  }
  return greatest;
}

static void ADDEND_VARIANT(round_fixed)(size_t n, float quantum, float limit,
                                        const float *restrict x, float *restrict y) {
  const float inverse = 1 / quantum;
  for (size_t i = 0; i < n; ++i) {
    float steps = x[i] * inverse;
    steps = steps > limit ? limit : steps;
    steps = steps < -limit ? -limit : steps;
    y[i] = ((steps + 12582912.0f) - 12582912.0f) * quantum;
  }
}

static void ADDEND_VARIANT(round_columns)(size_t rows, size_t columns, float limit, float least,
                                          float most, const float *restrict x,
                                          float *restrict scales, float *restrict y) {
  // Magnitudes first, in the order of their bits, where NaN is above infinity.
  for (size_t c = 0; c < columns; ++c) scales[c] = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const int32_t found = f32_to_bits(x[r * columns + c]) & 0x7fffffff;
      const int32_t largest = f32_to_bits(scales[c]);
      scales[c] = f32_from_bits(found > largest ? found : largest);
    }
  }
  for (size_t c = 0; c < columns; ++c) {
    const int32_t bits = f32_to_bits(scales[c]);
    const float scale = scales[c] / limit;
    scales[c] = scale >= least && scale <= most ? scale : 1;
    scales[c] = bits < 0x7f800000 ? scales[c] : f32_from_bits(0x7fc00000);
  }
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      float steps = x[r * columns + c] / scales[c];
      steps = steps > limit ? limit : steps;
      steps = steps < -limit ? -limit : steps;
      y[r * columns + c] = ((steps + 12582912.0f) - 12582912.0f) * scales[c];
    }
  }
}

/// One row of sums over at most COLUMNS columns.
#define COLUMNS 64
ADDEND_INLINE void ADDEND_VARIANT(leveled_row)(size_t columns, size_t n, size_t k, const float *a,
                                               size_t a_step, const float *restrict b,
                                               const addend_sum_level *levels, size_t level_count,
                                               bool accumulates, float *restrict c) {
  float sums[ADDEND_SUM_LEVELS][COLUMNS] = {{0}};
  size_t terms[ADDEND_SUM_LEVELS] = {0};
  const addend_float_format first = levels[0].format;
  for (size_t p = 0; p < k; ++p) {
    const float factor = a[p * a_step];
    for (size_t j = 0; j < columns; ++j) {
      sums[0][j] = ADDEND_VARIANT(rounded)(first, sums[0][j] + factor * b[p * n + j]);
    }
    // Full sums move up, and so do all at the end.
    ++terms[0];
    for (size_t l = 0; l + 1 < level_count && (terms[l] == levels[l].length || p + 1 == k); ++l) {
      const addend_float_format next = levels[l + 1].format;
      for (size_t j = 0; j < columns; ++j) {
        sums[l + 1][j] = ADDEND_VARIANT(rounded)(next, sums[l + 1][j] + sums[l][j]);
        sums[l][j] = 0;
      }
      terms[l] = 0;
      ++terms[l + 1];
    }
  }
  const float *last = sums[level_count - 1];
  for (size_t j = 0; j < columns; ++j) c[j] = accumulates ? c[j] + last[j] : last[j];
}

static void ADDEND_VARIANT(leveled_product)(size_t m, size_t n, size_t k, const float *a,
                                            size_t a_row, size_t a_step, const float *restrict b,
                                            const addend_sum_level *levels, size_t level_count,
                                            bool accumulates, float *restrict c) {
  for (size_t j = 0; j < n; j += COLUMNS) {
    for (size_t i = 0; i < m; ++i) {
      // The compiler knows the extent of whole blocks.
      if (n - j >= COLUMNS) {
        ADDEND_VARIANT(leveled_row)(COLUMNS, n, k, a + i * a_row, a_step, b + j, levels,
                                    level_count, accumulates, c + i * n + j);
      } else {
        ADDEND_VARIANT(leveled_row)(n - j, n, k, a + i * a_row, a_step, b + j, levels,
                                    level_count, accumulates, c + i * n + j);
      }
    }
  }
}
#undef COLUMNS

static const addend_rounding_kernels ADDEND_VARIANT(rounding) = {
    .round_float = ADDEND_VARIANT(round_float),
    .greatest_magnitude = ADDEND_VARIANT(greatest_magnitude),
    .round_fixed = ADDEND_VARIANT(round_fixed),
    .round_columns = ADDEND_VARIANT(round_columns),
    .leveled_product = ADDEND_VARIANT(leveled_product),
};
