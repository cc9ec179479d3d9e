#include <string.h>

#include "addend_direct.h"
#include "addend_direct_parts.h"

#if defined(__x86_64__)
#include "addend_transpose.h"
#endif

/// to[c][j] = from[c][j] for c < depth, j < columns, then zeros up to `width`.
static void pack_rows(const float *restrict from, size_t from_step, size_t depth, size_t columns,
                      float *restrict to, size_t width) {
  for (size_t c = 0; c < depth; ++c, from += from_step, to += width) {
    memcpy(to, from, columns * sizeof(float));
    for (size_t j = columns; j < width; ++j) to[j] = 0;
  }
}

/// to[c][j] = from[j][c] for c < depth, j < columns, then zeros up to `width`.
static void pack_columns(const float *restrict from, size_t from_step, size_t depth, size_t columns,
                         float *restrict to, size_t width, bool has_avx2) {
  const size_t depth_blocks = has_avx2 ? depth & ~(size_t)7 : 0;
  const size_t column_blocks = has_avx2 ? columns & ~(size_t)7 : 0;
#if defined(__x86_64__)
  for (size_t j = 0; j < column_blocks; j += 8)
    for (size_t c = 0; c < depth_blocks; c += 8)
      addend_transpose_8x8(from + j * from_step + c, from_step, to + c * width + j, width);
#endif
  for (size_t c = 0; c < depth; ++c) {
    for (size_t j = c < depth_blocks ? column_blocks : 0; j < columns; ++j)
      to[c * width + j] = from[j * from_step + c];
    for (size_t j = columns; j < width; ++j) to[c * width + j] = 0;
  }
}

void addend_direct_pack(const addend_direct_plan *plan, const addend_window *window, size_t outputs,
                        const float *restrict filter, size_t unit, float *restrict packed) {
  const addend_direct_piece *p = &plan->piece;
  const size_t group = unit / plan->panels, panel = unit % plan->panels;
  const size_t start = addend_brgemm_panel_start(plan->kernels, p->results, panel);
  const size_t width = addend_brgemm_panel_start(plan->kernels, p->results, panel + 1) - start;
  const size_t columns = smaller(width, p->results - start);
  const size_t tap_size = window->channels * outputs;
  const size_t sum = plan->taps * plan->depth;
  filter += group * window->filter_height * window->filter_width * tap_size;
  packed += (group * addend_brgemm_padded(plan->kernels, p->results) + start) * sum;
  for (size_t r = 0; r < p->down.taps; ++r)
    for (size_t s = 0; s < p->across.taps; ++s, packed += p->depth * width) {
      const ptrdiff_t row = p->down.filter_first + (ptrdiff_t)r * p->down.filter_step;
      const ptrdiff_t column = p->across.filter_first + (ptrdiff_t)s * p->across.filter_step;
      const float *tap =
          filter + ((size_t)row * window->filter_width + (size_t)column) * tap_size;
      if (p->is_gradient)
        pack_columns(tap + start * outputs, outputs, p->depth, columns, packed, width,
                     plan->kernels->lanes >= 8);
      else
        pack_rows(tap + start, outputs, p->depth, columns, packed, width);
    }
}
