/// Σ_l lanes[l], in pairs.
ADDEND_INLINE float ADDEND_VARIANT(lane_sum)(float *restrict lanes) {
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}

static void ADDEND_VARIANT(normalize_rows)(size_t rows, size_t columns, float epsilon,
                                           const float *restrict x, const float *restrict scale,
                                           const float *restrict shift, float *restrict y,
                                           float *restrict mean, float *restrict inverse) {
  const float share = columns ? 1.0f / (float)columns : 1.0f;
  for (size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    float sums[16] = {0}, squares[16] = {0};
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      for (size_t l = 0; l < 16; ++l) sums[l] += x[c + l];
    for (size_t l = 0; c < columns; ++c, ++l) sums[l] += x[c];
    const float center = ADDEND_VARIANT(lane_sum)(sums) * share;
    for (c = 0; c + 16 <= columns; c += 16)
      for (size_t l = 0; l < 16; ++l) squares[l] += (x[c + l] - center) * (x[c + l] - center);
    for (size_t l = 0; c < columns; ++c, ++l) squares[l] += (x[c] - center) * (x[c] - center);
    const float variance = ADDEND_VARIANT(lane_sum)(squares) * share;
    const float factor = 1.0f / __builtin_elementwise_sqrt(variance + epsilon);
    for (c = 0; c < columns; ++c) y[c] = (x[c] - center) * factor * scale[c] + shift[c];
    mean[r] = center;
    inverse[r] = factor;
  }
}

/// One column of a row of row_normalization_gradient: its parts of the columns' sums, and of the row's.
ADDEND_INLINE void ADDEND_VARIANT(row_normalization_term)(float x, float dy, float scale,
                                                          float center, float factor,
                                                          float *restrict scale_gradient,
                                                          float *restrict shift_gradient,
                                                          float *restrict sum,
                                                          float *restrict correlation) {
  const float normalized = (x - center) * factor;
  const float gradient = dy * scale;
  *scale_gradient += dy * normalized;
  *shift_gradient += dy;
  *sum += gradient;
  *correlation += gradient * normalized;
}

static void ADDEND_VARIANT(row_normalization_gradient)(
    size_t rows, size_t columns, const float *restrict x, const float *restrict dy,
    const float *restrict mean, const float *restrict inverse, const float *restrict scale,
    float *restrict dx, float *restrict scale_gradient, float *restrict shift_gradient) {
  const float share = columns ? 1.0f / (float)columns : 1.0f;
  memset(scale_gradient, 0, columns * sizeof *scale_gradient);
  memset(shift_gradient, 0, columns * sizeof *shift_gradient);
  for (size_t r = 0; r < rows; ++r, x += columns, dy += columns, dx += columns) {
    const float center = mean[r], factor = inverse[r];
    float sums[16] = {0}, correlations[16] = {0};
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      for (size_t l = 0; l < 16; ++l)
        ADDEND_VARIANT(row_normalization_term)(x[c + l], dy[c + l], scale[c + l], center, factor,
                                               scale_gradient + c + l, shift_gradient + c + l,
                                               sums + l, correlations + l);
    for (size_t l = 0; c < columns; ++c, ++l)
      ADDEND_VARIANT(row_normalization_term)(x[c], dy[c], scale[c], center, factor,
                                             scale_gradient + c, shift_gradient + c, sums + l,
                                             correlations + l);
    // dx = (g − mean(g) − x̂ mean(g x̂)) / deviation, where g = dy · scale
    const float offset = ADDEND_VARIANT(lane_sum)(sums) * share;
    const float tilt = ADDEND_VARIANT(lane_sum)(correlations) * share;
    for (c = 0; c < columns; ++c) {
      const float normalized = (x[c] - center) * factor;
      dx[c] = (dy[c] * scale[c] - offset - normalized * tilt) * factor;
    }
  }
}
