#include "addend_int8.h"

#include <string.h>

// Only what asks for it is fused.
#pragma STDC FP_CONTRACT OFF

#include "addend_brgemm.h"
#include "addend_direct_parts.h"
#include "addend_f32_math.h"

// Vectors wider than a set's registers are only passed to what is inlined.
#pragma clang diagnostic ignored "-Wpsabi"
typedef int32_t int32_unaligned __attribute__((aligned(1)));
typedef int32_t integers16 __attribute__((vector_size(64)));
typedef uint32_t unsigned16 __attribute__((vector_size(64)));
typedef float floats16 __attribute__((vector_size(64)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));

/// What is done to numbers one by one.
typedef struct {
  void (*quantize)(size_t, const float *restrict, float, float, uint8_t *restrict);
  void (*dequantize)(size_t, const uint8_t *restrict, int, float, float *restrict);
} int8_lines;

#define ADDEND_SOURCE "addend_int8_tile.h"
#include "addend_sets.h"

#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_vnni
#define ADDEND_HAS_VNNI
#include "addend_vectors_avx512.h"
#include "addend_int8_tile.h"
#include "addend_vectors_end.h"
#pragma clang attribute pop
#endif

const addend_int8_kernels *addend_int8_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return &int8_avx512_vnni;
#endif
  return ADDEND_SELECT(isa, int8);
}

enum {
  strip = addend_int8_strip,
  // Bytes of an image's block, which stays in the second level of the cache while all panels pass by.
  block_bytes = 256 << 10,
  // Parts, where there is work for them, and the products that one is worth, some 2 µs.
  most_parts = 16,
  part_products = 1 << 20,
};

static size_t strips_of(const addend_int8_plan *plan) { return parts_of(plan->outputs, strip); }

/// The first strip of a group's panel.
static size_t panel_start(const addend_int8_plan *plan, size_t panel) {
  return part_start(strips_of(plan), plan->panels, panel);
}

static size_t pixel_size(const addend_int8_plan *plan) {
  return plan->window.channels * plan->groups;
}

/// The length of a tap's sums.
static size_t tap_length(const addend_int8_plan *plan) {
  return plan->window.channels * (plan->merges ? plan->window.filter_width : 1);
}

addend_int8_plan addend_int8_prepare(size_t batch, const addend_window *w, size_t outputs,
                                     size_t groups) {
  addend_int8_plan plan = {.batch = batch, .groups = groups, .window = *w, .outputs = outputs};
  plan.merges = groups == 1 && w->dilation == 1;
  plan.taps = w->filter_height * (plan.merges ? 1 : w->filter_width);
  const size_t length = tap_length(&plan);
  plan.words = parts_of(length, 4);
  plan.copies = w->padding > 0 || length % 4 != 0;
  plan.panels = parts_of(strips_of(&plan), addend_int8_most_strips);
  plan.blocks = plan.parts_down = plan.parts_across = 1;
  if (!batch || !w->output_height || !w->output_width || !outputs) return plan;
  const size_t products = batch * w->output_height * w->output_width * plan.taps * plan.words * 4 *
                          outputs * groups;
  const size_t wanted = smaller(larger(products / part_products, 1), most_parts);
  const size_t image = w->output_height * w->stride * w->width * pixel_size(&plan);
  const size_t blocks = larger(parts_of(image, block_bytes), parts_of(wanted, batch));
  plan.blocks = smaller(blocks, w->output_height);
  plan.parts_down = smaller(batch * plan.blocks, wanted);
  plan.parts_across = smaller(plan.panels * groups, larger(wanted / plan.parts_down, 1));
  return plan;
}

size_t addend_int8_padded(const addend_int8_plan *plan) {
  return plan->groups * strips_of(plan) * strip;
}

size_t addend_int8_packed_count(const addend_int8_plan *plan) {
  return addend_int8_padded(plan) * plan->taps * plan->words * 4;
}

/// Where weight p of tap t and column j of a group lie among the group's, or beyond all of them.
static size_t place(const addend_int8_plan *plan, size_t t, size_t p, size_t j) {
  const size_t length = tap_length(plan);
  return p < length && j < plan->outputs ? (t * length + p) * plan->outputs + j : SIZE_MAX;
}

/// Calls for each packed number of a group: the number of its column, and its place in the filter.
#define FOR_PACKED(plan, statement)                                       \
  for (size_t panel = 0; panel < (plan)->panels; ++panel)                 \
    for (size_t t = 0; t < (plan)->taps; ++t)                             \
      for (size_t p = 0; p < (plan)->words; ++p)                          \
        for (size_t j = panel_start(plan, panel) * strip;                 \
             j < panel_start(plan, panel + 1) * strip; ++j)               \
          for (size_t byte = 0; byte < 4; ++byte, ++packed) {             \
            const size_t at = place(plan, t, 4 * p + byte, j);            \
            statement;                                                    \
          }

void addend_int8_pack(const addend_int8_plan *plan, const int8_t *restrict filter,
                      int8_t *restrict packed, int32_t *restrict sums) {
  const size_t filter_count = tap_length(plan) * plan->taps * plan->outputs;
  memset(sums, 0, addend_int8_padded(plan) * sizeof *sums);
  for (size_t group = 0; group < plan->groups; ++group, filter += filter_count) {
    FOR_PACKED(plan, {
      *packed = at == SIZE_MAX ? 0 : filter[at];
      sums[j] += *packed;
    })
    sums += strips_of(plan) * strip;
  }
}

void addend_int8_unpack(const addend_int8_plan *plan, const int8_t *restrict packed,
                        int8_t *restrict filter) {
  const size_t filter_count = tap_length(plan) * plan->taps * plan->outputs;
  for (size_t group = 0; group < plan->groups; ++group, filter += filter_count)
    FOR_PACKED(plan, if (at != SIZE_MAX) filter[at] = *packed)
}

size_t addend_int8_part_count(const addend_int8_plan *plan) {
  return plan->parts_down * plan->parts_across;
}

/// Lines of the image that so many lines of results reach.
static size_t source_lines(const addend_window *w, size_t lines) {
  return (lines - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1;
}

static size_t offset_bytes(const addend_int8_plan *plan) { return plan->taps * sizeof(size_t); }

size_t addend_int8_part_scratch(const addend_int8_plan *plan) {
  const addend_window *w = &plan->window;
  if (!plan->copies) return offset_bytes(plan);
  const size_t lines = source_lines(w, parts_of(larger(w->output_height, 1), plan->blocks));
  // A word may end beyond the last pixel.
  const size_t copy = lines * (w->width + 2 * w->padding) * pixel_size(plan) + 4;
  return parts_of(offset_bytes(plan) + copy, 64) * 64;
}

/// Where a block's image is: its first line of memory, and the numbers from line to line.
typedef struct {
  const uint8_t *first;
  size_t line;
} source;

/// Lines of an image from result line `first` on, with the padding around them.
static source find_source(const addend_int8_plan *plan, const addend_int8_operands *o, size_t image,
                          size_t first, size_t lines, uint8_t *copy) {
  const addend_window *w = &plan->window;
  const size_t pixel = pixel_size(plan), line = w->width * pixel, edge = w->padding * pixel;
  const uint8_t *from = o->image + image * w->height * line;
  if (!plan->copies) return (source){from + first * w->stride * line, line};
  const size_t count = source_lines(w, lines);
  uint8_t *to = copy;
  for (size_t i = 0; i < count; ++i, to += line + 2 * edge) {
    const size_t row = first * w->stride + i;
    if (row < w->padding || row - w->padding >= w->height) {
      memset(to, o->zero_point, line + 2 * edge);
      continue;
    }
    memset(to, o->zero_point, edge);
    memcpy(to + edge, from + (row - w->padding) * line, line);
    memset(to + edge + line, o->zero_point, edge);
  }
  memset(to, 0, 4);
  return (source){copy, line + 2 * edge};
}

/// All tiles of a block's positions with the strips first ≤ s < end of a panel.
static void run_panel(const addend_int8_kernels *kernels, const addend_int8_plan *plan,
                      const source *from, size_t group, size_t positions, size_t result,
                      size_t panel, size_t first, size_t end, addend_int8_tile *tile) {
  const addend_window *w = &plan->window;
  const size_t start = panel_start(plan, panel), width = panel_start(plan, panel + 1) - start;
  const size_t pixel = pixel_size(plan), words = plan->taps * plan->words;
  const size_t strips = end - first, most = kernels->row_limit[strips - 1];
  const int8_t *packed = tile->b;
  tile->columns = smaller(strips * strip, plan->outputs - first * strip);
  tile->column = (group * strips_of(plan) + first) * strip;
  tile->b += ((group * strips_of(plan) + start) * words + (first - start)) * strip * 4;
  tile->b_step = width * strip * 4;
  tile->result = result + group * plan->outputs + first * strip;
  const uint8_t *rows[addend_int8_most_rows];
  const uint8_t *line = from->first + group * w->channels;
  tile->a = rows;
  for (size_t i = 0, column = 0; i < positions; i += tile->rows) {
    tile->rows = addend_brgemm_next_rows(positions - i, most);
    for (size_t r = 0; r < tile->rows; ++r) {
      rows[r] = line + column * w->stride * pixel;
      if (++column < w->output_width) continue;
      column = 0;
      line += w->stride * from->line;
    }
    kernels->run[strips - 1][tile->rows - 1](tile);
    tile->result += tile->rows * tile->stride;
  }
  tile->b = packed;
}

void addend_int8_run(const addend_int8_kernels *kernels, const addend_int8_plan *plan,
                     const addend_int8_operands *o, size_t part, void *restrict scratch) {
  const addend_window *w = &plan->window;
  const size_t pixel = pixel_size(plan);
  const size_t across = part % plan->parts_across, down = part / plan->parts_across;
  const size_t blocks = plan->batch * plan->blocks, units = plan->panels * plan->groups;
  const size_t first_unit = part_start(units, plan->parts_across, across);
  const size_t end_unit = part_start(units, plan->parts_across, across + 1);
  const size_t end_block = part_start(blocks, plan->parts_down, down + 1);
  size_t *offsets = scratch;
  uint8_t *copy = (uint8_t *)scratch + offset_bytes(plan);
  for (size_t b = part_start(blocks, plan->parts_down, down); b < end_block; ++b) {
    const size_t image = b / plan->blocks;
    const size_t top = part_start(w->output_height, plan->blocks, b % plan->blocks);
    const size_t lines = part_start(w->output_height, plan->blocks, b % plan->blocks + 1) - top;
    if (!lines || !w->output_width) continue;
    const source from = find_source(plan, o, image, top, lines, copy);
    const size_t taps_across = plan->taps / w->filter_height;
    for (size_t t = 0; t < plan->taps; ++t)
      offsets[t] = (t / taps_across) * w->dilation * from.line +
                   (t % taps_across) * w->dilation * pixel;
    addend_int8_tile tile = {.taps = plan->taps,
                             .words = plan->words,
                             .offsets = offsets,
                             .b = o->packed,
                             .finish = &o->finish,
                             .stride = plan->groups * plan->outputs,
                             .y = o->y};
    const size_t result = (image * w->output_height + top) * w->output_width * tile.stride;
    for (size_t unit = first_unit; unit < end_unit; ++unit) {
      const size_t panel = unit % plan->panels, last = panel_start(plan, panel + 1);
      for (size_t s = panel_start(plan, panel); s < last; s += kernels->strips)
        run_panel(kernels, plan, &from, unit / plan->panels, lines * w->output_width, result, panel,
                  s, smaller(s + kernels->strips, last), &tile);
    }
  }
}

static const int8_lines *select_lines(addend_isa isa) { return ADDEND_SELECT(isa, lines); }

void addend_int8_quantize(addend_isa isa, size_t count, const float *restrict x, float scale,
                          float zero, uint8_t *restrict q) {
  select_lines(isa)->quantize(count, x, scale, zero, q);
}

void addend_int8_dequantize(addend_isa isa, size_t count, const uint8_t *restrict q, int zero_point,
                            float scale, float *restrict x) {
  select_lines(isa)->dequantize(count, q, zero_point, scale, x);
}

void addend_int8_max_pool(size_t batch, const addend_window *w, const uint8_t *restrict x,
                          uint8_t filler, uint8_t *restrict y) {
  const size_t line = w->width * w->channels;
  for (size_t n = 0; n < batch; ++n, x += w->height * line)
    for (size_t p = 0; p < w->output_height; ++p)
      for (size_t q = 0; q < w->output_width; ++q, y += w->channels) {
        // Zero is less than all, and a window that is not all padding replaces it.
        bool is_empty = true;
        memset(y, 0, w->channels);
        for (size_t r = 0; r < w->filter_height; ++r) {
          const size_t row = p * w->stride + r * w->dilation - w->padding;
          if (row >= w->height) continue;
          for (size_t s = 0; s < w->filter_width; ++s) {
            const size_t column = q * w->stride + s * w->dilation - w->padding;
            if (column >= w->width) continue;
            const uint8_t *pixel = x + row * line + column * w->channels;
            for (size_t c = 0; c < w->channels; ++c) y[c] = y[c] > pixel[c] ? y[c] : pixel[c];
            is_empty = false;
          }
        }
        if (is_empty) memset(y, filler, w->channels);
      }
}

void addend_int8_subsample(size_t batch, size_t height, size_t width, size_t channels,
                           size_t stride, size_t before, size_t after, const uint8_t *restrict x,
                           uint8_t filler, uint8_t *restrict y) {
  for (size_t n = 0; n < batch; ++n, x += height * width * channels)
    for (size_t i = 0; i < height; i += stride)
      for (size_t j = 0; j < width; j += stride, y += before + channels + after) {
        memset(y, filler, before);
        memcpy(y + before, x + (i * width + j) * channels, channels);
        memset(y + before + channels, filler, after);
      }
}
