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
  BLOCK sums[8][4];
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
          sums[i][v] = ADD_PRODUCT(*(const BLOCK *)(x + i * step + v * CHANNELS), weights[v],
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

/// `blocks` blocks of channels from `column` on, along one line of results, `count` at a time where no
/// tap lies outside.
ADDEND_INLINE void WIDTH_VARIANT(line)(const size_t count, const size_t blocks,
                                       const addend_direct_piece *piece,
                                       const addend_direct_operands *o, size_t line,
                                       size_t column) {
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
    const bool is_inside = q + count <= piece->across.results && has_all(&piece->across, across) &&
                           has_all(&piece->across, taps_at(&piece->across, q + count - 1));
    if (is_inside)
      WIDTH_VARIANT(positions)(count, blocks, piece, o, down, across, source, column, result);
    else
      WIDTH_VARIANT(positions)(1, blocks, piece, o, down, across, source, column, result);
    q += is_inside ? count : 1;
  }
}

/// Adds the products of results first ≤ q < end of a line, whose pixels under all taps lie inside.
ADDEND_INLINE void WIDTH_VARIANT(add_products)(const size_t taps, const size_t blocks,
                                               const addend_window *w, size_t channels,
                                               const float *restrict x, const float *restrict dy,
                                               size_t first, size_t end, size_t tap,
                                               BLOCK sums[][4]) {
  if (first >= end) return;
  const size_t tap_step = w->dilation * channels, step = w->stride * channels;
  const float *source = x + (first * w->stride + tap * w->dilation - w->padding) * channels;
  for (size_t q = first; q < end; ++q, source += step)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks; ++v) {
      const BLOCK right = *(const BLOCK *)(dy + q * channels + v * CHANNELS);
#pragma clang loop unroll(full)
      for (size_t s = 0; s < taps; ++s)
        sums[s][v] = ADD_PRODUCT(*(const BLOCK *)(source + s * tap_step + v * CHANNELS), right,
                                 sums[s][v]);
    }
}

/// Adds one line's products to the gradients of `taps` taps from `tap` on, of neighbouring blocks.
ADDEND_INLINE void WIDTH_VARIANT(add_line)(const size_t taps, const size_t blocks,
                                           const addend_window *w, size_t channels,
                                           const float *restrict x, const float *restrict dy,
                                           size_t tap, float *restrict gradient) {
  BLOCK sums[3][4];
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks; ++v)
      sums[s][v] = *(const BLOCK *)(gradient + s * channels + v * CHANNELS);
  tap_range inside[3], all = {0, w->output_width};
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s) {
    inside[s] = results_inside(w, tap + s);
    if (inside[s].first > all.first) all.first = inside[s].first;
    if (inside[s].end < all.end) all.end = inside[s].end;
  }
  if (all.first > all.end) all.first = all.end;
  WIDTH_VARIANT(add_products)(taps, blocks, w, channels, x, dy, all.first, all.end, tap, sums);
  // What only some of the taps reach.
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s) {
    const tap_range own = inside[s];
    const size_t last = own.end < all.first ? own.end : all.first;
    const size_t first = own.first > all.end ? own.first : all.end;
    WIDTH_VARIANT(add_products)(1, blocks, w, channels, x, dy, own.first, last, tap + s, sums + s);
    WIDTH_VARIANT(add_products)(1, blocks, w, channels, x, dy, first, own.end, tap + s, sums + s);
  }
#pragma clang loop unroll(full)
  for (size_t s = 0; s < taps; ++s)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks; ++v)
      *(BLOCK *)(gradient + s * channels + v * CHANNELS) = sums[s][v];
}

/// Filter rows first ≤ r < end of neighbouring blocks. Line by line, so that a line of dy is read for
/// all rows while it is in the cache.
ADDEND_INLINE void WIDTH_VARIANT(gradient)(const size_t blocks, size_t batch, const addend_window *w,
                                           size_t channels, const float *restrict x,
                                           const float *restrict dy, size_t first, size_t end,
                                           size_t column, float *restrict gradient) {
  const size_t row_size = w->filter_width * channels;
  for (size_t t = first * w->filter_width; t < end * w->filter_width; ++t)
    for (size_t v = 0; v < blocks; ++v)
      *(BLOCK *)(gradient + t * channels + column + v * CHANNELS) = (BLOCK){0};
  for (size_t image = 0; image < batch; ++image)
    for (size_t p = 0; p < w->output_height; ++p)
      for (size_t r = first; r < end; ++r) {
        const size_t y = p * w->stride + r * w->dilation - w->padding;
        if (y >= w->height) continue;
        const float *source = x + (image * w->height + y) * w->width * channels + column;
        const float *line =
            dy + (image * w->output_height + p) * w->output_width * channels + column;
        float *row = gradient + r * row_size + column;
        size_t tap = 0;
        for (; tap + 3 <= w->filter_width; tap += 3)
          WIDTH_VARIANT(add_line)(3, blocks, w, channels, source, line, tap, row + tap * channels);
        for (; tap < w->filter_width; ++tap)
          WIDTH_VARIANT(add_line)(1, blocks, w, channels, source, line, tap, row + tap * channels);
      }
}
