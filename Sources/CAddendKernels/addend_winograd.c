#include "addend_winograd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// The compiler may fuse products and sums: errors are bounded, bits are not promised across sets.
#pragma STDC FP_CONTRACT ON

/// Where a tile lies, and how many outputs it has.
typedef struct {
  size_t image, row, column, tall, wide;
  /// The column after the last tile of its class in the row.
  size_t end;
} place;

static place locate(const addend_winograd_plan *plan, size_t tile) {
  size_t class = 0;
  while (tile >= plan->starts[class + 1]) ++class;
  const bool is_tall = class <= 1, is_wide = class == 1 || class == 2;
  const size_t tall = plan->size - !is_tall, wide = plan->size - !is_wide;
  const size_t rows = is_tall ? plan->whole_rows : plan->rows - plan->whole_rows;
  const size_t columns = is_wide ? plan->whole_columns : plan->columns - plan->whole_columns;
  const size_t top = is_tall ? 0 : plan->whole_rows * plan->size;
  const size_t left = is_wide ? 0 : plan->whole_columns * plan->size;
  // Divisions of 32 bits are several times faster.
  const uint32_t index = (uint32_t)(tile - plan->starts[class]);
  const uint32_t line = index / (uint32_t)columns, image = line / (uint32_t)rows;
  return (place){.image = image,
                 .row = top + (line - image * rows) * tall,
                 .column = left + (index - line * columns) * wide,
                 .tall = tall,
                 .wide = wide,
                 .end = left + columns * wide};
}

/// The place of `tile`, which follows the one at `at`.
static place follow(const addend_winograd_plan *plan, place at, size_t tile) {
  at.column += at.wide;
  return at.column < at.end ? at : locate(plan, tile);
}

/// Images whose tiles are transformed: they begin `padding` pixels before their outputs, and have
/// `margin` more pixels than outputs.
typedef struct {
  const float *values, *zeros;
  size_t height, width, channels;
  ptrdiff_t padding;
  size_t margin;
} images;

/// The pixels of a tile in order, zeros outside the image, and those of the tile that comes next.
typedef struct {
  const float **now, **next;
} pixel_lists;

static void list_pixels(const images *images, place at, const float **pixels) {
  const ptrdiff_t height = (ptrdiff_t)images->height, width = (ptrdiff_t)images->width;
  const ptrdiff_t channels = (ptrdiff_t)images->channels;
  const ptrdiff_t top = (ptrdiff_t)at.row - images->padding;
  const ptrdiff_t left = (ptrdiff_t)at.column - images->padding;
  const ptrdiff_t tall = (ptrdiff_t)(at.tall + images->margin);
  const ptrdiff_t wide = (ptrdiff_t)(at.wide + images->margin);
  const float *image = images->values + (ptrdiff_t)at.image * height * width * channels;
  if (top >= 0 && left >= 0 && top + tall <= height && left + wide <= width) {
    const float *line = image + (top * width + left) * channels;
    for (ptrdiff_t i = 0; i < tall; ++i, line += width * channels)
      for (ptrdiff_t j = 0; j < wide; ++j) *pixels++ = line + j * channels;
    return;
  }
  for (ptrdiff_t y = top; y < top + tall; ++y)
    for (ptrdiff_t x = left; x < left + wide; ++x) {
      const bool exists = y >= 0 && y < height && x >= 0 && x < width;
      *pixels++ = exists ? image + (y * width + x) * channels : images->zeros;
    }
}

typedef void (*forward_tile)(const pixel_lists *pixels, size_t first, size_t last,
                             addend_winograd_block to);

/// Transforms tiles by the kernels of their classes.
static void transform_tiles(const addend_winograd_plan *plan, const images *images,
                            const forward_tile kernels[4][4], size_t tile, size_t count,
                            size_t first, size_t last, addend_winograd_block to) {
  const float *lists[2][36];
  for (size_t i = 0; i < 36; ++i) lists[0][i] = lists[1][i] = images->zeros;
  if (count == 0) return;
  place next = locate(plan, tile);
  list_pixels(images, next, lists[0]);
  for (size_t t = 0; t < count; ++t, to.values += to.pitch) {
    const place at = next;
    const pixel_lists pixels = {lists[t & 1], lists[(t + 1) & 1]};
    if (t + 1 < count) {
      next = follow(plan, at, tile + t + 1);
      list_pixels(images, next, pixels.next);
    }
    kernels[at.tall - 1][at.wide - 1](&pixels, first, last, to);
  }
}

/// Where a tile's outputs go.
typedef struct {
  /// How many of them lie in the image.
  size_t rows, columns;
  const float *bias, *residual;
  bool rectifies;
  float *y;
  /// Floats from one row or column to the next.
  size_t row, column;
} results;

typedef void (*backward_tile)(addend_winograd_block m, size_t count, const results *to);

#define PREFETCH(p, writes) __builtin_prefetch(p, writes, 3)

#define ADDEND_SOURCE "addend_winograd_tile.h"
#include "addend_sets.h"

const addend_winograd_kernels *addend_winograd_select(addend_isa isa) {
  return ADDEND_SELECT(isa, winograd);
}

/// Cuts an extent into tiles and returns how many of them are of the greater size.
static size_t cut(size_t extent, size_t size, size_t *tiles) {
  *tiles = (extent + size - 1) / size;
  const size_t excess = *tiles * size - extent;
  return excess < *tiles ? *tiles - excess : 0;
}

void addend_winograd_derive(addend_winograd_plan *plan) {
  plan->output_height = plan->height + 2 * plan->padding - 2;
  plan->output_width = plan->width + 2 * plan->padding - 2;
  plan->points = plan->size + 2;
  plan->whole_rows = cut(plan->output_height, plan->size, &plan->rows);
  plan->whole_columns = cut(plan->output_width, plan->size, &plan->columns);
  const size_t tall = plan->whole_rows, low = plan->rows - tall;
  const size_t wide = plan->whole_columns, narrow = plan->columns - wide;
  plan->starts[0] = 0;
  plan->starts[1] = plan->starts[0] + plan->batch * tall * narrow;
  plan->starts[2] = plan->starts[1] + plan->batch * tall * wide;
  plan->starts[3] = plan->starts[2] + plan->batch * low * wide;
  plan->starts[4] = plan->starts[3] + plan->batch * low * narrow;
}

size_t addend_winograd_tiles_of(const addend_winograd_plan *plan, size_t point, size_t tile,
                                size_t count, size_t *begin) {
  // The last point of a line is the greater tiles' alone.
  const bool tall = point / plan->points == plan->points - 1;
  const bool wide = point % plan->points == plan->points - 1;
  const size_t from = plan->starts[wide ? 1 : 0];
  const size_t to = plan->starts[tall ? 2 : wide ? 3 : 4];
  const size_t low = from > tile ? from - tile : 0, high = to > tile ? to - tile : 0;
  *begin = low < count ? low : count;
  return high < count ? high : count;
}

/// Floats of a packed panel that the first cache keeps beside all else.
enum { near_count = 1 << 13 };

void addend_winograd_products(const addend_winograd_plan *plan,
                              const addend_brgemm_kernels *kernels, const float *packed,
                              addend_winograd_block v, size_t tile, size_t count, size_t first,
                              size_t last, addend_winograd_block m) {
  const size_t depth = plan->channels;
  const size_t point_size = depth * addend_brgemm_padded(kernels, plan->outputs);
  const size_t panels = addend_brgemm_panel_count(kernels, plan->outputs);
  // The first panel is the widest, and narrower ones are narrower by one vector: no divisions below.
  const size_t widest = addend_brgemm_panel_start(kernels, plan->outputs, 1) / kernels->lanes;
  const size_t wide = point_size / depth / kernels->lanes - panels * (widest - 1);
  for (size_t point = first; point < last; ++point) {
    size_t begin;
    const size_t end = addend_winograd_tiles_of(plan, point, tile, count, &begin);
    for (size_t panel = 0, start = 0, width; panel < panels; ++panel, start += width) {
      const size_t vectors = panel < wide ? widest : widest - 1;
      width = vectors * kernels->lanes;
      const size_t limit = kernels->row_limit[vectors - 1];
      // Packed panels are whole vectors, and so are the rows of m.
      addend_brgemm_tile product = {.columns = width,
                                    .taps = 1,
                                    .depth = depth,
                                    .a_offset = point * v.step,
                                    .b = packed + point * point_size + start * depth,
                                    .ldb = width,
                                    .is_padded = true,
                                    .ldc = m.pitch};
      for (size_t row = begin; row < end; row += product.rows) {
        const float *rows[addend_brgemm_most_rows];
        product.rows = addend_brgemm_next_rows(end - row, limit);
        for (size_t i = 0; i < product.rows; ++i) rows[i] = v.values + (row + i) * v.pitch;
        product.a = rows;
        product.c = m.values + point * m.step + row * m.pitch + start;
        // The first tile fetches the panel from memory or a far cache for the others.
        const bool far = row == begin || depth * width > near_count;
        (far ? kernels->streaming : kernels->straight)[vectors - 1][product.rows - 1](&product);
      }
    }
  }
}

void addend_winograd_filter_products(const addend_winograd_plan *plan,
                                     const addend_brgemm_kernels *kernels, addend_winograd_block v,
                                     addend_winograd_block w, size_t tile, size_t count,
                                     size_t channel, size_t channels, size_t panel,
                                     addend_winograd_block du) {
  const size_t start = addend_brgemm_panel_start(kernels, plan->outputs, panel);
  const size_t width = addend_brgemm_panel_start(kernels, plan->outputs, panel + 1) - start;
  const size_t vectors = width / kernels->lanes;
  const size_t limit = kernels->row_limit[vectors - 1];
  for (size_t point = 0; point < plan->points * plan->points; ++point) {
    size_t begin;
    const size_t end = addend_winograd_tiles_of(plan, point, tile, count, &begin);
    const float *left = v.values + point * v.step + begin * v.pitch + channel;
    addend_brgemm_tile product = {.columns = width,
                                  .taps = 1,
                                  .depth = begin < end ? end - begin : 0,
                                  .a = &left,
                                  .lda = v.pitch,
                                  .b = w.values + point * w.step + begin * w.pitch + start,
                                  .ldb = w.pitch,
                                  .is_padded = true,
                                  .ldc = du.pitch};
    for (size_t row = 0; row < channels; row += product.rows) {
      product.rows = addend_brgemm_next_rows(channels - row, limit);
      product.a_offset = row;
      product.c = du.values + point * du.step + row * du.pitch;
      kernels->transposed[vectors - 1][product.rows - 1](&product);
    }
  }
}

/// Magnitudes in the matrices of a size of tile, point by point: G, the sums of Bᵀ's rows as they
/// are computed, and A.
typedef struct {
  size_t points, outputs;
  double g[6][3], b[6], a[6][4];
} line_norms;

static line_norms norms_of(size_t size) {
  const double a = 0.625, b = 1.5, s0 = 1 / (a * a * b * b), f = a * a * (b * b - a * a);
  const double sa = 1 / (2 * f), sb = a * a / (b * b) * sa;
  // In tiles of 3, the points ±a take d[2] in two terms.
  const double near = (1 + b) * (1 + a);
  switch (size) {
    case 4:
      return (line_norms){6, 4,
                          {{s0, 0, 0}, {sa, sa * a, sa * a * a}, {sa, sa * a, sa * a * a},
                           {sb, sb * b, sb * b * b}, {0, 0, 1}, {sb, sb * b, sb * b * b}},
                          {(1 + a * a * b * b) + (a * a + b * b), (1 + b * b) * (1 + a),
                           (1 + b * b) * (1 + a), (1 + a * a) * (1 + b),
                           (1 + a * a * b * b) + (a * a + b * b), (1 + a * a) * (1 + b)},
                          {{1, 0, 0, 0}, {1, a, a * a, a * a * a}, {1, a, a * a, a * a * a},
                           {1, b, b * b, b * b * b}, {0, 0, 0, 1}, {1, b, b * b, b * b * b}}};
    case 3:
      return (line_norms){5, 3,
                          {{s0, 0, 0}, {sa, sa * a, sa * a * a}, {sa, sa * a, sa * a * a},
                           {sb, sb * b, sb * b * b}, {0, 0, 1}},
                          {b * (1 + b) * (1 + a * a), (b + a) * near, (b - a) * near,
                           2 * b * (1 + a * a), (1 + b) * (1 + a * a)},
                          {{1, 0, 0}, {1, a, a * a}, {1, a, a * a}, {1, b, b * b}, {0, 0, 1}}};
    case 2:
      return (line_norms){4, 2,
                          {{1, 0, 0}, {0.5, 0.5, 0.5}, {0, 0, 1}, {0.5, 0.5, 0.5}},
                          {2, 2, 2, 2},
                          {{1, 0}, {1, 1}, {0, 1}, {1, 1}}};
    default:
      return (line_norms){3, 1,
                          {{1, 0, 0}, {0.5, 0.5, 0.5}, {0, 0, 1}},
                          {2, 2, 2},
                          {{1}, {1}, {1}}};
  }
}

static double sum_of(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

/// The greatest norm of a line of outputs, or of one of the filter's gradient.
static double line_norm(size_t size, bool of_filter) {
  const line_norms norms = norms_of(size);
  double greatest = 0;
  for (size_t line = 0; line < (of_filter ? 3 : norms.outputs); ++line) {
    double norm = 0;
    for (size_t p = 0; p < norms.points; ++p)
      norm += norms.b[p] * (of_filter ? norms.g[p][line] * sum_of(norms.a[p], norms.outputs)
                                      : norms.a[p][line] * sum_of(norms.g[p], 3));
    if (norm > greatest) greatest = norm;
  }
  return greatest;
}

static double family_norm(const addend_winograd_plan *plan, bool of_filter) {
  const double whole = line_norm(plan->size, of_filter);
  const double lesser = line_norm(plan->size - 1, of_filter);
  const double norm = whole > lesser ? whole : lesser;
  return norm * norm;
}

double addend_winograd_norm(const addend_winograd_plan *plan) { return family_norm(plan, false); }
double addend_winograd_filter_norm(const addend_winograd_plan *plan) {
  return family_norm(plan, true);
}
