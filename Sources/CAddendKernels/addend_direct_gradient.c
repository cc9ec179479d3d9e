#include "addend_direct_gradient.h"

#include <stdint.h>
#include <string.h>

#include "addend_direct_parts.h"

enum {
  // Channels up to which the taps of a filter row are merged.
  merged_limit = 32,
  // Pixels that are summed between two additions to the gradient.
  chunk_pixels = 384,
  copied_pixels = 192,
  // By which a chunk may be longer where that saves another.
  spare_pixels = 64,
  // Numbers between pixels of dy or x from which on lines of the cache displace each other so much that
  // copies of a chunk pay.
  packed_limit = 1024,
  copied_limit = 1024,
  // Numbers of x from which on it lies so far away that copying a chunk in its order pays as well.
  far_floats = 1 << 20,
  // Gradients that stay in the second level of the cache from chunk to chunk.
  near_floats = 3 << 15,
  // The least tiles for one panel that a part has, so that reading dy does not take longer.
  least_tiles = 8,
};

/// Cuts the work into some eight parts so that the least is read and written twice: each part of the
/// panels reads all of x, each part of the rows all of dy, and each part of the lines writes sums of its
/// own.
static void choose_parts(addend_direct_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  const size_t taps = w->filter_height * w->filter_width;
  const size_t pixels = plan->batch * w->output_height * w->output_width;
  const size_t filter = taps * w->channels * plan->outputs;
  const size_t work = pixels * filter * plan->groups / 1000000;
  // As many as share out evenly.
  const size_t wanted = power_below(parts_of(smaller(larger(work, 1), 8), plan->groups));
  const size_t reached = smaller(plan->batch * w->height * w->width, pixels * taps);
  const size_t x = reached * w->channels * (plan->copies ? 4 : 1);
  const size_t dy = pixels * plan->outputs * (plan->packs ? 4 : 1);
  const size_t tiles = parts_of(plan->rows, plan->tile_rows);
  const size_t most_down = larger(tiles * plan->taps_across * w->filter_height / least_tiles, 1);
  const size_t chunks = parts_of(plan->lines, plan->chunk);
  size_t least = SIZE_MAX;
  for (size_t across = 1; across <= smaller(plan->panels, wanted); across *= 2)
    for (size_t down = 1; across * down <= wanted && down <= smaller(most_down, tiles); down *= 2) {
      const size_t lines = smaller(wanted / (across * down), chunks);
      const size_t missing = wanted - across * down * lines + (plan->panels % across ? 1 : 0);
      const bool stays = filter / (across * down) <= near_floats;
      const size_t sums = (lines > 1 ? 4 * lines : 0) + (stays ? 0 : 4 * (chunks - 1));
      const size_t cost = across * x + down * dy + sums * filter + missing * (x + dy);
      if (cost >= least) continue;
      least = cost;
      plan->panel_parts = across;
      plan->row_parts = down;
      plan->line_parts = lines;
    }
}

/// The most rows that a part has.
static size_t part_rows(const addend_direct_gradient_plan *plan) {
  return parts_of(parts_of(plan->rows, plan->tile_rows), plan->row_parts) * plan->tile_rows;
}

addend_direct_gradient_plan addend_direct_gradient_prepare(const addend_brgemm_kernels *kernels,
                                                           size_t batch, const addend_window *w,
                                                           size_t outputs, size_t groups) {
  addend_direct_gradient_plan plan = {
      .kernels = kernels, .window = *w, .batch = batch, .outputs = outputs, .groups = groups};
  plan.panels = addend_brgemm_panel_count(kernels, outputs);
  const size_t pixels = batch * w->output_height * w->output_width;
  const size_t taps = w->filter_height * w->filter_width;
  if (!plan.panels || !pixels || !taps || !w->channels) return plan;
  const bool is_pointwise = taps == 1 && w->stride == 1 && w->padding == 0;
  plan.merges =
      groups == 1 && w->filter_width > 1 && w->dilation == 1 && w->channels <= merged_limit;
  plan.rows = plan.merges ? w->channels * w->filter_width : w->channels;
  plan.taps_across = plan.merges ? 1 : w->filter_width;
  plan.packs = outputs * groups >= packed_limit;
  const size_t step = w->stride * w->channels * groups;
  const bool is_far = pixels * w->channels * groups > far_floats;
  plan.copies = taps == 1 && !w->padding && (is_far || step >= copied_limit);
  const size_t most = plan.copies ? copied_pixels : chunk_pixels;
  plan.length = w->output_width;
  if (is_pointwise) plan.length = parts_of(pixels, larger((pixels + spare_pixels) / most, 1));
  plan.lines = parts_of(pixels, plan.length);
  plan.last_length = pixels - (plan.lines - 1) * plan.length;
  plan.chunk = larger((most + spare_pixels) / plan.length, 1);
  if (plan.merges) plan.chunk = smaller(plan.chunk, w->output_height);
  const size_t width = addend_brgemm_panel_start(kernels, outputs, 1);
  plan.tile_rows = kernels->row_limit[parts_of(width, kernels->lanes) - 1];

  choose_parts(&plan);
  return plan;
}

size_t addend_direct_gradient_part_count(const addend_direct_gradient_plan *plan) {
  return plan->groups * plan->row_parts * plan->panel_parts * plan->line_parts;
}

size_t addend_direct_gradient_count(const addend_direct_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  return plan->groups * w->filter_height * w->filter_width * w->channels * plan->outputs;
}

static size_t padded_width(const addend_window *w) { return w->width + 2 * w->padding; }

/// Lines of the image that a chunk's lines reach.
static size_t reached_lines(const addend_direct_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  return (plan->chunk - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1;
}

/// Floats from one copied pixel to the next: another set of the cache's.
static size_t copied_row(const addend_direct_gradient_plan *plan) { return part_rows(plan) + 16; }

static size_t copied_count(const addend_direct_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  if (plan->copies) return plan->chunk * plan->length * copied_row(plan);
  return plan->merges && w->padding ? reached_lines(plan) * padded_width(w) * w->channels : 0;
}

size_t addend_direct_gradient_part_scratch(const addend_direct_gradient_plan *plan) {
  const size_t lists = plan->chunk * (sizeof(float *) + sizeof(size_t));
  const size_t width = plan->kernels->lanes * plan->kernels->vectors;
  const size_t panel = plan->packs ? plan->chunk * plan->length * width : 0;
  return parts_of(lists + (panel + copied_count(plan)) * sizeof(float), 64) * 16 + 16;
}

/// What a part works with.
typedef struct {
  const addend_direct_gradient_plan *plan;
  const float *x, *dy;  // of the group
  float *gradient;      // of the group and the line part
  const float **a;
  size_t *numbers;
  float *panel, *copies;
  size_t first_row, end_row;
} worker;

/// The columns of dy whose pixels under tap s lie inside the image.
static void columns_inside(const addend_direct_gradient_plan *plan, size_t s, size_t *first,
                           size_t *end) {
  const addend_window *w = &plan->window;
  const size_t tap = s * w->dilation;
  *first = tap < w->padding ? parts_of(w->padding - tap, w->stride) : 0;
  const size_t reach = w->width + w->padding;
  *end = tap < reach ? smaller(plan->length, (reach - tap - 1) / w->stride + 1) : 0;
  if (*first > *end) *first = *end;
}

/// Copies the lines that lines first … of the image reach, with their padding.
static void copy_lines(const worker *k, size_t first, size_t count) {
  const addend_window *w = &k->plan->window;
  const size_t image = first / w->output_height, top = first % w->output_height * w->stride;
  const size_t reached = (count - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1;
  const size_t size = w->width * w->channels, border = w->padding * w->channels;
  for (size_t i = 0; i < reached; ++i) {
    const size_t y = top + i - w->padding;
    if (y >= w->height) continue;
    float *copy = k->copies + i * (size + 2 * border);
    memset(copy, 0, border * sizeof(float));
    memcpy(copy + border, k->x + (image * w->height + y) * size, size * sizeof(float));
    memset(copy + border + size, 0, border * sizeof(float));
  }
}

/// Copies the part's channels of the pixels that lines first … of dy are made of, side by side.
static void copy_pixels(const worker *k, size_t first, size_t count, size_t length) {
  const addend_window *w = &k->plan->window;
  const size_t pixel = w->channels * k->plan->groups, step = copied_row(k->plan);
  const size_t size = (k->end_row - k->first_row) * sizeof(float);
  float *copy = k->copies;
  for (size_t line = 0; line < count; ++line) {
    k->a[line] = copy;
    k->numbers[line] = line;
    const size_t start = (first + line) * k->plan->length;
    const size_t row = start / w->output_width, column = start % w->output_width;
    const size_t y = row / w->output_height * w->height + row % w->output_height * w->stride;
    // With stride 1 a line is longer than a row, and its pixels follow each other.
    const float *from = k->x + (y * w->width + column * w->stride) * pixel + k->first_row;
    for (size_t q = 0; q < length; ++q, copy += step, from += w->stride * pixel)
      memcpy(copy, from, size);
  }
}

/// Copies a panel's columns of dy side by side.
static void pack_panel(const worker *k, size_t first, size_t pixels, size_t start, size_t columns,
                       size_t width) {
  const size_t step = k->plan->outputs * k->plan->groups;
  const float *from = k->dy + first * k->plan->length * step + start;
  float *to = k->panel;
  for (size_t i = 0; i < pixels; ++i, from += step, to += width) {
    // Rows so far from each other are not foreseen by the processor.
    for (size_t j = 0; j < columns; j += 16) __builtin_prefetch(from + 12 * step + j);
    memcpy(to, from, columns * sizeof(float));
  }
}

/// The lines of a chunk under filter row r from column q of dy on, and where they lie in the image
/// under tap s; returns their number.
static size_t find_lines(const worker *k, size_t first, size_t count, size_t r, size_t s,
                         size_t q) {
  const addend_direct_gradient_plan *plan = k->plan;
  const addend_window *w = &plan->window;
  const size_t pixel = w->channels * plan->groups;
  const bool is_copied = plan->merges && w->padding;
  size_t found = 0, image = first / w->output_height, p = first % w->output_height;
  for (size_t line = 0; line < count; ++line) {
    const size_t y = p * w->stride + r * w->dilation - w->padding;
    if (y < w->height) {
      const size_t reached = line * w->stride + r * w->dilation;
      k->a[found] =
          is_copied
              ? k->copies + reached * padded_width(w) * pixel
              : k->x + ((image * w->height + y) * w->width + q * w->stride + s * w->dilation -
                        w->padding) * pixel;
      k->numbers[found++] = line;
    }
    if (++p == w->output_height) {
      p = 0;
      ++image;
    }
  }
  return found;
}

/// Adds a chunk's products to the gradients of one panel under one filter row and tap.
static void multiply(const worker *k, addend_brgemm_tile *tile, size_t r, size_t s, size_t start,
                     size_t width) {
  const addend_direct_gradient_plan *plan = k->plan;
  const addend_brgemm_fn *kernels = plan->kernels->transposed[width / plan->kernels->lanes - 1];
  const size_t height = plan->rows * plan->taps_across;
  float *gradient = k->gradient + (r * height + s * plan->rows) * plan->outputs + start;
  for (size_t row = k->first_row; row < k->end_row; row += tile->rows) {
    tile->rows = addend_brgemm_next_rows(k->end_row - row, plan->tile_rows);
    tile->a_offset = plan->copies ? row - k->first_row : row;
    tile->c = gradient + row * plan->outputs;
    kernels[tile->rows - 1](tile);
  }
}

/// Adds the products of `count` lines from `first` on.
static void add_chunk(const worker *k, size_t first, size_t count, size_t length, size_t panel,
                      bool accumulates) {
  const addend_direct_gradient_plan *plan = k->plan;
  const addend_window *w = &plan->window;
  const size_t outputs = plan->outputs * plan->groups;
  const size_t start = addend_brgemm_panel_start(plan->kernels, plan->outputs, panel);
  const size_t width = addend_brgemm_panel_start(plan->kernels, plan->outputs, panel + 1) - start;
  const size_t columns = smaller(width, plan->outputs - start);
  if (plan->packs) pack_panel(k, first, count * length, start, columns, width);
  const float *b = plan->packs ? k->panel : k->dy + first * plan->length * outputs + start;
  addend_brgemm_tile tile = {.columns = columns,
                             .a = k->a,
                             .a_step = 1,
                             .lda = w->stride * w->channels * plan->groups,
                             .ldb = plan->packs ? width : outputs,
                             .b_numbers = k->numbers,
                             .is_padded = plan->packs,
                             .ldc = plan->outputs,
                             .accumulates = accumulates};
  tile.b_step = length * tile.ldb;
  const bool is_line = length != w->output_width || plan->length != w->output_width;
  for (size_t r = 0; r < w->filter_height; ++r)
    for (size_t s = 0; s < plan->taps_across; ++s) {
      size_t q = 0, end = length;
      if (plan->copies) {
        tile.taps = count;
        tile.lda = copied_row(plan);
      } else if (is_line) {
        k->a[0] = k->x + first * plan->length * w->channels * plan->groups;
        k->numbers[0] = 0;
        tile.taps = 1;
      } else {
        if (!plan->merges) columns_inside(plan, s, &q, &end);
        tile.taps = q < end ? find_lines(k, first, count, r, s, q) : 0;
      }
      tile.depth = end - q;
      tile.b = b + q * tile.ldb;
      multiply(k, &tile, r, s, start, width);
    }
}

void addend_direct_gradient_run(const addend_direct_gradient_plan *plan, const float *restrict x,
                                const float *restrict dy, bool accumulates, size_t part,
                                float *restrict scratch, float *restrict gradient) {
  const addend_window *w = &plan->window;
  const size_t line_part = part % plan->line_parts;
  part /= plan->line_parts;
  const size_t row_part = part % plan->row_parts;
  part /= plan->row_parts;
  const size_t panel_part = part % plan->panel_parts, group = part / plan->panel_parts;
  const size_t group_size = addend_direct_gradient_count(plan) / plan->groups;
  const size_t tiles = parts_of(plan->rows, plan->tile_rows);
  worker k = {
      .plan = plan,
      .x = x + group * w->channels,
      .dy = dy + group * plan->outputs,
      .gradient = gradient + (line_part * plan->groups + group) * group_size,
      .a = (const float **)(void *)scratch,
      .first_row = part_start(tiles, plan->row_parts, row_part) * plan->tile_rows,
      .end_row = smaller(part_start(tiles, plan->row_parts, row_part + 1) * plan->tile_rows,
                         plan->rows),
  };
  k.numbers = (size_t *)(void *)(k.a + plan->chunk);
  k.copies = (float *)(void *)(k.numbers + plan->chunk);
  k.panel = k.copies + parts_of(copied_count(plan), 16) * 16;
  const size_t first = part_start(plan->lines, plan->line_parts, line_part);
  const size_t end = part_start(plan->lines, plan->line_parts, line_part + 1);
  const size_t first_panel = part_start(plan->panels, plan->panel_parts, panel_part);
  const size_t end_panel = part_start(plan->panels, plan->panel_parts, panel_part + 1);
  for (size_t line = first; line < end;) {
    // Chunks of about equal sizes.
    size_t count = parts_of(end - line, parts_of(end - line, plan->chunk)), length = plan->length;
    if (plan->merges) {
      count = smaller(count, w->output_height - line % w->output_height);
      if (w->padding) copy_lines(&k, line, count);
    }
    // A last line that is shorter comes alone.
    if (plan->last_length < length && line + count == plan->lines) {
      if (count > 1) --count;
      else length = plan->last_length;
    }
    if (plan->copies) copy_pixels(&k, line, count, length);
    for (size_t panel = first_panel; panel < end_panel; ++panel)
      add_chunk(&k, line, count, length, panel, accumulates || line > first);
    line += count;
  }
}

void addend_direct_gradient_total(const addend_direct_gradient_plan *plan,
                                  const float *restrict sums, bool accumulates, size_t first,
                                  size_t count, float *restrict gradient) {
  const size_t size = addend_direct_gradient_count(plan);
  for (size_t i = first; i < first + count; ++i) {
    float sum = sums[i];
    for (size_t part = 1; part < plan->line_parts; ++part) sum += sums[part * size + i];
    gradient[i] = accumulates ? gradient[i] + sum : sum;
  }
}
