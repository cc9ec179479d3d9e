#include "addend_direct.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include "addend_transpose.h"
#endif

#ifndef TUNE
enum {
  // Floats of side by side taps up to which the few copies at an image's borders pay.
  addend_direct_merged_limit = 256,
  // The length of sums between two additions to the result.
  addend_direct_chunk = 512,
  // Products of one vector that a tile's beginning and end take as long as.
  addend_direct_tile_cost = 64,
  addend_direct_block_floats = 1 << 17,
  addend_direct_least_block = 48,
  addend_direct_most_block = 384,
  // A source of more floats than this lies beyond the second level of the cache.
  addend_direct_far_floats = 1 << 20,
};
#endif

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t parts_of(size_t count, size_t size) { return (count + size - 1) / size; }

static addend_direct_axis output_axis(size_t extent, size_t results, size_t taps,
                                      const addend_window *w) {
  return (addend_direct_axis){.extent = extent,
                              .results = results,
                              .step = w->stride,
                              .taps = taps,
                              .first = -(ptrdiff_t)w->padding,
                              .increment = (ptrdiff_t)w->dilation,
                              .filter_first = 0,
                              .filter_step = 1};
}

addend_direct_piece addend_direct_output(size_t batch, const addend_window *w, size_t outputs,
                                         size_t groups) {
  const size_t pixel = outputs * groups;
  return (addend_direct_piece){
      .batch = batch,
      .groups = groups,
      .down = output_axis(w->height, w->output_height, w->filter_height, w),
      .across = output_axis(w->width, w->output_width, w->filter_width, w),
      .depth = w->channels,
      .results = outputs,
      .result_pixel = pixel,
      .result_row = pixel * w->output_width,
      .result_image = pixel * w->output_width * w->output_height};
}

/// Pixel i of the image has a part in output p under tap r where i = p · stride + r · dilation −
/// padding. For i = residue + j · stride: p = j + (residue + padding − r · dilation) / stride for the
/// taps that divide it. They are counted from the last on, so that p grows from tap to tap.
static addend_direct_axis gradient_axis(size_t extent, size_t results, size_t taps,
                                        const addend_window *w, size_t residue) {
  addend_direct_axis axis = {.extent = results,
                             .results = extent > residue ? parts_of(extent - residue, w->stride) : 0,
                             .step = 1};
  const ptrdiff_t stride = (ptrdiff_t)w->stride, dilation = (ptrdiff_t)w->dilation;
  for (ptrdiff_t r = (ptrdiff_t)taps - 1; r >= 0; --r) {
    const ptrdiff_t distance = (ptrdiff_t)(residue + w->padding) - r * dilation;
    if (distance % stride) continue;
    if (axis.taps == 0) {
      axis.filter_first = r;
      axis.first = distance / stride;
    } else if (axis.taps == 1) {
      axis.filter_step = r - axis.filter_first;
      axis.increment = distance / stride - axis.first;
    }
    ++axis.taps;
  }
  return axis;
}

addend_direct_piece addend_direct_input_gradient(size_t batch, const addend_window *w,
                                                 size_t outputs, size_t groups, size_t row,
                                                 size_t column) {
  const size_t pixel = w->channels * groups;
  return (addend_direct_piece){
      .batch = batch,
      .groups = groups,
      .down = gradient_axis(w->height, w->output_height, w->filter_height, w, row),
      .across = gradient_axis(w->width, w->output_width, w->filter_width, w, column),
      .depth = outputs,
      .results = w->channels,
      .result_pixel = pixel * w->stride,
      .result_row = pixel * w->width * w->stride,
      .result_image = pixel * w->width * w->height,
      .result_first = (row * w->width + column) * pixel,
      .is_gradient = true};
}

/// Successive results that reach the same taps of an axis, which are then `taps` from `tap` on.
typedef struct {
  size_t first, count, tap, taps;
} band;

/// The bands of an axis, or 0 where they are more than `addend_direct_most_bands`.
static size_t find_bands(const addend_direct_axis *axis, band *bands) {
  size_t count = 0;
  for (size_t p = 0; p < axis->results; ++p) {
    const ptrdiff_t start = (ptrdiff_t)(p * axis->step) + axis->first;
    size_t tap = 0, end = axis->taps;
    while (tap < end && start + (ptrdiff_t)tap * axis->increment < 0) ++tap;
    while (end > tap && start + (ptrdiff_t)(end - 1) * axis->increment >= (ptrdiff_t)axis->extent)
      --end;
    if (tap == end) tap = end = 0;
    if (count && bands[count - 1].tap == tap && bands[count - 1].taps == end - tap) {
      ++bands[count - 1].count;
    } else {
      if (count == addend_direct_most_bands) return 0;
      bands[count++] = (band){p, 1, tap, end - tap};
    }
  }
  return count;
}

/// Sets the lines of a rectangle, and returns about how many cycles its tiles take for each vector of
/// results: sums of fewer than eight vectors wait for each other.
static size_t cut_lines(const addend_direct_plan *plan, addend_direct_rectangle *r) {
  const size_t batch = plan->piece.batch;
  switch (r->direction) {
    case ADDEND_ALONG_ALL: r->length = batch * r->height * r->width; r->lines = 1; break;
    case ADDEND_ALONG_COLUMNS: r->length = r->width; r->lines = batch * r->height; break;
    case ADDEND_ALONG_ROWS: r->length = r->height; r->lines = batch * r->width; break;
    case ADDEND_ALONG_IMAGES: r->length = batch; r->lines = r->height * r->width; break;
  }
  r->line_tiles = parts_of(r->length, plan->tile_rows);
  const size_t sums = r->taps_down * r->taps_across * plan->depth;
  const size_t positions = larger(r->length, r->line_tiles * 2);
  return r->lines * (positions * sums + r->line_tiles * addend_direct_tile_cost);
}

static void choose_direction(const addend_direct_plan *plan, addend_direct_rectangle *r,
                             bool is_everything) {
  const addend_direct_piece *p = &plan->piece;
  const bool is_flat = is_everything && p->result_row == p->across.results * p->result_pixel &&
                       p->result_image == p->down.results * p->result_row;
  addend_direct_rectangle best = *r;
  size_t least = SIZE_MAX;
  for (int d = is_flat ? ADDEND_ALONG_ALL : ADDEND_ALONG_COLUMNS; d <= ADDEND_ALONG_IMAGES; ++d) {
    r->direction = (addend_direct_direction)d;
    const size_t cost = cut_lines(plan, r);
    if (cost < least) {
      least = cost;
      best = *r;
    }
  }
  *r = best;
  const size_t pixel = p->depth * p->groups, line = p->across.extent * pixel;
  switch (r->direction) {
    case ADDEND_ALONG_ALL: {
      const bool is_even = p->down.step * p->across.extent == p->across.step * p->across.results &&
                           p->down.extent == p->down.step * p->down.results;
      r->source_step = is_even ? p->across.step * pixel : 0;
      break;
    }
    case ADDEND_ALONG_COLUMNS: r->source_step = p->across.step * pixel; break;
    case ADDEND_ALONG_ROWS: r->source_step = p->down.step * line; break;
    case ADDEND_ALONG_IMAGES: r->source_step = p->down.extent * line; break;
  }
}

/// Covers the positions by rectangles, for each set of taps along the axes that are asked for.
/// Returns about what they cost.
static size_t cover(addend_direct_plan *plan, bool splits_rows, bool splits_columns) {
  const addend_direct_piece *p = &plan->piece;
  band down[addend_direct_most_bands], across[addend_direct_most_bands];
  size_t rows = splits_rows ? find_bands(&p->down, down) : 0;
  size_t columns = splits_columns ? find_bands(&p->across, across) : 0;
  const bool is_padded = !rows || !columns;
  if (!rows) down[rows++] = (band){0, p->down.results, 0, p->down.taps};
  if (!columns) across[columns++] = (band){0, p->across.results, 0, plan->taps_across};
  size_t cost = 0;
  plan->rectangle_count = 0;
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) {
      addend_direct_rectangle *r = plan->rectangles + plan->rectangle_count++;
      *r = (addend_direct_rectangle){.top = down[i].first,
                                     .left = across[j].first,
                                     .height = down[i].count,
                                     .width = across[j].count,
                                     .tap_top = down[i].tap,
                                     .tap_left = across[j].tap,
                                     .taps_down = down[i].taps,
                                     .taps_across = across[j].taps,
                                     .is_padded = is_padded};
      choose_direction(plan, r, rows * columns == 1);
      cost += cut_lines(plan, r);
    }
  return cost;
}

static void set_taps(addend_direct_plan *plan, bool merges) {
  const addend_direct_piece *p = &plan->piece;
  plan->merges = merges;
  plan->taps_across = merges ? 1 : p->across.taps;
  plan->taps = p->down.taps * plan->taps_across;
  plan->depth = p->depth * (merges ? p->across.taps : 1);
}

/// Cuts the work into some `wanted` parts so that the least is read twice: each part of the tiles
/// reads all of the filter, each part of the panels all of the source.
static void cut(addend_direct_plan *plan) {
  const addend_direct_piece *p = &plan->piece;
  const size_t filter = plan->taps * plan->depth * p->results;
  const size_t work = p->batch * p->down.results * p->across.results * filter / 1000000;
  const size_t wanted = smaller(larger(parts_of(work, p->groups), 1), larger(16 / p->groups, 1));
  const size_t source = p->batch * p->down.extent * p->across.extent * p->depth;
  size_t least = SIZE_MAX;
  for (size_t across = 1; across <= smaller(plan->panels, wanted); ++across) {
    const size_t panel_step = parts_of(plan->panels, across);
    if (parts_of(plan->panels, panel_step) != across) continue;
    const size_t step = parts_of(plan->tiles, parts_of(wanted, across));
    const size_t parts = parts_of(plan->tiles, step);
    // Too few parts keep threads waiting, which costs more than reading does.
    const size_t missing = wanted > parts * across ? wanted - parts * across : 0;
    const size_t cost = across * source + parts * filter + missing * (source + filter);
    if (cost >= least) continue;
    least = cost;
    plan->tile_step = step;
    plan->tile_parts = parts;
    plan->panel_step = panel_step;
    plan->panel_parts = across;
  }
}

addend_direct_plan addend_direct_prepare(const addend_brgemm_kernels *kernels,
                                         const addend_direct_piece *piece) {
  addend_direct_plan plan = {.kernels = kernels, .piece = *piece};
  const addend_direct_piece *p = &plan.piece;
  set_taps(&plan, false);
  plan.panels = addend_brgemm_panel_count(kernels, p->results);
  if (!p->batch || !p->down.results || !p->across.results || !plan.panels) return plan;
  // The first panel is the widest.
  const size_t width = larger(addend_brgemm_panel_start(kernels, p->results, 1), 1);
  plan.tile_rows = kernels->row_limit[parts_of(width, kernels->lanes) - 1];
  const bool may_merge = p->groups == 1 && p->across.taps > 1 && p->across.increment == 1 &&
                         p->across.taps * p->depth <= addend_direct_merged_limit;
  // What costs least: sums over the padding, more and smaller tiles without, or without above and
  // below only.
  const size_t apart = cover(&plan, true, true), together = cover(&plan, false, false);
  size_t merged = SIZE_MAX;
  if (may_merge) {
    set_taps(&plan, true);
    merged = cover(&plan, true, false);
  }
  if (apart <= together && apart < merged) {
    set_taps(&plan, false);
    cover(&plan, true, true);
  } else if (together < merged) {
    set_taps(&plan, false);
    cover(&plan, false, false);
  }
  for (size_t i = 0; i < plan.rectangle_count; ++i)
    plan.tiles += plan.rectangles[i].lines * plan.rectangles[i].line_tiles;
  // A panel's part of the filter stays in the second level of the cache while the block's tiles use
  // it, and so do the block's source and result while the panels change.
  const size_t chunks = larger(plan.taps * plan.depth / addend_direct_chunk, 1);
  plan.chunk = smaller((parts_of(plan.depth, chunks) + 15) & ~(size_t)15, larger(plan.depth, 1));
  const size_t pixel = p->depth * p->across.step * p->down.step + p->results;
  size_t block = addend_direct_block_floats / pixel;
  block = smaller(larger(block, addend_direct_least_block), addend_direct_most_block);
  block = smaller(block, 32768 / larger(plan.taps, 1)) / plan.tile_rows;
  plan.block = smaller(larger(block, 1), plan.tiles);
  cut(&plan);
  return plan;
}

size_t addend_direct_packed_count(const addend_direct_plan *plan) {
  const addend_direct_piece *p = &plan->piece;
  return p->groups * plan->taps * plan->depth * addend_brgemm_padded(plan->kernels, p->results);
}

size_t addend_direct_part_count(const addend_direct_plan *plan) {
  return plan->piece.groups * plan->tile_parts * plan->panel_parts;
}

size_t addend_direct_zero_count(const addend_direct_plan *plan) { return plan->depth; }

/// One tile of a block: where its results lie, and which rectangle it is of.
typedef struct {
  size_t offset, step, rows;
  /// The distance of its rows in the source, or 0 where they have pointers of their own.
  size_t source_step;
  const addend_direct_rectangle *rectangle;
} block_tile;

static size_t block_positions(const addend_direct_plan *plan) {
  return plan->block * plan->tile_rows;
}

size_t addend_direct_part_scratch(const addend_direct_plan *plan) {
  const size_t positions = block_positions(plan);
  const size_t pointers = plan->taps * positions * sizeof(float *);
  const size_t copies = plan->merges ? plan->taps * positions * plan->depth * sizeof(float) : 0;
  const size_t offsets = plan->taps * (sizeof(ptrdiff_t) + plan->rectangle_count * sizeof(size_t));
  const size_t bytes = pointers + offsets + plan->block * sizeof(block_tile) + copies;
  return parts_of(bytes, 64) * (64 / sizeof(float));
}

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

/// What a part works with.
typedef struct {
  const addend_direct_plan *plan;
  const addend_direct_operands *operands;
  const float *source;  // of the group
  /// Where taps lie in the source, from the first one's pixel on.
  ptrdiff_t *tap_offsets;
  /// [rectangle][tap]: the taps that a rectangle reaches.
  size_t *tap_numbers;
  /// For each tile of the block, rows of the source [tap][row].
  const float **rows;
  block_tile *tiles;
  size_t tile_count;
  float *copies, *next_copy;
} worker;

static worker make_worker(const addend_direct_plan *plan, const addend_direct_operands *operands,
                          size_t group, float *scratch) {
  const addend_direct_piece *piece = &plan->piece;
  worker w = {.plan = plan,
              .operands = operands,
              .source = operands->source + group * piece->depth,
              .rows = (const float **)(void *)scratch};
  w.tap_offsets = (ptrdiff_t *)(void *)(w.rows + plan->taps * block_positions(plan));
  w.tap_numbers = (size_t *)(void *)(w.tap_offsets + plan->taps);
  w.tiles = (block_tile *)(void *)(w.tap_numbers + plan->taps * plan->rectangle_count);
  w.copies = (float *)(void *)(w.tiles + plan->block);
  const ptrdiff_t pixel = (ptrdiff_t)(piece->depth * piece->groups);
  const ptrdiff_t line = (ptrdiff_t)piece->across.extent * pixel;
  for (size_t r = 0; r < piece->down.taps; ++r)
    for (size_t s = 0; s < plan->taps_across; ++s)
      w.tap_offsets[r * plan->taps_across + s] =
          (ptrdiff_t)r * piece->down.increment * line + (ptrdiff_t)s * piece->across.increment * pixel;
  for (size_t i = 0; i < plan->rectangle_count; ++i) {
    const addend_direct_rectangle *rectangle = plan->rectangles + i;
    size_t *numbers = w.tap_numbers + i * plan->taps;
    for (size_t r = 0; r < rectangle->taps_down; ++r)
      for (size_t s = 0; s < rectangle->taps_across; ++s)
        *numbers++ = (rectangle->tap_top + r) * plan->taps_across + rectangle->tap_left + s;
  }
  return w;
}

/// A result position.
typedef struct {
  size_t image, p, q;
} position;

/// Where taps r and s of a position lie in the source, which may be outside.
typedef struct {
  ptrdiff_t top, left;
} corner;

static corner corner_of(const addend_direct_piece *piece, const position *at) {
  return (corner){(ptrdiff_t)(at->p * piece->down.step) + piece->down.first,
                  (ptrdiff_t)(at->q * piece->across.step) + piece->across.first};
}

/// The copy of a merged tap that reaches beyond the image.
static const float *copy_tap(worker *w, const float *line, ptrdiff_t left) {
  const addend_direct_axis *across = &w->plan->piece.across;
  const size_t pixel = w->plan->piece.depth;
  float *copy = w->next_copy;
  for (size_t s = 0; s < across->taps; ++s) {
    const ptrdiff_t x = left + (ptrdiff_t)s;
    const bool is_inside = x >= 0 && x < (ptrdiff_t)across->extent;
    for (size_t c = 0; c < pixel; ++c)
      copy[s * pixel + c] = is_inside ? line[(size_t)x * pixel + c] : 0.0f;
  }
  w->next_copy += across->taps * pixel;
  return copy;
}

/// The rows of a position that meets the padding, `stride` apart.
static void find_padded_rows(worker *w, const addend_direct_rectangle *rectangle,
                             const position *at, const float **rows, size_t stride) {
  const addend_direct_piece *piece = &w->plan->piece;
  const addend_direct_axis *down = &piece->down, *across = &piece->across;
  const size_t pixel = piece->depth * piece->groups;
  const corner corner = corner_of(piece, at);
  for (size_t r = rectangle->tap_top; r < rectangle->tap_top + rectangle->taps_down; ++r) {
    const ptrdiff_t y = corner.top + (ptrdiff_t)r * down->increment;
    const bool is_inside = y >= 0 && y < (ptrdiff_t)down->extent;
    const float *line =
        w->source + (is_inside ? (at->image * down->extent + (size_t)y) * across->extent * pixel : 0);
    for (size_t s = 0; s < w->plan->taps_across; ++s, rows += stride) {
      const ptrdiff_t x = corner.left + (ptrdiff_t)s * across->increment;
      const ptrdiff_t end = x + (w->plan->merges ? (ptrdiff_t)across->taps : 1);
      if (!is_inside || end <= 0 || x >= (ptrdiff_t)across->extent)
        *rows = w->operands->zeros;
      else if (x >= 0 && end <= (ptrdiff_t)across->extent)
        *rows = line + (size_t)x * pixel;
      else
        *rows = copy_tap(w, line, x);
    }
  }
}

static bool reaches_beyond(const addend_direct_axis *axis, ptrdiff_t start) {
  const ptrdiff_t last = start + (ptrdiff_t)(axis->taps - 1) * axis->increment;
  return start < 0 || last >= (ptrdiff_t)axis->extent;
}

static bool meets_padding(const addend_direct_piece *piece, const position *at) {
  const corner corner = corner_of(piece, at);
  return reaches_beyond(&piece->down, corner.top) || reaches_beyond(&piece->across, corner.left);
}

/// The rows of a position under the rectangle's taps, `stride` apart.
static void find_rows(const worker *w, const addend_direct_rectangle *rectangle, const position *at,
                      const float **rows, size_t stride) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_piece *piece = &plan->piece;
  const corner corner = corner_of(piece, at);
  const size_t taps = rectangle->taps_down * rectangle->taps_across;
  const ptrdiff_t row = (ptrdiff_t)(at->image * piece->down.extent) + corner.top;
  const ptrdiff_t start = (row * (ptrdiff_t)piece->across.extent + corner.left) *
                          (ptrdiff_t)(piece->depth * piece->groups);
  const float *source = w->source;
  const ptrdiff_t *offsets = w->tap_offsets;
  if (taps == plan->taps) {
    for (size_t t = 0; t < taps; ++t) rows[t * stride] = source + (start + offsets[t]);
    return;
  }
  const size_t *numbers = w->tap_numbers + (size_t)(rectangle - plan->rectangles) * plan->taps;
  for (size_t t = 0; t < taps; ++t) rows[t * stride] = source + (start + offsets[numbers[t]]);
}

/// The first position of a line.
static position start_of_line(const addend_direct_rectangle *r, size_t line) {
  switch (r->direction) {
    case ADDEND_ALONG_ALL: return (position){0, 0, 0};
    case ADDEND_ALONG_COLUMNS: return (position){line / r->height, r->top + line % r->height, r->left};
    case ADDEND_ALONG_ROWS: return (position){line / r->width, r->top, r->left + line % r->width};
    case ADDEND_ALONG_IMAGES:
      return (position){0, r->top + line / r->width, r->left + line % r->width};
  }
}

/// The position `count` further in its line.
static position advanced(const addend_direct_rectangle *r, position at, size_t count) {
  switch (r->direction) {
    case ADDEND_ALONG_COLUMNS: at.q += count; break;
    case ADDEND_ALONG_ROWS: at.p += count; break;
    case ADDEND_ALONG_IMAGES: at.image += count; break;
    case ADDEND_ALONG_ALL:
      at.q += count;
      if (at.q < r->width) break;
      at.p += at.q / r->width;
      at.q %= r->width;
      if (at.p < r->height) break;
      at.image += at.p / r->height;
      at.p %= r->height;
  }
  return at;
}

static size_t result_step(const addend_direct_piece *piece, addend_direct_direction direction) {
  switch (direction) {
    case ADDEND_ALONG_ALL:
    case ADDEND_ALONG_COLUMNS: return piece->result_pixel;
    case ADDEND_ALONG_ROWS: return piece->result_row;
    case ADDEND_ALONG_IMAGES: return piece->result_image;
  }
}

/// Finds the source of a tile from position `at` on; returns how many pointers that took.
static size_t fill_tile(worker *w, block_tile *tile, position at, const float **rows) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_piece *piece = &plan->piece;
  const addend_direct_rectangle *rectangle = tile->rectangle;
  const size_t taps = rectangle->taps_down * rectangle->taps_across;
  tile->offset = piece->result_first + at.image * piece->result_image + at.p * piece->result_row +
                 at.q * piece->result_pixel;
  tile->step = result_step(piece, rectangle->direction);
  tile->source_step = rectangle->source_step;
  if (rectangle->is_padded && tile->source_step) {
    const position last = advanced(rectangle, at, tile->rows - 1);
    const bool is_one_line = rectangle->direction != ADDEND_ALONG_ALL ||
                             (last.p == at.p && last.image == at.image);
    if (!is_one_line || meets_padding(piece, &at) || meets_padding(piece, &last))
      tile->source_step = 0;
  }
  if (tile->source_step) {
    find_rows(w, rectangle, &at, rows, 1);
    return taps;
  }
  for (size_t row = 0; row < tile->rows; ++row, at = advanced(rectangle, at, 1)) {
    if (rectangle->is_padded && meets_padding(piece, &at))
      find_padded_rows(w, rectangle, &at, rows + row, tile->rows);
    else
      find_rows(w, rectangle, &at, rows + row, tile->rows);
  }
  return taps * tile->rows;
}

/// Finds the sources of tiles first ≤ i < end.
static void fill_block(worker *w, size_t first, size_t end) {
  const addend_direct_rectangle *r = w->plan->rectangles;
  size_t index = first;  // within the rectangle
  while (index >= r->lines * r->line_tiles) index -= r->lines * r->line_tiles, ++r;
  size_t line = index / r->line_tiles;
  index %= r->line_tiles;
  // Tiles of as equal heights as can be: the first ones are one longer.
  size_t rows = r->length / r->line_tiles, longer = r->length % r->line_tiles;
  position at = start_of_line(r, line);
  at = advanced(r, at, index * rows + smaller(index, longer));
  const float **pointers = w->rows;
  w->next_copy = w->copies;
  w->tile_count = end - first;
  for (size_t i = 0; i < end - first; ++i) {
    block_tile *tile = w->tiles + i;
    tile->rectangle = r;
    tile->rows = rows + (index < longer);
    pointers += fill_tile(w, tile, at, pointers);
    if (++index < r->line_tiles) {
      at = advanced(r, at, tile->rows);
      continue;
    }
    index = 0;
    if (++line == r->lines) {
      line = 0;
      if (++r == w->plan->rectangles + w->plan->rectangle_count) return;
      rows = r->length / r->line_tiles;
      longer = r->length % r->line_tiles;
    }
    at = start_of_line(r, line);
  }
}

/// Brings the source of a tile nearer, of channels first ≤ c < end.
static void prefetch(const block_tile *tile, const float *const *rows, size_t first, size_t end) {
  for (size_t row = 0; row < tile->rows; ++row) {
    const float *source = tile->source_step ? rows[0] + row * tile->source_step : rows[row];
    for (size_t c = first; c < end; c += 16) __builtin_prefetch(source + c);
  }
}

/// All tiles of the block with one panel, over channels first ≤ c < end.
static void multiply(const worker *w, size_t group, size_t panel, size_t first, size_t end,
                     bool prefetches) {
  const addend_direct_plan *plan = w->plan;
  const addend_direct_operands *o = w->operands;
  const size_t results = plan->piece.results;
  const size_t start = addend_brgemm_panel_start(plan->kernels, results, panel);
  const size_t width = addend_brgemm_panel_start(plan->kernels, results, panel + 1) - start;
  const size_t sum = plan->taps * plan->depth;
  const size_t padded = addend_brgemm_padded(plan->kernels, results);
  const bool is_last = end == plan->depth;
  const size_t column = group * results + start;
  addend_brgemm_tile tile = {
      .columns = smaller(width, results - start),
      .depth = end - first,
      .a_offset = first,
      .b = o->packed + group * sum * padded + start * sum + first * width,
      .ldb = width,
      .b_step = plan->depth * width,
      .is_padded = true,
      .bias = is_last && o->bias ? o->bias + column : NULL,
      .accumulates = first > 0,
      .rectifies = is_last && o->rectifies,
  };
  const addend_brgemm_fn *kernels = plan->kernels->straight[width / plan->kernels->lanes - 1];
  const float **rows = w->rows;
  for (size_t i = 0; i < w->tile_count; ++i) {
    const block_tile *of = w->tiles + i;
    const size_t offset = of->offset + column;
    tile.taps = of->rectangle->taps_down * of->rectangle->taps_across;
    tile.b_numbers = tile.taps == plan->taps
                         ? NULL
                         : w->tap_numbers + (size_t)(of->rectangle - plan->rectangles) * plan->taps;
    tile.rows = of->rows;
    tile.a = rows;
    tile.a_row = of->source_step;
    tile.a_step = of->source_step ? 1 : of->rows;
    tile.c = o->result + offset;
    tile.ldc = of->step;
    tile.residual = is_last && o->residual ? o->residual + offset : NULL;
    const float **next = rows + tile.taps * tile.a_step;
    if (prefetches && i + 1 < w->tile_count) prefetch(of + 1, next, first, end);
    kernels[tile.rows - 1](&tile);
    rows = next;
  }
}

void addend_direct_run(const addend_direct_plan *plan, const addend_direct_operands *operands,
                       size_t part, float *restrict scratch) {
  const size_t across = part % plan->panel_parts, rest = part / plan->panel_parts;
  const size_t down = rest % plan->tile_parts, group = rest / plan->tile_parts;
  const size_t first_panel = across * plan->panel_step;
  const size_t end_panel = smaller(first_panel + plan->panel_step, plan->panels);
  const size_t first = down * plan->tile_step, end = smaller(first + plan->tile_step, plan->tiles);
  worker w = make_worker(plan, operands, group, scratch);
  // Rows of a few lines from beyond the cache are not foreseen by the processor.
  const addend_direct_piece *piece = &plan->piece;
  const size_t source =
      smaller(piece->down.extent * piece->across.extent, piece->down.results * piece->across.results) *
      piece->batch * piece->depth * piece->groups;
  const bool prefetches = plan->taps == 1 && source > addend_direct_far_floats &&
                          plan->depth <= 256 && (plan->panels > 1 || plan->depth > 128);
  for (size_t i = first; i < end;) {
    const size_t stop = i + parts_of(end - i, parts_of(end - i, plan->block));
    fill_block(&w, i, stop);
    size_t c = 0;
    do {
      const size_t chunk_end = smaller(c + plan->chunk, plan->depth);
      for (size_t panel = first_panel; panel < end_panel; ++panel)
        multiply(&w, group, panel, c, chunk_end, prefetches && panel == first_panel);
      c = chunk_end;
    } while (c < plan->depth);
    i = stop;
  }
}
