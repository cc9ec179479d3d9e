#include "addend_halves_gradient.h"

#include <string.h>

#include "addend_bf16.h"
#include "addend_direct_parts.h"

enum {
  // Words of some images laid out at once, which stay in the second-level cache with their products.
  group_words = 1 << 16,
  most_group = 64,
  // Parts, the products that one is worth, and the sums of all that may lie apart.
  most_parts = 8,
  part_products = 500000,
  most_sums = 1 << 22,
};

static size_t pair_count(const addend_window *w) { return (w->output_width + 1) / 2; }
static size_t row_size(const addend_window *w) { return w->filter_width * w->channels; }
static size_t filter_size(const addend_halves_gradient_plan *plan) {
  return plan->window.filter_height * row_size(&plan->window) * plan->outputs;
}

/// Lines of an image are laid out by their places modulo the stride: those that follow each other under
/// one row of the filter are neighbours.
static size_t lines_apart(const addend_window *w) { return parts_of(w->height, w->stride); }
static size_t image_words(const addend_window *w) {
  return lines_apart(w) * w->stride * pair_count(w) * row_size(w);
}
static size_t dy_words(const addend_halves_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  return w->output_height * pair_count(w) * addend_brgemm_padded(plan->kernels, plan->outputs);
}

void addend_halves_gradient_prepare(addend_halves_gradient_plan *plan) {
  const addend_window *w = &plan->window;
  const size_t filter = filter_size(plan), batch = larger(plan->batch, 1);
  const size_t work = batch * w->output_height * w->output_width * filter;
  size_t parts = smaller(smaller(larger(work / part_products, 1), most_parts), batch);
  if (parts * filter > most_sums) parts = smaller(larger(most_sums / filter, 2), parts);
  plan->part = parts_of(batch, parts);
  const size_t words = image_words(w) + w->output_height * pair_count(w) * plan->outputs;
  plan->group = smaller(smaller(larger(group_words / larger(words, 1), 1), most_group), plan->part);
}

size_t addend_halves_gradient_part_count(const addend_halves_gradient_plan *plan) {
  return parts_of(larger(plan->batch, 1), plan->part);
}

/// Numbers of a line of the image with its border, and of a line of dy.
static size_t line_size(const addend_window *w) {
  return (w->width + 2 * w->padding) * w->channels;
}

/// What a part works with.
typedef struct {
  const addend_halves_gradient_plan *plan;
  const float **lines;
  uint16_t *x_line, *dy_line;
  float *x, *dy;
} worker;

/// Cuts the scratch memory up; returns its floats.
static size_t make_worker(worker *k, const addend_halves_gradient_plan *plan, float *scratch) {
  const addend_window *w = &plan->window;
  const size_t lists = parts_of(plan->group * sizeof(float *), 64) * 16;
  const size_t x_line = parts_of(line_size(w), 32) * 16;
  const size_t dy_line = parts_of(w->output_width * plan->outputs, 32) * 16;
  const size_t x = parts_of(plan->group * image_words(w), 16) * 16;
  const size_t dy = plan->group * dy_words(plan);
  if (k)
    *k = (worker){.plan = plan,
                  .lines = (const float **)(void *)scratch,
                  .x_line = (uint16_t *)(void *)(scratch + lists),
                  .dy_line = (uint16_t *)(void *)(scratch + lists + x_line),
                  .x = scratch + lists + x_line + dy_line,
                  .dy = scratch + lists + x_line + dy_line + x};
  return lists + x_line + dy_line + x + parts_of(dy, 16) * 16;
}

size_t addend_halves_gradient_part_scratch(const addend_halves_gradient_plan *plan) {
  return make_worker(NULL, plan, NULL);
}

/// The first line of dy whose pixels under filter row r lie inside the image, and their number.
static size_t lines_inside(const addend_window *w, size_t r, size_t *count) {
  const size_t tap = r * w->dilation, reach = w->height + w->padding;
  const size_t first = tap < w->padding ? parts_of(w->padding - tap, w->stride) : 0;
  const size_t end = tap < reach ? smaller(w->output_height, (reach - tap - 1) / w->stride + 1) : 0;
  *count = end > first ? end - first : 0;
  return first;
}

/// Whether a row of the filter reaches line y.
static bool is_reached(const addend_window *w, size_t y) {
  for (size_t r = 0; r < w->filter_height; ++r)
    if ((y + w->padding + w->stride * w->filter_height * w->dilation - r * w->dilation) % w->stride == 0)
      return true;
  return false;
}

/// Lays out one line of the image.
static void lay_out_line(const worker *k, const float *from, float *to) {
  const addend_halves_gradient_plan *plan = k->plan;
  const addend_window *w = &plan->window;
  const size_t channels = w->channels, size = w->width * channels, border = w->padding * channels;
  plan->halves->round(&plan->image, 1, size, from, size, size, k->x_line + border);
  const size_t pairs = pair_count(w), step = w->stride * channels, row = row_size(w);
  const bool is_dense = w->dilation == 1;
  const size_t taps = is_dense ? 1 : w->filter_width, count = is_dense ? row : channels;
  for (size_t s = 0; s < taps; ++s)
    plan->halves->interleave(pairs, w->output_width % 2, count,
                             k->x_line + s * w->dilation * channels, 2 * step, step, count, row,
                             (uint32_t *)(void *)(to + s * channels));
}

/// Lays out one line of dy, panel by panel, `size` words from one panel's lines to the next one's.
static void lay_out_gradient_line(const worker *k, const float *from, size_t place, size_t lines) {
  const addend_halves_gradient_plan *plan = k->plan;
  const addend_window *w = &plan->window;
  const size_t outputs = plan->outputs, size = w->output_width * outputs, pairs = pair_count(w);
  plan->halves->round(&plan->gradient, 1, size, from, size, size, k->dy_line);
  for (size_t start = 0, panel = 0, end; start < outputs; start = end) {
    end = addend_brgemm_panel_start(plan->kernels, outputs, ++panel);
    const size_t columns = smaller(end, outputs) - start, width = end - start;
    float *to = k->dy + (lines * start + place * width) * pairs;
    plan->halves->interleave(pairs, w->output_width % 2, columns, k->dy_line + start, 2 * outputs,
                             outputs, width, width, (uint32_t *)(void *)to);
  }
}

/// Adds the products of the `count` images that are laid out.
static void multiply(const worker *k, size_t count, bool accumulates, float *sums) {
  const addend_halves_gradient_plan *plan = k->plan;
  const addend_window *w = &plan->window;
  const size_t outputs = plan->outputs, pairs = pair_count(w), row = row_size(w);
  for (size_t start = 0, panel = 0, end; start < outputs; start = end) {
    end = addend_brgemm_panel_start(plan->kernels, outputs, ++panel);
    const size_t width = end - start, vector = width / plan->kernels->lanes - 1;
    const size_t image = w->output_height * pairs * width;
    addend_brgemm_tile tile = {.columns = smaller(end, outputs) - start,
                               .taps = count,
                               .a = k->lines,
                               .a_step = 1,
                               .lda = row,
                               .b_step = image,
                               .ldb = width,
                               .is_padded = true,
                               .ldc = outputs,
                               .scale = plan->scale,
                               .accumulates = accumulates};
    for (size_t r = 0; r < w->filter_height; ++r) {
      size_t lines;
      const size_t p = lines_inside(w, r, &lines);
      tile.depth = lines * pairs;
      // A row of the filter that meets no line has no terms.
      const size_t y = lines ? p * w->stride + r * w->dilation - w->padding : 0;
      const size_t place = y % w->stride * lines_apart(w) + y / w->stride;
      for (size_t i = 0; i < count; ++i)
        k->lines[i] = k->x + i * image_words(w) + place * pairs * row;
      tile.b = k->dy + count * w->output_height * pairs * start + p * pairs * width;
      for (size_t i = 0; i < row; i += tile.rows) {
        tile.rows = addend_brgemm_next_rows(row - i, plan->kernels->row_limit[vector]);
        tile.a_offset = i;
        tile.c = sums + (r * row + i) * outputs + start;
        plan->kernels->transposed[vector][tile.rows - 1](&tile);
      }
    }
  }
}

void addend_halves_gradient_run(const addend_halves_gradient_plan *plan, const float *restrict x,
                                const float *restrict dy, bool accumulates, size_t part,
                                float *restrict scratch, float *restrict sums) {
  const addend_window *w = &plan->window;
  const size_t first = part * plan->part, end = smaller(first + plan->part, plan->batch);
  const size_t pairs = pair_count(w), line = w->width * w->channels;
  worker k;
  make_worker(&k, plan, scratch);
  // The border's zeros stay.
  memset(k.x_line, 0, line_size(w) * sizeof *k.x_line);
  const unsigned mode = addend_bf16_begin(plan->kernels);
  size_t i = first;
  do {
    const size_t count = smaller(plan->group, end - i), lines = count * w->output_height;
    for (size_t n = 0; n < count; ++n) {
      const float *from = x + (i + n) * w->height * line;
      float *to = k.x + n * image_words(w);
      for (size_t y = 0; y < w->height; ++y, from += line)
        if (is_reached(w, y))
          lay_out_line(&k, from,
                       to + (y % w->stride * lines_apart(w) + y / w->stride) * pairs * row_size(w));
      for (size_t p = 0; p < w->output_height; ++p) {
        const size_t place = n * w->output_height + p;
        const size_t number = (i + n) * w->output_height + p;
        lay_out_gradient_line(&k, dy + number * w->output_width * plan->outputs, place, lines);
      }
    }
    multiply(&k, count, accumulates || i > first, sums);
    i += count;
  } while (i < end);
  addend_bf16_end(plan->kernels, mode);
}

void addend_halves_gradient_total(size_t parts, size_t size, const float *restrict sums,
                                  bool accumulates, size_t first, size_t count,
                                  float *restrict gradient) {
  for (size_t i = first; i < first + count; ++i) {
    float sum = sums[i];
    for (size_t part = 1; part < parts; ++part) sum += sums[part * size + i];
    gradient[i] = accumulates ? gradient[i] + sum : sum;
  }
}
