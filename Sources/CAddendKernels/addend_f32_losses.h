static double ADDEND_VARIANT(squared_error)(size_t n, const float *restrict y,
                                            const float *restrict targets, float slope,
                                            float *restrict gradient) {
  double lanes[16] = {0};
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (size_t l = 0; l < 16; ++l) {
      const float error = y[i + l] - targets[i + l];
      lanes[l] += (double)error * (double)error;
      gradient[i + l] = slope * error;
    }
  for (size_t l = 0; i < n; ++i, ++l) {
    const float error = y[i] - targets[i];
    lanes[l] += (double)error * (double)error;
    gradient[i] = slope * error;
  }
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}

/// Column `c` of a row of squared_hinge; returns max(0, 1 − t y).
ADDEND_INLINE float ADDEND_VARIANT(hinge)(float y, bool is_class, float slope, float *gradient) {
  const float sign = is_class ? -1.0f : 1.0f;
  const float margin = 1.0f + sign * y;
  // Not `margin > 0`: NaN must show in the sum.
  const float rest = margin <= 0 ? 0.0f : margin;
  *gradient = sign * (slope * rest);
  return rest;
}

static double ADDEND_VARIANT(squared_hinge)(size_t rows, size_t columns, const float *restrict y,
                                            const int32_t *restrict classes, float slope,
                                            float *restrict gradient) {
  double lanes[16] = {0};
  for (size_t r = 0; r < rows; ++r, y += columns, gradient += columns) {
    if (classes[r] < 0) {
      memset(gradient, 0, columns * sizeof *gradient);
      continue;
    }
    const uint32_t class = (uint32_t)classes[r];
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      for (size_t l = 0; l < 16; ++l) {
        const float rest = ADDEND_VARIANT(hinge)(y[c + l], (uint32_t)(c + l) == class, slope,
                                                 gradient + c + l);
        lanes[l] += (double)rest * (double)rest;
      }
    for (size_t l = 0; c < columns; ++c, ++l) {
      const float rest = ADDEND_VARIANT(hinge)(y[c], (uint32_t)c == class, slope, gradient + c);
      lanes[l] += (double)rest * (double)rest;
    }
  }
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}
