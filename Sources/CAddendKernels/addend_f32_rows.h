ADDEND_INLINE void ADDEND_VARIANT(add_row_block)(const size_t width, size_t c, size_t rows,
                                             size_t columns, const float *restrict row,
                                             float *restrict y) {
  float held[16];
  for (size_t l = 0; l < width; ++l) held[l] = row[c + l];
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) y[r * columns + c + l] += held[l];
}

static void ADDEND_VARIANT(add_row)(size_t rows, size_t columns, const float *restrict row,
                                    float *restrict y) {
  FOR_COLUMN_BLOCKS(add_row_block, columns, rows, columns, row, y);
}

static void ADDEND_VARIANT(finish_rows)(size_t rows, size_t columns, const float *restrict row,
                                        const float *restrict residual, bool rectifies,
                                        float *restrict y) {
  for (size_t r = 0; r < rows; ++r, y += columns) {
    if (row)
      for (size_t c = 0; c < columns; ++c) y[c] += row[c];
    if (residual)
      for (size_t c = 0; c < columns; ++c) y[c] += residual[r * columns + c];
    if (rectifies)
      for (size_t c = 0; c < columns; ++c) y[c] = y[c] > 0 ? y[c] : 0;
  }
}

ADDEND_INLINE void ADDEND_VARIANT(column_sum_block)(const size_t width, size_t c, size_t rows,
                                                size_t stride, const float *restrict x,
                                                float *restrict sums) {
  float held[16];
  for (size_t l = 0; l < width; ++l) held[l] = sums[c + l];
  for (size_t r = 0; r < rows; ++r)
    for (size_t l = 0; l < width; ++l) held[l] += x[r * stride + c + l];
  for (size_t l = 0; l < width; ++l) sums[c + l] = held[l];
}

static void ADDEND_VARIANT(add_column_sums)(size_t rows, size_t columns, size_t stride,
                                            const float *restrict x, float *restrict sums) {
  FOR_COLUMN_BLOCKS(column_sum_block, columns, rows, stride, x, sums);
}

/// The largest of n > 0 numbers; NaN loses against numbers.
ADDEND_INLINE float ADDEND_VARIANT(largest)(size_t n, const float *x) {
  // Which of the numbers are compared first does not show, and four vectors wait for one another less.
  float lanes[64];
  for (size_t l = 0; l < 64; ++l) lanes[l] = -INFINITY;
  size_t i = 0;
  for (; i + 64 <= n; i += 64)
    for (size_t l = 0; l < 64; ++l) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  for (size_t l = 0; i < n; ++i, ++l) lanes[l] = x[i] > lanes[l] ? x[i] : lanes[l];
  for (size_t w = 32; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] = lanes[l + w] > lanes[l] ? lanes[l + w] : lanes[l];
  return lanes[0];
}

static size_t ADDEND_VARIANT(index_of_largest)(size_t n, const float *restrict x) {
  if (n == 0 || x[0] != x[0]) return 0;
  const float largest = ADDEND_VARIANT(largest)(n, x);
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    int found = 0;
    for (size_t l = 0; l < 64; ++l) found |= x[i + l] == largest;
    if (found) break;
  }
  while (x[i] != largest) ++i;
  return i;
}

static size_t ADDEND_VARIANT(count_ahead)(size_t n, size_t place, size_t limit,
                                          const float *restrict x) {
  const float value = x[place];
  size_t ahead = 0;
  for (size_t i = 0; i < n && ahead < limit;) {
    // Equals count up to the place itself.
    const size_t end = i < place ? (i + 512 < place ? i + 512 : place) : (i + 512 < n ? i + 512 : n);
    uint32_t count = 0;
    if (i < place)
      for (; i < end; ++i) count += x[i] >= value;
    else
      for (; i < end; ++i) count += x[i] > value;
    ahead += count;
  }
  return ahead;
}

/// y = e^(x − largest), where y may be x; returns the sum of y.
ADDEND_INLINE float ADDEND_VARIANT(exponentials)(size_t n, float largest, const float *x,
                                                 float *y) {
  float lanes[16] = {0};
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    float block[16];
    for (size_t l = 0; l < 16; ++l) block[l] = f32_exp(x[i + l] - largest);
    for (size_t l = 0; l < 16; ++l) lanes[l] += block[l];
    for (size_t l = 0; l < 16; ++l) y[i + l] = block[l];
  }
  for (size_t l = 0; i < n; ++i, ++l) {
    y[i] = f32_exp(x[i] - largest);
    lanes[l] += y[i];
  }
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}

static void ADDEND_VARIANT(softmax)(size_t rows, size_t columns, const float *restrict x,
                                    float *restrict y) {
  for (size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    const float largest = ADDEND_VARIANT(largest)(columns, x);
    const float sum = ADDEND_VARIANT(exponentials)(columns, largest, x, y);
    for (size_t c = 0; c < columns; ++c) y[c] /= sum;
  }
}

/// Σ (x − largest), for the part of a smoothed target that lies on every class.
ADDEND_INLINE float ADDEND_VARIANT(sum_below)(size_t n, float largest, const float *restrict x) {
  float lanes[16] = {0};
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (size_t l = 0; l < 16; ++l) lanes[l] += x[i + l] - largest;
  for (size_t l = 0; i < n; ++i, ++l) lanes[l] += x[i] - largest;
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}

static double ADDEND_VARIANT(cross_entropy)(size_t rows, size_t columns, float *restrict x,
                                            const int32_t *restrict classes, float smoothing,
                                            float weight) {
  double loss = 0;
  const float spread = smoothing / (float)columns;
  for (size_t r = 0; r < rows; ++r, x += columns) {
    if (classes[r] < 0) {
      memset(x, 0, columns * sizeof *x);
      continue;
    }
    const size_t target = (size_t)classes[r];
    const float largest = ADDEND_VARIANT(largest)(columns, x);
    const float below = smoothing > 0 ? ADDEND_VARIANT(sum_below)(columns, largest, x) : 0;
    const double gap = (double)(x[target] - largest);
    const float sum = ADDEND_VARIANT(exponentials)(columns, largest, x, x);
    // −log softmax, which stays finite where the probability itself would underflow.
    loss += log((double)sum) - (1.0 - (double)smoothing) * gap;
    if (smoothing > 0) loss -= (double)spread * (double)below;
    const float factor = weight / sum;
    const float everywhere = weight * spread;
    for (size_t c = 0; c < columns; ++c) x[c] = x[c] * factor - everywhere;
    x[target] -= weight * (1.0f - smoothing);
  }
  return loss;
}
