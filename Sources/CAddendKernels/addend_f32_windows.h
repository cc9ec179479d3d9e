static void ADDEND_VARIANT(max_pool)(const addend_window *w, const float *restrict x,
                                     float *restrict y, int32_t *restrict choices) {
  const size_t n = w->channels;
  memset(y, 0, result_count(w) * sizeof *y);
  memset(choices, -1, result_count(w) * sizeof *choices);
  FOR_WINDOW_PIXELS(w, {
    const float *restrict pixels = x + pixel;
    float *restrict best = y + position * n;
    int32_t *restrict chosen = choices + position * n;
    for (size_t c = 0; c < n; ++c) {
      const bool wins = (chosen[c] < 0) | (pixels[c] > best[c]);
      best[c] = wins ? pixels[c] : best[c];
      chosen[c] = wins ? (int32_t)tap : chosen[c];
    }
  })
}

static void ADDEND_VARIANT(max_values)(const addend_window *w, size_t first, size_t end,
                                       const float *restrict x, float *restrict y) {
  const size_t n = w->channels, line = w->width * n, step = w->dilation * n;
  for (size_t p = first; p < end; ++p) {
    const tap_range down = taps_inside(w, p, w->filter_height, w->height);
    const size_t tall = down.last - down.first;
    for (size_t q = 0; q < w->output_width; ++q, y += n) {
      const tap_range across = taps_inside(w, q, w->filter_width, w->width);
      const size_t wide = across.last - across.first;
      if (tall == 0 || wide == 0) {
        memset(y, 0, n * sizeof *y);
        continue;
      }
      const float *top =
          x + tap_source(w, p, down.first) * line + tap_source(w, q, across.first) * n;
      if (tall == 2 && wide == 2) {
        const float *low = top + w->dilation * line;
        for (size_t c = 0; c < n; ++c) {
          float best = top[c];
          best = top[step + c] > best ? top[step + c] : best;
          best = low[c] > best ? low[c] : best;
          y[c] = low[step + c] > best ? low[step + c] : best;
        }
        continue;
      }
      memcpy(y, top, n * sizeof *y);
      for (size_t r = 0; r < tall; ++r)
        for (size_t s = r == 0; s < wide; ++s) {
          const float *pixels = top + r * w->dilation * line + s * step;
          for (size_t c = 0; c < n; ++c) y[c] = pixels[c] > y[c] ? pixels[c] : y[c];
        }
    }
  }
}

static void ADDEND_VARIANT(max_pool_gradient)(const addend_window *w, const float *restrict dy,
                                              const int32_t *restrict choices,
                                              float *restrict dx) {
  const size_t n = w->channels;
  memset(dx, 0, image_count(w) * sizeof *dx);
  FOR_WINDOW_PIXELS(w, {
    float *restrict pixels = dx + pixel;
    const float *restrict gradient = dy + position * n;
    const int32_t *restrict chosen = choices + position * n;
    for (size_t c = 0; c < n; ++c) pixels[c] += chosen[c] == (int32_t)tap ? gradient[c] : 0.0f;
  })
}

static void ADDEND_VARIANT(average_pool)(const addend_window *w, const float *restrict x,
                                         const float *restrict factors, float *restrict y) {
  const size_t n = w->channels;
  memset(y, 0, result_count(w) * sizeof *y);
  FOR_WINDOW_PIXELS(w, {
    const float *restrict pixels = x + pixel;
    float *restrict sum = y + position * n;
    for (size_t c = 0; c < n; ++c) sum[c] += pixels[c];
  })
  for (size_t position = 0; position < w->output_height * w->output_width; ++position)
    for (size_t c = 0; c < n; ++c) y[position * n + c] *= factors[position];
}

static void ADDEND_VARIANT(average_pool_gradient)(const addend_window *w,
                                                  const float *restrict dy,
                                                  const float *restrict factors,
                                                  float *restrict dx) {
  const size_t n = w->channels;
  memset(dx, 0, image_count(w) * sizeof *dx);
  FOR_WINDOW_PIXELS(w, {
    float *restrict pixels = dx + pixel;
    const float *restrict gradient = dy + position * n;
    for (size_t c = 0; c < n; ++c) pixels[c] += gradient[c] * factors[position];
  })
}

// Neighbouring taps lie side by side in the image where the filter is not dilated: one copy.
static void ADDEND_VARIANT(patches)(const addend_window *w, size_t first, size_t end,
                                    const float *restrict x, float *restrict rows) {
  const size_t n = w->channels, row = w->filter_width * n;
  for (size_t p = first; p < end; ++p) {
    const tap_range down = taps_inside(w, p, w->filter_height, w->height);
    for (size_t q = 0; q < w->output_width; ++q) {
      const tap_range across = taps_inside(w, q, w->filter_width, w->width);
      const size_t length = (across.last - across.first) * n;
      for (size_t r = 0; r < w->filter_height; ++r, rows += row) {
        if (r < down.first || r >= down.last || length < row) memset(rows, 0, row * sizeof *rows);
        if (r < down.first || r >= down.last || length == 0) continue;
        const float *line = x + tap_source(w, p, r) * w->width * n;
        if (w->dilation == 1) {
          memcpy(rows + across.first * n, line + tap_source(w, q, across.first) * n,
                 length * sizeof *rows);
        } else {
          for (size_t s = across.first; s < across.last; ++s)
            memcpy(rows + s * n, line + tap_source(w, q, s) * n, n * sizeof *rows);
        }
      }
    }
  }
}

static void ADDEND_VARIANT(add_patches)(const addend_window *w, const float *restrict rows,
                                        float *restrict x) {
  const size_t n = w->channels, taps = w->filter_height * w->filter_width;
  FOR_WINDOW_PIXELS(w, {
    float *restrict pixels = x + pixel;
    const float *restrict entries = rows + (position * taps + tap) * n;
    for (size_t c = 0; c < n; ++c) pixels[c] += entries[c];
  })
}
