// The transforms of one instruction set, named by ADDEND_VARIANT. No include guard: addend_winograd.c
// includes this file once for each, with the set's vectors behind the macros. Sums and products are
// written with the vectors' operators; the compiler fuses them where the set can.

#define A (5.0f / 8)
#define B (3.0f / 2)
// The scales of G at 0, ±A and ±B.
#define S0 (256.0f / 225)
#define SA (-2048.0f / 2975)
#define SB (128.0f / 1071)

/// Bᵀ x of one row or column, for a tile of `size` outputs.
ADDEND_INLINE void ADDEND_VARIANT(input_line)(const size_t size, const VECTOR *d, VECTOR *v) {
  if (size == 4) {
    const VECTOR even_a = d[4] - B * B * d[2], odd_a = d[3] - B * B * d[1];
    const VECTOR even_b = d[4] - A * A * d[2], odd_b = d[3] - A * A * d[1];
    v[0] = A * A * B * B * d[0] - (A * A + B * B) * d[2] + d[4];
    v[1] = even_a + A * odd_a;
    v[2] = even_a - A * odd_a;
    v[3] = even_b + B * odd_b;
    v[4] = A * A * B * B * d[1] - (A * A + B * B) * d[3] + d[5];
    v[5] = even_b - B * odd_b;
  } else if (size == 3) {
    const VECTOR e0 = d[1] - B * d[0], e1 = d[2] - B * d[1], e2 = d[3] - B * d[2];
    const VECTOR e3 = d[4] - B * d[3];
    v[0] = B * e2 - A * A * B * e0;
    v[1] = (A + B) * e2 + (A + B) * A * e1;
    v[2] = (B - A) * e2 - (B - A) * A * e1;
    v[3] = 2 * B * d[3] - 2 * A * A * B * d[1];
    v[4] = e3 - A * A * e1;
  } else if (size == 2) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[3] - d[1];
    v[3] = d[2] - d[1];
  } else {
    v[0] = d[0] - d[1];
    v[1] = d[1] + d[1];
    v[2] = d[2] - d[1];
  }
}

/// Aᵀ m of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(output_line)(const size_t size, const VECTOR *m, VECTOR *y) {
  if (size == 4) {
    const VECTOR sum_a = m[1] + m[2], sum_b = m[3] + m[5];
    const VECTOR gap_a = m[1] - m[2], gap_b = m[3] - m[5];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = A * gap_a + B * gap_b;
    y[2] = A * A * sum_a + B * B * sum_b;
    y[3] = A * A * A * gap_a + (B * B * B * gap_b + m[4]);
  } else if (size == 3) {
    const VECTOR sum_a = m[1] + m[2], gap_a = m[1] - m[2];
    y[0] = m[0] + sum_a + m[3];
    y[1] = A * gap_a + B * m[3];
    y[2] = A * A * sum_a + (B * B * m[3] + m[4]);
  } else if (size == 2) {
    y[0] = m[0] + m[1] + m[3];
    y[1] = m[1] + m[2] - m[3];
  } else {
    y[0] = m[0] + m[1] + m[2];
  }
}

/// A dy of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(adjoint_line)(const size_t size, const VECTOR *y, VECTOR *w) {
  if (size == 4) {
    const VECTOR even_a = y[0] + A * A * y[2], odd_a = y[1] + A * A * y[3];
    const VECTOR even_b = y[0] + B * B * y[2], odd_b = y[1] + B * B * y[3];
    w[0] = y[0];
    w[1] = even_a + A * odd_a;
    w[2] = even_a - A * odd_a;
    w[3] = even_b + B * odd_b;
    w[4] = y[3];
    w[5] = even_b - B * odd_b;
  } else if (size == 3) {
    const VECTOR even = y[0] + A * A * y[2];
    w[0] = y[0];
    w[1] = even + A * y[1];
    w[2] = even - A * y[1];
    w[3] = y[0] + B * (y[1] + B * y[2]);
    w[4] = y[2];
  } else if (size == 2) {
    w[0] = y[0];
    w[1] = y[0] + y[1];
    w[2] = y[1];
    w[3] = y[0] - y[1];
  } else {
    w[0] = w[1] = w[2] = y[0];
  }
}

/// G g of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(filter_line)(const size_t points, const VECTOR *g, VECTOR *u) {
  if (points == 6) {
    const VECTOR even_a = SA * g[0] + SA * A * A * g[2], odd_a = SA * A * g[1];
    const VECTOR even_b = SB * g[0] + SB * B * B * g[2], odd_b = SB * B * g[1];
    u[0] = S0 * g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = g[2];
    u[5] = even_b - odd_b;
  } else {
    const VECTOR even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = g[2];
    u[3] = even - odd;
  }
}

/// Gᵀ dU of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(gradient_line)(const size_t points, const VECTOR *u, VECTOR *g) {
  if (points == 6) {
    const VECTOR sum_a = u[1] + u[2], sum_b = u[3] + u[5];
    const VECTOR gap_a = u[1] - u[2], gap_b = u[3] - u[5];
    g[0] = S0 * u[0] + (SA * sum_a + SB * sum_b);
    g[1] = SA * A * gap_a + SB * B * gap_b;
    g[2] = SA * A * A * sum_a + (SB * B * B * sum_b + u[4]);
  } else {
    const VECTOR sum = 0.5f * (u[1] + u[3]);
    g[0] = u[0] + sum;
    g[1] = 0.5f * (u[1] - u[3]);
    g[2] = sum + u[2];
  }
}
#undef A
#undef B
#undef S0
#undef SA
#undef SB

#define UNROLL _Pragma("clang loop unroll(full)")

/// The transform of one tile, `tall` × `wide` outputs. `pixels` points to (tall + 2) × (wide + 2) pixels.
ADDEND_INLINE void ADDEND_VARIANT(input_tile)(const size_t tall, const size_t wide, const size_t points,
                                              const float *const *pixels,
                                              const float *const *next, size_t first, size_t last,
                                              float *values, size_t step) {
  const size_t m = tall + 2, n = wide + 2;
  for (size_t c = first; c < last; c += LANES) {
    VECTOR half[6][6], line[6], out[6];
    const MASK mask = FIRST(last - c < LANES ? last - c : LANES);
    UNROLL for (size_t j = 0; j < n; ++j) {
      UNROLL for (size_t i = 0; i < m; ++i) {
        line[i] = LOAD_PART(pixels[i * n + j] + c, mask);
        if (j >= 2) PREFETCH(next[i * n + j] + c);
      }
      ADDEND_VARIANT(input_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < m; ++i) half[i][j] = out[i];
    }
    UNROLL for (size_t i = 0; i < m; ++i) {
      ADDEND_VARIANT(input_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < n; ++j) STORE(values + (i * points + j) * step + c, out[j]);
    }
  }
}

/// The same of a tile of gradients; `pixels` points to tall × wide of them.
ADDEND_INLINE void ADDEND_VARIANT(adjoint_tile)(const size_t tall, const size_t wide,
                                                const size_t points, const float *const *pixels,
                                                const float *const *next, size_t first, size_t last, float *values, size_t step) {
  const size_t m = tall + 2, n = wide + 2;
  // A size-4 tile has 6 points, a size-1 tile 3.
  for (size_t c = first; c < last; c += LANES) {
    VECTOR half[6][4], line[4], out[6];
    const MASK mask = FIRST(last - c < LANES ? last - c : LANES);
    UNROLL for (size_t j = 0; j < wide; ++j) {
      UNROLL for (size_t i = 0; i < tall; ++i) {
        line[i] = LOAD_PART(pixels[i * wide + j] + c, mask);
        PREFETCH(next[i * wide + j] + c);
      }
      ADDEND_VARIANT(adjoint_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < m; ++i) half[i][j] = out[i];
    }
    UNROLL for (size_t i = 0; i < m; ++i) {
      ADDEND_VARIANT(adjoint_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < n; ++j) STORE(values + (i * points + j) * step + c, out[j]);
    }
  }
}

/// The outputs of one tile, of which `rows` × `columns` lie inside the image.
ADDEND_INLINE void ADDEND_VARIANT(output_tile)(const size_t tall, const size_t wide, const size_t points,
                                               const float *values, size_t step, size_t rows,
                                               size_t columns, size_t count, const float *bias,
                                               const float *residual, bool rectifies, float *y,
                                               size_t y_row, size_t y_column) {
  const size_t m = tall + 2, n = wide + 2;
  for (size_t c = 0; c < count; c += LANES) {
    VECTOR half[4][6], line[6], out[4];
    const MASK mask = FIRST(count - c < LANES ? count - c : LANES);
    UNROLL for (size_t j = 0; j < n; ++j) {
      UNROLL for (size_t i = 0; i < m; ++i) line[i] = LOAD(values + (i * points + j) * step + c);
      ADDEND_VARIANT(output_line)(tall, line, out);
      UNROLL for (size_t i = 0; i < tall; ++i) half[i][j] = out[i];
    }
    // The next tile's outputs lie beside these.
    UNROLL for (size_t i = 0; i < tall; ++i)
      UNROLL for (size_t j = 0; j < wide; ++j)
        PREFETCH_OUTPUT(y + i * y_row + (wide + j) * y_column + c);
    const VECTOR shift = bias ? LOAD_PART(bias + c, mask) : BROADCAST(0.0f);
    UNROLL for (size_t i = 0; i < tall; ++i) {
      if (i < rows) {
      ADDEND_VARIANT(output_line)(wide, half[i], out);
      UNROLL for (size_t j = 0; j < wide; ++j) {
        if (j < columns) {
          const size_t at = i * y_row + j * y_column + c;
          VECTOR result = out[j] + shift;
          if (residual) result += LOAD_PART(residual + at, mask);
          if (rectifies) result = MAXIMUM(result, BROADCAST(0.0f));
          STORE_PART(y + at, result, mask);
        }
      }
      }
    }
  }
}

#define FOR_CLASSES(one)                                  \
  one(4, 4, 6) one(4, 3, 6) one(3, 4, 6) one(3, 3, 6)     \
  one(2, 2, 4) one(2, 1, 4) one(1, 2, 4) one(1, 1, 4)
// Tiles by the two sizes.
#define INPUT(tall, wide, points)                                                                   \
  static void ADDEND_VARIANT(input_##tall##_##wide)(                                                \
      const float *const *pixels, const float *const *next, size_t first, size_t last,              \
      float *values, size_t step) {                                                                 \
    ADDEND_VARIANT(input_tile)(tall, wide, points, pixels, next, first, last, values, step);        \
  }                                                                                                 \
  static void ADDEND_VARIANT(adjoint_##tall##_##wide)(                                              \
      const float *const *pixels, const float *const *next, size_t first, size_t last,              \
      float *values, size_t step) {                                                                 \
    ADDEND_VARIANT(adjoint_tile)(tall, wide, points, pixels, next, first, last, values, step);      \
  }                                                                                                 \
  static void ADDEND_VARIANT(output_##tall##_##wide)(                                               \
      const float *values, size_t step, size_t rows, size_t columns, size_t count,                  \
      const float *bias, const float *residual, bool rectifies, float *y, size_t y_row,             \
      size_t y_column) {                                                                            \
    ADDEND_VARIANT(output_tile)(tall, wide, points, values, step, rows, columns, count, bias,       \
                                residual, rectifies, y, y_row, y_column);                           \
  }
FOR_CLASSES(INPUT)
#undef INPUT
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

static void ADDEND_VARIANT(input)(const addend_winograd_plan *plan, const float *x, const float *zeros,
                                  size_t tile, size_t count, size_t first, size_t last,
                                  addend_winograd_block v) {
  // Lists of this tile's pixels and of the next one's.
  const float *pixels[2][36];
  for (size_t i = 0; i < 36; ++i) pixels[0][i] = pixels[1][i] = zeros;
  place next = locate(plan, tile);
  gather_pixels(x, zeros, plan->height, plan->width, plan->channels, next.image,
                  (ptrdiff_t)next.row - (ptrdiff_t)plan->padding,
                  (ptrdiff_t)next.column - (ptrdiff_t)plan->padding, next.tall + 2, next.wide + 2, pixels[0]);
  for (size_t t = 0; t < count; ++t) {
    const place at = next;
    if (t + 1 < count) next = locate(plan, tile + t + 1);
    gather_pixels(x, zeros, plan->height, plan->width, plan->channels, next.image,
                  (ptrdiff_t)next.row - (ptrdiff_t)plan->padding,
                  (ptrdiff_t)next.column - (ptrdiff_t)plan->padding, next.tall + 2, next.wide + 2,
                  pixels[(t + 1) & 1]);
    ADDEND_VARIANT(inputs)[at.tall - 1][at.wide - 1](pixels[t & 1], pixels[(t + 1) & 1], first, last, v.values + t * v.pitch, v.step);
  }
}

static void ADDEND_VARIANT(adjoint)(const addend_winograd_plan *plan, const float *dy,
                                    const float *zeros, size_t tile, size_t count, size_t first,
                                    size_t last, addend_winograd_block w) {
  // Lists of this tile's pixels and of the next one's.
  const float *pixels[2][36];
  for (size_t i = 0; i < 36; ++i) pixels[0][i] = pixels[1][i] = zeros;
  place next = locate(plan, tile);
  gather_pixels(dy, zeros, plan->output_height, plan->output_width, plan->outputs, next.image,
                  (ptrdiff_t)next.row, (ptrdiff_t)next.column, next.tall, next.wide, pixels[0]);
  for (size_t t = 0; t < count; ++t) {
    const place at = next;
    if (t + 1 < count) next = locate(plan, tile + t + 1);
    gather_pixels(dy, zeros, plan->output_height, plan->output_width, plan->outputs, next.image,
                  (ptrdiff_t)next.row, (ptrdiff_t)next.column, next.tall, next.wide,
                  pixels[(t + 1) & 1]);
    ADDEND_VARIANT(adjoints)[at.tall - 1][at.wide - 1](pixels[t & 1], pixels[(t + 1) & 1], first, last, w.values + t * w.pitch, w.step);
  }
}

static void ADDEND_VARIANT(output)(const addend_winograd_plan *plan, addend_winograd_block m, size_t tile,
                                   size_t count, size_t first, size_t last, const float *bias,
                                   const float *residual, bool rectifies, float *y) {
  for (size_t t = 0; t < count; ++t) {
    const place at = locate(plan, tile + t);
    const size_t offset =
        ((at.image * plan->output_height + at.row) * plan->output_width + at.column) * plan->outputs +
        first;
    const size_t rows = plan->output_height - at.row, columns = plan->output_width - at.column;
    ADDEND_VARIANT(outputs)[at.tall - 1][at.wide - 1](
        m.values + t * m.pitch, m.step, rows, columns, last - first, bias ? bias + first : NULL,
        residual ? residual + offset : NULL, rectifies, y + offset, plan->output_width * plan->outputs,
        plan->outputs);
  }
}

ADDEND_INLINE void ADDEND_VARIANT(pack_panel)(const addend_winograd_plan *plan, const size_t points,
                                              const float *filter, bool turned, size_t channel,
                                              size_t first, size_t width, size_t step, float *packed) {
  for (size_t k = 0; k < width; k += LANES) {
    VECTOR half[6][3], line[6], out[6];
    const size_t left = plan->outputs - (first + k), count = left < LANES ? left : LANES;
    const MASK mask = FIRST(count);
    (void)mask;
    for (size_t s = 0; s < 3; ++s) {
      for (size_t r = 0; r < 3; ++r) {
        if (turned) {
          float strided[LANES] = {0};
          const float *from =
              filter + (((2 - r) * 3 + (2 - s)) * plan->outputs + first + k) * plan->channels + channel;
          for (size_t i = 0; i < count; ++i) strided[i] = from[i * plan->channels];
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
      UNROLL for (size_t j = 0; j < points; ++j) STORE(packed + (i * points + j) * step + k, out[j]);
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

ADDEND_INLINE void ADDEND_VARIANT(filter_row)(const size_t points, const float *values, size_t step,
                                              size_t count, bool accumulates, float *gradient,
                                              size_t tap_step) {
  for (size_t k = 0; k < count; k += LANES) {
    VECTOR half[3][6], line[6], out[3];
    const MASK mask = FIRST(count - k < LANES ? count - k : LANES);
    UNROLL for (size_t j = 0; j < points; ++j) {
      UNROLL for (size_t i = 0; i < points; ++i) line[i] = LOAD(values + (i * points + j) * step + k);
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
