#include "check_images.h"

#include <stdio.h>

check_convolution check_any_convolution(size_t groups, size_t channels, size_t outputs) {
  addend_window w = {.height = CHECK_ONE_OF(1, 2, 5, 8, 13),
                     .width = CHECK_ONE_OF(1, 3, 7, 12, 19),
                     .channels = channels,
                     .filter_height = CHECK_ONE_OF(1, 2, 3, 5),
                     .filter_width = CHECK_ONE_OF(1, 2, 3, 5),
                     .stride = CHECK_ONE_OF(1, 1, 2, 3),
                     .padding = CHECK_ONE_OF(0, 1, 2),
                     .dilation = CHECK_ONE_OF(1, 1, 2)};
  const size_t tall = (w.filter_height - 1) * w.dilation + 1;
  const size_t wide = (w.filter_width - 1) * w.dilation + 1;
  if (w.height + 2 * w.padding < tall) w.height = tall;
  if (w.width + 2 * w.padding < wide) w.width = wide;
  w.output_height = (w.height + 2 * w.padding - tall) / w.stride + 1;
  w.output_width = (w.width + 2 * w.padding - wide) / w.stride + 1;
  const size_t batch = CHECK_ONE_OF(1, 2, 3);
  return (check_convolution){batch,
                             groups,
                             outputs,
                             w,
                             batch * w.height * w.width * groups * channels,
                             batch * w.output_height * w.output_width * groups * outputs,
                             groups * w.filter_height * w.filter_width * channels * outputs};
}

void check_for_products(const check_convolution *c,
                        void (*visit)(void *state, size_t x, size_t filter, size_t y),
                        void *state) {
  const addend_window *w = &c->window;
  const size_t channels = w->channels * c->groups, outputs = c->outputs * c->groups;
  for (size_t n = 0; n < c->batch; ++n)
    for (size_t p = 0; p < w->output_height; ++p)
      for (size_t q = 0; q < w->output_width; ++q)
        for (size_t r = 0; r < w->filter_height; ++r)
          for (size_t s = 0; s < w->filter_width; ++s) {
            const size_t row = p * w->stride + r * w->dilation - w->padding;
            const size_t column = q * w->stride + s * w->dilation - w->padding;
            // Below zero is far beyond.
            if (row >= w->height || column >= w->width) continue;
            const size_t pixel = ((n * w->height + row) * w->width + column) * channels;
            const size_t position = ((n * w->output_height + p) * w->output_width + q) * outputs;
            for (size_t g = 0; g < c->groups; ++g)
              for (size_t i = 0; i < w->channels; ++i)
                for (size_t k = 0; k < c->outputs; ++k) {
                  const size_t tap = (g * w->filter_height + r) * w->filter_width + s;
                  visit(state, pixel + g * w->channels + i,
                        (tap * w->channels + i) * c->outputs + k, position + g * c->outputs + k);
                }
          }
}

void check_describe(const check_convolution *c, char *what, size_t size) {
  const addend_window *w = &c->window;
  snprintf(what, size, "%zu of %zux%zu, %zu groups of %zu to %zu, %zux%zu/%zu padded %zu by %zu",
           c->batch, w->height, w->width, c->groups, w->channels, c->outputs, w->filter_height,
           w->filter_width, w->stride, w->padding, w->dilation);
}
