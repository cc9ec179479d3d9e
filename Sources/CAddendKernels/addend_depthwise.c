#include "addend_depthwise.h"

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

// Each variant is the same source under another target, with blocks of 16 channels while they last,
// then of 4, then single ones.
typedef float block_16 __attribute__((vector_size(64), aligned(4)));
typedef float block_4 __attribute__((vector_size(16), aligned(4)));
typedef float block_1 __attribute__((vector_size(4), aligned(4)));

/// Taps, or results, first ≤ i < end.
typedef struct {
  size_t first, end;
} tap_range;

/// The taps of an axis that lie inside the source at result p.
static tap_range taps_at(const addend_direct_axis *axis, size_t p) {
  const ptrdiff_t start = (ptrdiff_t)(p * axis->step) + axis->first;
  tap_range range = {0, axis->taps};
  while (range.first < range.end && start + (ptrdiff_t)range.first * axis->increment < 0)
    ++range.first;
  while (range.end > range.first &&
         start + (ptrdiff_t)(range.end - 1) * axis->increment >= (ptrdiff_t)axis->extent)
    --range.end;
  return range;
}

/// The results along a line whose pixels under tap s lie inside the image.
static tap_range results_inside(const addend_window *w, size_t s) {
  const size_t tap = s * w->dilation, reach = w->width + w->padding;
  tap_range range = {0, 0};
  if (tap < w->padding) range.first = (w->padding - tap + w->stride - 1) / w->stride;
  if (tap < reach) range.end = (reach - tap - 1) / w->stride + 1;
  if (range.end > w->output_width) range.end = w->output_width;
  if (range.first > range.end) range.first = range.end;
  return range;
}

static bool has_all(const addend_direct_axis *axis, tap_range range) {
  return range.end - range.first == axis->taps;
}

#define ADDEND_SOURCE "addend_depthwise_variant.h"
#include "addend_sets.h"

const addend_depthwise_kernels *addend_depthwise_select(addend_isa isa) {
  return ADDEND_SELECT(isa, depthwise);
}

void addend_depthwise_pack(const addend_direct_piece *piece, const addend_window *window,
                           const float *restrict filter, float *restrict packed) {
  const addend_direct_axis *down = &piece->down, *across = &piece->across;
  const size_t channels = piece->groups;
  for (size_t r = 0; r < down->taps; ++r)
    for (size_t s = 0; s < across->taps; ++s, packed += channels) {
      const ptrdiff_t row = down->filter_first + (ptrdiff_t)r * down->filter_step;
      const ptrdiff_t column = across->filter_first + (ptrdiff_t)s * across->filter_step;
      const size_t tap = (size_t)row * window->filter_width + (size_t)column;
      for (size_t c = 0; c < channels; ++c)
        packed[c] = filter[c * window->filter_height * window->filter_width + tap];
    }
}

void addend_depthwise_unpack(const addend_window *window, size_t channels,
                             const float *restrict packed, bool accumulates,
                             float *restrict gradient) {
  const size_t taps = window->filter_height * window->filter_width;
  for (size_t t = 0; t < taps; ++t)
    for (size_t c = 0; c < channels; ++c) {
      float *to = gradient + c * taps + t;
      *to = accumulates ? *to + packed[t * channels + c] : packed[t * channels + c];
    }
}
