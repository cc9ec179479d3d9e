// The transforms of one instruction set: a source of addend_sets.h.
// Sums and products are written with the vectors' operators; the compiler fuses them where it can.

#include "addend_winograd_lines.h"

#define UNROLL _Pragma("clang loop unroll(full)")

/// V of one tile of `tall` × `wide` outputs.
ADDEND_INLINE void ADDEND_VARIANT(input_tile)(const size_t tall, const size_t wide,
                                              const size_t points, const pixel_lists *pixels,
                                              size_t first, size_t last, addend_winograd_block v) {
  const size_t m = tall + 2, n = wide + 2;
  for (size_t c = first; c < last; c += LANES) {
    VECTOR half[6][6], line[6], out[6];
    const MASK mask = FIRST(last - c < LANES ? last - c : LANES);
    UNROLL for (size_t j = 0; j < n; ++j) {
      UNROLL for (size_t i = 0; i < m; ++i) {
        line[i] = LOAD_PART(pixels->now[i * n + j] + c, mask);
        // The next tile mostly begins with this one's last two columns.
        if (j >= 2) PREFETCH(pixels->next[i * n + j] + c, 0);
      }
      ADDEND_VARIANT(input_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < m; ++i) half[i][j] = out[i];
    }
    UNROLL for (size_t i = 0; i < m; ++i) {
      ADDEND_VARIANT(input_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < n; ++j)
        STORE(v.values + (i * points + j) * v.step + c, out[j]);
    }
  }
}

/// W of one tile of `tall` × `wide` gradients.
ADDEND_INLINE void ADDEND_VARIANT(adjoint_tile)(const size_t tall, const size_t wide,
                                                const size_t points, const pixel_lists *pixels,
                                                size_t first, size_t last,
                                                addend_winograd_block w) {
  const size_t m = tall + 2, n = wide + 2;
  for (size_t c = first; c < last; c += LANES) {
    VECTOR half[6][4], line[4], out[6];
    const MASK mask = FIRST(last - c < LANES ? last - c : LANES);
    UNROLL for (size_t j = 0; j < wide; ++j) {
      UNROLL for (size_t i = 0; i < tall; ++i) {
        line[i] = LOAD_PART(pixels->now[i * wide + j] + c, mask);
        PREFETCH(pixels->next[i * wide + j] + c, 0);
      }
      ADDEND_VARIANT(adjoint_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < m; ++i) half[i][j] = out[i];
    }
    UNROLL for (size_t i = 0; i < m; ++i) {
      ADDEND_VARIANT(adjoint_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < n; ++j)
        STORE(w.values + (i * points + j) * w.step + c, out[j]);
    }
  }
}

/// The outputs of one tile.
ADDEND_INLINE void ADDEND_VARIANT(output_tile)(const size_t tall, const size_t wide,
                                               const size_t points, addend_winograd_block m,
                                               size_t count, const results *to) {
  for (size_t c = 0; c < count; c += LANES) {
    VECTOR half[4][6], line[6], out[4];
    const MASK mask = FIRST(count - c < LANES ? count - c : LANES);
    UNROLL for (size_t j = 0; j < wide + 2; ++j) {
      UNROLL for (size_t i = 0; i < tall + 2; ++i)
        line[i] = LOAD(m.values + (i * points + j) * m.step + c);
      ADDEND_VARIANT(output_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < tall; ++i) half[i][j] = out[i];
    }
    // The next tile's outputs mostly lie beside these.
    UNROLL for (size_t i = 0; i < tall; ++i)
      UNROLL for (size_t j = wide; j < 2 * wide; ++j)
        PREFETCH(to->y + i * to->row + j * to->column + c, 1);
    const VECTOR shift = to->bias ? LOAD_PART(to->bias + c, mask) : BROADCAST(0.0f);
    UNROLL for (size_t i = 0; i < tall; ++i) {
      ADDEND_VARIANT(output_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < wide; ++j) {
        if (i < to->rows && j < to->columns) {
          const size_t at = i * to->row + j * to->column + c;
          VECTOR result = out[j] + shift;
          if (to->residual) result += LOAD_PART(to->residual + at, mask);
          if (to->rectifies) result = MAXIMUM(result, BROADCAST(0.0f));
          STORE_PART(to->y + at, result, mask);
        }
      }
    }
  }
}

// The classes of tiles: their two sizes, and the points in a line of their family.
#define FOR_CLASSES(one)                              \
  one(4, 4, 6) one(4, 3, 6) one(3, 4, 6) one(3, 3, 6) \
  one(2, 2, 4) one(2, 1, 4) one(1, 2, 4) one(1, 1, 4)
#define TILES(tall, wide, points)                                                               \
  static void ADDEND_VARIANT(input_##tall##_##wide)(const pixel_lists *pixels, size_t first,    \
                                                    size_t last, addend_winograd_block v) {     \
    ADDEND_VARIANT(input_tile)(tall, wide, points, pixels, first, last, v);                     \
  }                                                                                             \
  static void ADDEND_VARIANT(adjoint_##tall##_##wide)(const pixel_lists *pixels, size_t first,  \
                                                      size_t last, addend_winograd_block w) {   \
    ADDEND_VARIANT(adjoint_tile)(tall, wide, points, pixels, first, last, w);                   \
  }                                                                                             \
  static void ADDEND_VARIANT(output_##tall##_##wide)(addend_winograd_block m, size_t count,     \
                                                     const results *to) {                       \
    ADDEND_VARIANT(output_tile)(tall, wide, points, m, count, to);                              \
  }
FOR_CLASSES(TILES)
#undef TILES
#define INPUT(tall, wide, points) [tall - 1][wide - 1] = ADDEND_VARIANT(input_##tall##_##wide),
#define ADJOINT(tall, wide, points) [tall - 1][wide - 1] = ADDEND_VARIANT(adjoint_##tall##_##wide),
#define OUTPUT(tall, wide, points) [tall - 1][wide - 1] = ADDEND_VARIANT(output_##tall##_##wide),
static const forward_tile ADDEND_VARIANT(inputs)[4][4] = {FOR_CLASSES(INPUT)};
static const forward_tile ADDEND_VARIANT(adjoints)[4][4] = {FOR_CLASSES(ADJOINT)};
static const backward_tile ADDEND_VARIANT(outputs)[4][4] = {FOR_CLASSES(OUTPUT)};
#undef INPUT
#undef ADJOINT
#undef OUTPUT
#undef FOR_CLASSES

static void ADDEND_VARIANT(input)(const addend_winograd_plan *plan, const float *x,
                                  const float *zeros, size_t tile, size_t count, size_t first,
                                  size_t last, addend_winograd_block v) {
  const images images = {x, zeros, plan->height, plan->width, plan->channels,
                         (ptrdiff_t)plan->padding, 2};
  transform_tiles(plan, &images, ADDEND_VARIANT(inputs), tile, count, first, last, v);
}

static void ADDEND_VARIANT(adjoint)(const addend_winograd_plan *plan, const float *dy,
                                    const float *zeros, size_t tile, size_t count, size_t first,
                                    size_t last, addend_winograd_block w) {
  const images images = {dy, zeros, plan->output_height, plan->output_width, plan->outputs, 0, 0};
  transform_tiles(plan, &images, ADDEND_VARIANT(adjoints), tile, count, first, last, w);
}

static void ADDEND_VARIANT(output)(const addend_winograd_plan *plan, addend_winograd_block m,
                                   size_t tile, size_t count, size_t first, size_t last,
                                   const float *bias, const float *residual, bool rectifies,
                                   float *y) {
  if (count == 0) return;
  place at = locate(plan, tile);
  for (size_t t = 0; t < count; ++t, m.values += m.pitch) {
    if (t > 0) at = follow(plan, at, tile + t);
    const size_t pixel = (at.image * plan->output_height + at.row) * plan->output_width + at.column;
    const size_t offset = pixel * plan->outputs + first;
    const results to = {.rows = plan->output_height - at.row,
                        .columns = plan->output_width - at.column,
                        .bias = bias ? bias + first : NULL,
                        .residual = residual ? residual + offset : NULL,
                        .rectifies = rectifies,
                        .y = y + offset,
                        .row = plan->output_width * plan->outputs,
                        .column = plan->outputs};
    ADDEND_VARIANT(outputs)[at.tall - 1][at.wide - 1](m, last - first, &to);
  }
}

/// U of one channel and the outputs of one panel.
ADDEND_INLINE void ADDEND_VARIANT(pack_panel)(const addend_winograd_plan *plan,
                                              const size_t points, const float *filter, bool turned,
                                              size_t channel, size_t first, size_t width,
                                              size_t step, float *packed) {
  for (size_t k = 0; k < width; k += LANES) {
    VECTOR half[6][3], line[6], out[6];
    const size_t left = plan->outputs - (first + k), count = left < LANES ? left : LANES;
    const MASK mask = FIRST(count);
    (void)mask;
    for (size_t s = 0; s < 3; ++s) {
      for (size_t r = 0; r < 3; ++r) {
        if (turned) {
          float strided[LANES] = {0};
          const size_t tap = 8 - (r * 3 + s), row = tap * plan->outputs + first + k;
          for (size_t i = 0; i < count; ++i)
            strided[i] = filter[(row + i) * plan->channels + channel];
          line[r] = LOAD(strided);
        } else {
          line[r] = LOAD_PART(
              filter + ((r * 3 + s) * plan->channels + channel) * plan->outputs + first + k, mask);
        }
      }
      ADDEND_VARIANT(filter_line)(points, line, out);
      UNROLL for (size_t i = 0; i < points; ++i) half[i][s] = out[i];
    }
    UNROLL for (size_t i = 0; i < points; ++i) {
      ADDEND_VARIANT(filter_line)(points, half[i], out);
      UNROLL for (size_t j = 0; j < points; ++j)
        STORE(packed + (i * points + j) * step + k, out[j]);
    }
  }
}

static void ADDEND_VARIANT(pack)(const addend_winograd_plan *plan, const float *filter, bool turned,
                                 size_t first, size_t last, float *packed) {
  const addend_brgemm_kernels *products = addend_brgemm_select(ADDEND_SET);
  const size_t panels = addend_brgemm_panel_count(products, plan->outputs);
  const size_t step = plan->channels * addend_brgemm_padded(products, plan->outputs);
  for (size_t panel = 0; panel < panels; ++panel) {
    const size_t start = addend_brgemm_panel_start(products, plan->outputs, panel);
    const size_t width = addend_brgemm_panel_start(products, plan->outputs, panel + 1) - start;
    for (size_t c = first; c < last; ++c) {
      float *to = packed + start * plan->channels + c * width;
      if (plan->points == 6)
        ADDEND_VARIANT(pack_panel)(plan, 6, filter, turned, c, start, width, step, to);
      else
        ADDEND_VARIANT(pack_panel)(plan, 4, filter, turned, c, start, width, step, to);
    }
  }
}

/// dg of one channel.
ADDEND_INLINE void ADDEND_VARIANT(filter_row)(const size_t points, const float *values, size_t step,
                                              size_t count, bool accumulates, float *gradient,
                                              size_t tap_step) {
  for (size_t k = 0; k < count; k += LANES) {
    VECTOR half[3][6], line[6], out[3];
    const MASK mask = FIRST(count - k < LANES ? count - k : LANES);
    UNROLL for (size_t j = 0; j < points; ++j) {
      UNROLL for (size_t i = 0; i < points; ++i)
        line[i] = LOAD(values + (i * points + j) * step + k);
      ADDEND_VARIANT(gradient_line)(points, line, out);
      UNROLL for (size_t r = 0; r < 3; ++r) half[r][j] = out[r];
    }
    UNROLL for (size_t r = 0; r < 3; ++r) {
      ADDEND_VARIANT(gradient_line)(points, half[r], out);
      UNROLL for (size_t s = 0; s < 3; ++s) {
        float *to = gradient + (r * 3 + s) * tap_step + k;
        if (accumulates) out[s] += LOAD_PART(to, mask);
        STORE_PART(to, out[s], mask);
      }
    }
  }
}

static void ADDEND_VARIANT(filter)(const addend_winograd_plan *plan, addend_winograd_block du,
                                   size_t channel, size_t count, size_t first, size_t last,
                                   bool accumulates, float *gradient) {
  for (size_t c = 0; c < count; ++c) {
    const float *values = du.values + c * du.pitch;
    float *to = gradient + (channel + c) * plan->outputs + first;
    const size_t tap_step = plan->channels * plan->outputs;
    if (plan->points == 6)
      ADDEND_VARIANT(filter_row)(6, values, du.step, last - first, accumulates, to, tap_step);
    else
      ADDEND_VARIANT(filter_row)(4, values, du.step, last - first, accumulates, to, tap_step);
  }
}

static const addend_winograd_kernels ADDEND_VARIANT(winograd) = {
    .pack = ADDEND_VARIANT(pack),
    .input = ADDEND_VARIANT(input),
    .output = ADDEND_VARIANT(output),
    .adjoint = ADDEND_VARIANT(adjoint),
    .filter = ADDEND_VARIANT(filter)};
#undef UNROLL
