#ifndef ADDEND_F32_TAPS_H
#define ADDEND_F32_TAPS_H
#include <stddef.h>

#include "addend_f32_math.h"
#include "addend_window.h"

/// The taps of a window, along one axis, that lie inside the image: first ≤ tap < last.
typedef struct {
  size_t first, last;
} tap_range;

ADDEND_INLINE tap_range taps_inside(const addend_window *w, size_t output, size_t taps,
                                    size_t extent) {
  const ptrdiff_t start = (ptrdiff_t)(output * w->stride) - (ptrdiff_t)w->padding;
  const ptrdiff_t step = (ptrdiff_t)w->dilation, end = (ptrdiff_t)extent;
  tap_range range = {0, taps};
  while (range.first < taps && start + (ptrdiff_t)range.first * step < 0) ++range.first;
  while (range.last > range.first && start + (ptrdiff_t)(range.last - 1) * step >= end)
    --range.last;
  return range;
}

/// Where the pixel under a tap lies along one axis, for taps inside the image.
ADDEND_INLINE size_t tap_source(const addend_window *w, size_t output, size_t tap) {
  return output * w->stride + tap * w->dilation - w->padding;
}

ADDEND_INLINE size_t image_count(const addend_window *w) {
  return w->height * w->width * w->channels;
}

ADDEND_INLINE size_t result_count(const addend_window *w) {
  return w->output_height * w->output_width * w->channels;
}

/// For each output position, in order, and each tap inside the image, in order: `tap` is its
/// number, `pixel` the offset of its first channel, `position` the output's number.
#define FOR_WINDOW_PIXELS(w, ...)                                                           \
  for (size_t p = 0, position = 0; p < (w)->output_height; ++p) {                           \
    const tap_range down = taps_inside(w, p, (w)->filter_height, (w)->height);              \
    for (size_t q = 0; q < (w)->output_width; ++q, ++position) {                            \
      const tap_range across = taps_inside(w, q, (w)->filter_width, (w)->width);            \
      for (size_t r = down.first; r < down.last; ++r)                                       \
        for (size_t s = across.first; s < across.last; ++s) {                               \
          const size_t tap = r * (w)->filter_width + s;                                     \
          const size_t pixel =                                                              \
              (tap_source(w, p, r) * (w)->width + tap_source(w, q, s)) * (w)->channels;     \
          (void)tap;                                                                        \
          __VA_ARGS__                                                                       \
        }                                                                                   \
    }                                                                                       \
  }
#endif
