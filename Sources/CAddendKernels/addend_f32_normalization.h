ADDEND_INLINE void ADDEND_VARIANT(moment_block)(const size_t width, size_t c, size_t rows,
                                            size_t columns, const float *restrict x,
                                            float *restrict sums, float *restrict squares) {
  float sum[16] = {0}, mean[16], square[16] = {0};
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) sum[l] += x[r * columns + c + l];
  for (size_t l = 0; l < width; ++l) mean[l] = sum[l] / (float)rows;
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) {
      const float deviation = x[r * columns + c + l] - mean[l];
      square[l] += deviation * deviation;
    }
  for (size_t l = 0; l < width; ++l) {
    sums[c + l] = sum[l];
    squares[c + l] = square[l];
  }
}

static void ADDEND_VARIANT(column_moments)(size_t rows, size_t columns, const float *restrict x,
                                           float *restrict sums, float *restrict squares) {
  FOR_COLUMN_BLOCKS(moment_block, columns, rows, columns, x, sums, squares);
}

ADDEND_INLINE void ADDEND_VARIANT(normalize_block)(const size_t width, size_t c, size_t rows,
                                               size_t columns, const float *restrict x,
                                               const float *restrict mean,
                                               const float *restrict slope,
                                               const float *restrict shift, float *restrict y) {
  float m[16], a[16], b[16];
  for (size_t l = 0; l < width; ++l) {
    m[l] = mean[c + l];
    a[l] = slope[c + l];
    b[l] = shift[c + l];
  }
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l)
      y[r * columns + c + l] = (x[r * columns + c + l] - m[l]) * a[l] + b[l];
}

static void ADDEND_VARIANT(normalize)(size_t rows, size_t columns, const float *restrict x,
                                      const float *restrict mean, const float *restrict slope,
                                      const float *restrict shift, float *restrict y) {
  FOR_COLUMN_BLOCKS(normalize_block, columns, rows, columns, x, mean, slope, shift, y);
}

ADDEND_INLINE void ADDEND_VARIANT(product_block)(const size_t width, size_t c, size_t rows,
                                             size_t columns, const float *restrict x,
                                             const float *restrict dy, const float *restrict mean,
                                             float *restrict sums, float *restrict products) {
  float m[16], sum[16] = {0}, product[16] = {0};
  for (size_t l = 0; l < width; ++l) m[l] = mean[c + l];
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) {
      const float g = dy[r * columns + c + l];
      sum[l] += g;
      product[l] += g * (x[r * columns + c + l] - m[l]);
    }
  for (size_t l = 0; l < width; ++l) {
    sums[c + l] = sum[l];
    products[c + l] = product[l];
  }
}

static void ADDEND_VARIANT(column_products)(size_t rows, size_t columns, const float *restrict x,
                                            const float *restrict dy, const float *restrict mean,
                                            float *restrict sums, float *restrict products) {
  FOR_COLUMN_BLOCKS(product_block, columns, rows, columns, x, dy, mean, sums, products);
}

ADDEND_INLINE void ADDEND_VARIANT(gradient_block)(const size_t width, size_t c, size_t rows,
                                              size_t columns, const float *restrict x,
                                              const float *restrict dy, const float *restrict mean,
                                              const float *restrict offset,
                                              const float *restrict tilt,
                                              const float *restrict slope, float *restrict dx) {
  float m[16], o[16], t[16], a[16];
  for (size_t l = 0; l < width; ++l) {
    m[l] = mean[c + l];
    o[l] = offset[c + l];
    t[l] = tilt[c + l];
    a[l] = slope[c + l];
  }
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) {
      const size_t i = r * columns + c + l;
      dx[i] = (dy[i] - o[l] - (x[i] - m[l]) * t[l]) * a[l];
    }
}

static void ADDEND_VARIANT(normalization_gradient)(
    size_t rows, size_t columns, const float *restrict x, const float *restrict dy,
    const float *restrict mean, const float *restrict offset, const float *restrict tilt,
    const float *restrict slope, float *restrict dx) {
  FOR_COLUMN_BLOCKS(gradient_block, columns, rows, columns, x, dy, mean, offset, tilt, slope, dx);
}
