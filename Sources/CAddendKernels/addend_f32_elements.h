static void ADDEND_VARIANT(fill)(size_t n, float value, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = value;
}

static void ADDEND_VARIANT(add_scaled)(size_t n, float alpha, const float *restrict x,
                                       float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

static void ADDEND_VARIANT(scale)(size_t n, float alpha, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] *= alpha;
}

static void ADDEND_VARIANT(multiply)(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] *= x[i];
}

static double ADDEND_VARIANT(sum_of_squares)(size_t n, const float *restrict x) {
  double lanes[16] = {0};
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (size_t l = 0; l < 16; ++l) lanes[l] += (double)x[i + l] * (double)x[i + l];
  for (size_t l = 0; i < n; ++i, ++l) lanes[l] += (double)x[i] * (double)x[i];
  for (size_t w = 8; w > 0; w /= 2)
    for (size_t l = 0; l < w; ++l) lanes[l] += lanes[l + w];
  return lanes[0];
}

static void ADDEND_VARIANT(exponential)(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = f32_exp(x[i]);
}

static void ADDEND_VARIANT(error_function)(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = f32_erf(x[i]);
}

static void ADDEND_VARIANT(activate)(addend_activation f, float parameter, size_t n,
                                     const float *restrict x, float *restrict y) {
  switch (f) {
    case ADDEND_RELU:
      for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : 0;
      break;
    case ADDEND_LEAKY_RELU:
      for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : parameter * x[i];
      break;
    case ADDEND_SIGMOID:
      for (size_t i = 0; i < n; ++i) y[i] = f32_sigmoid(x[i]);
      break;
    case ADDEND_TANH:
      for (size_t i = 0; i < n; ++i) y[i] = f32_tanh(x[i]);
      break;
    case ADDEND_GELU:
      for (size_t i = 0; i < n; ++i) y[i] = x[i] * f32_normal(x[i]);
      break;
    case ADDEND_SWISH:
      for (size_t i = 0; i < n; ++i) y[i] = x[i] * f32_sigmoid(x[i]);
      break;
    case ADDEND_HARD_TANH:
      for (size_t i = 0; i < n; ++i) y[i] = x[i] > 1 ? 1 : x[i] < -1 ? -1 : x[i];
      break;
  }
}

static void ADDEND_VARIANT(activation_gradient)(addend_activation f, float parameter, size_t n,
                                                const float *restrict x, const float *restrict y,
                                                const float *restrict dy, float *restrict dx) {
  switch (f) {
    case ADDEND_RELU:
      for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (x[i] > 0 ? 1.0f : 0.0f);
      break;
    case ADDEND_LEAKY_RELU:
      for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (x[i] > 0 ? 1.0f : parameter);
      break;
    case ADDEND_SIGMOID:
      for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (y[i] * (1.0f - y[i]));
      break;
    case ADDEND_TANH:
      for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (1.0f - y[i] * y[i]);
      break;
    case ADDEND_GELU:
      for (size_t i = 0; i < n; ++i) {
        const float density = f32_exp(-(x[i] * x[i]) * 0.5f) * 0.39894228040143268f;
        dx[i] = dy[i] * (f32_normal(x[i]) + x[i] * density);
      }
      break;
    case ADDEND_SWISH:
      for (size_t i = 0; i < n; ++i) {
        const float s = f32_sigmoid(x[i]);
        dx[i] = dy[i] * (s + y[i] * (1.0f - s));
      }
      break;
    case ADDEND_HARD_TANH:
      for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (x[i] > -1 && x[i] < 1 ? 1.0f : 0.0f);
      break;
  }
}

static void ADDEND_VARIANT(round_to_bf16)(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    const uint32_t result =
        ((bits & 0x7fffffff) > 0x7f800000 ? bits | 0x00400000 : rounded) & 0xffff0000;
    memcpy(y + i, &result, sizeof result);
  }
}

static void ADDEND_VARIANT(blend)(size_t n, const float *restrict x, const float *restrict h,
                                  const float *restrict share, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] + share[i] * (h[i] - x[i]);
}

static void ADDEND_VARIANT(blend_gradient)(size_t n, const float *restrict x,
                                           const float *restrict h, const float *restrict share,
                                           const float *restrict dy, float *restrict dx,
                                           float *restrict dh, float *restrict dshare) {
  for (size_t i = 0; i < n; ++i) {
    const float passed = dy[i] * share[i];
    dh[i] = passed;
    dx[i] = dy[i] - passed;
    dshare[i] = dy[i] * (h[i] - x[i]);
  }
}
