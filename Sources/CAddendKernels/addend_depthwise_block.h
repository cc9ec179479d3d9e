// Depthwise kernels of one instruction set for blocks of CHANNELS channels, the vector BLOCK.

/// `count` neighbouring results of `blocks` neighbouring blocks under taps that lie inside for all.
ADDEND_INLINE void WIDTH_VARIANT(positions)(const size_t count, const size_t blocks,
                                            const addend_direct_piece *piece,
                                            const addend_direct_operands *o, tap_range down,
                                            tap_range across, ptrdiff_t source, size_t column,
                                            size_t result) {
  const size_t channels = piece->groups;
  const ptrdiff_t line = (ptrdiff_t)(piece->across.extent * channels) * piece->down.increment;
  const ptrdiff_t pixel = (ptrdiff_t)channels * piece->across.increment;
  const size_t step = piece->across.step * channels;
  BLOCK sums[4][4];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks; ++v) sums[i][v] = (BLOCK){0};
  for (size_t r = down.first; r < down.end; ++r)
    for (size_t s = across.first; s < across.end; ++s) {
      const float *x = o->source + (source + (ptrdiff_t)r * line + (ptrdiff_t)s * pixel);
      const float *w = o->packed + (r * piece->across.taps + s) * channels + column;
      BLOCK weights[4];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < blocks; ++v) weights[v] = *(const BLOCK *)(w + v * CHANNELS);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < count; ++i)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < blocks; ++v)
          sums[i][v] = MULTIPLY_ADD(*(const BLOCK *)(x + i * step + v * CHANNELS), weights[v],
                                    sums[i][v]);
    }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks; ++v) {
      const size_t at = result + i * piece->result_pixel + v * CHANNELS;
      BLOCK sum = sums[i][v];
      if (o->bias) sum += *(const BLOCK *)(o->bias + column + v * CHANNELS);
      if (o->residual) sum += *(const BLOCK *)(o->residual + at);
      if (o->rectifies) sum = (BLOCK)((sum > 0) & (__typeof__(sum > 0))sum);
      *(BLOCK *)(o->result + at) = sum;
    }
}

/// `blocks` blocks of channels from `column` on, along one line of results.
ADDEND_INLINE void WIDTH_VARIANT(line)(const size_t blocks, const addend_direct_piece *piece,
                                       const addend_direct_operands *o, size_t line, size_t column) {
  const size_t image = line / piece->down.results, p = line % piece->down.results;
  const tap_range down = taps_at(&piece->down, p);
  const ptrdiff_t top = (ptrdiff_t)(p * piece->down.step) + piece->down.first;
  const ptrdiff_t row = (ptrdiff_t)(image * piece->down.extent) + top;
  const size_t channels = piece->groups;
  const size_t results = piece->result_first + image * piece->result_image + p * piece->result_row;
  for (size_t q = 0; q < piece->across.results;) {
    const ptrdiff_t left = (ptrdiff_t)(q * piece->across.step) + piece->across.first;
    const ptrdiff_t source = (row * (ptrdiff_t)piece->across.extent + left) * (ptrdiff_t)channels +
                             (ptrdiff_t)column;
    const size_t result = results + q * piece->result_pixel + column;
    const tap_range across = taps_at(&piece->across, q);
    const bool is_inside = q + 4 <= piece->across.results && has_all(&piece->across, across) &&
                           has_all(&piece->across, taps_at(&piece->across, q + 3));
    if (is_inside)
      WIDTH_VARIANT(positions)(4, blocks, piece, o, down, across, source, column, result);
    else
      WIDTH_VARIANT(positions)(1, blocks, piece, o, down, across, source, column, result);
    q += is_inside ? 4 : 1;
  }
}

/// The gradients of up to four taps from `tap` on in filter row `row`, for one block of channels.
ADDEND_INLINE void WIDTH_VARIANT(tap_gradients)(const size_t taps, size_t batch,
                                                const addend_window *w, size_t channels,
                                                const float *restrict x, const float *restrict dy,
                                                size_t row, size_t tap, size_t column,
                                                float *restrict gradient) {
  BLOCK sums[4];
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s) sums[s] = (BLOCK){0};
  for (size_t image = 0; image < batch; ++image)
    for (size_t p = 0; p < w->output_height; ++p) {
      const size_t y = p * w->stride + row * w->dilation - w->padding;
      if (y >= w->height) continue;
      const float *source = x + (image * w->height + y) * w->width * channels + column;
      const float *line = dy + (image * w->output_height + p) * w->output_width * channels + column;
      for (size_t q = 0; q < w->output_width; ++q) {
        const BLOCK right = *(const BLOCK *)(line + q * channels);
#pragma clang loop unroll(full)
        for (size_t s = 0; s < taps; ++s) {
          const size_t at = q * w->stride + (tap + s) * w->dilation - w->padding;
          if (at < w->width)
            sums[s] = MULTIPLY_ADD(*(const BLOCK *)(source + at * channels), right, sums[s]);
        }
      }
    }
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s)
    *(BLOCK *)(gradient + (row * w->filter_width + tap + s) * channels + column) = sums[s];
}

ADDEND_INLINE void WIDTH_VARIANT(gradient)(size_t batch, const addend_window *w, size_t channels,
                                           const float *restrict x, const float *restrict dy,
                                           size_t row, size_t column, float *restrict gradient) {
  size_t tap = 0;
  for (; tap + 3 <= w->filter_width; tap += 3)
    WIDTH_VARIANT(tap_gradients)(3, batch, w, channels, x, dy, row, tap, column, gradient);
  for (; tap < w->filter_width; ++tap)
    WIDTH_VARIANT(tap_gradients)(1, batch, w, channels, x, dy, row, tap, column, gradient);
}
