#include <stdint.h>

#include "addend_direct.h"
#include "addend_direct_parts.h"

enum {
  // Floats of side by side taps up to which the few copies at an image's borders pay.
  merged_limit = 256,
  // The length of sums between two additions to the result.
  chunk_length = 2304,
  // Products of one vector that a tile's beginning and end take as long as.
  tile_cost = 64,
  // Source and results of a block, which stay in the second level of the cache.
  block_floats = 1 << 17,
  least_block = 48,
  most_block = 384,
  // Pointers of a block.
  most_pointers = 1 << 15,
  // Parts, where there is work for them; the products that a part of several is worth, some 5 µs, and
  // one of two, some 2 µs.
  most_parts = 16,
  part_products = 300000,
  half_products = 100000,
};

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
  return r->lines * (positions * sums + r->line_tiles * tile_cost);
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

/// Cuts the work into some `most_parts` parts, fewer where there is little, so that the least is
/// read twice: each part of the tiles reads all of the filter, each part of the panels all of the
/// source.
static void cut(addend_direct_plan *plan) {
  const addend_direct_piece *p = &plan->piece;
  const size_t filter = plan->taps * plan->depth * p->results;
  const size_t work = p->batch * p->down.results * p->across.results * filter;
  const size_t worth = larger(work / part_products, work >= 2 * half_products ? 2 : 1);
  // As many as share out evenly.
  const size_t wanted = power_below(smaller(worth, larger(most_parts / p->groups, 1)));
  const size_t source = p->batch * p->down.extent * p->across.extent * p->depth;
  size_t least = SIZE_MAX;
  for (size_t across = 1; across <= smaller(plan->panels, wanted); across *= 2) {
    const size_t down = smaller(wanted / across, plan->tiles);
    // Too few or unequal parts keep threads waiting, which costs more than reading does.
    const size_t missing = wanted - down * across + (plan->panels % across ? 1 : 0);
    const size_t cost = across * source + down * filter + missing * (source + filter);
    if (cost >= least) continue;
    least = cost;
    plan->tile_parts = down;
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
  // Merged taps keep to the borders of chunks.
  const bool may_merge = p->groups == 1 && p->across.taps > 1 && p->across.increment == 1 &&
                         p->across.taps * p->depth <= merged_limit &&
                         (!kernels->chunk || p->depth % kernels->chunk == 0);
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
  const size_t chunks = larger(plan.taps * plan.depth / chunk_length, 1);
  plan.chunk = smaller((parts_of(plan.depth, chunks) + 15) & ~(size_t)15, larger(plan.depth, 1));
  const size_t pixel = p->depth * p->across.step * p->down.step + p->results;
  size_t block = block_floats / pixel;
  block = smaller(larger(block, least_block), most_block);
  block = smaller(block, most_pointers / larger(plan.taps, 1)) / plan.tile_rows;
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
