#include <stdio.h>
#include <string.h>

#include "addend_bf16.h"
#include "addend_direct.h"
#include "addend_halves_gradient.h"
#include "check_halves.h"
#include "check_images.h"

// Convolutions of whole numbers are exact in any order, so that the equations say what is wanted; the
// bits of others are the definition's alone.

typedef struct {
  const float *x, *filter, *dy;
  float *y, *dx, *gradient;
} operands;

static void add(void *state, size_t x, size_t filter, size_t y) {
  const operands *o = state;
  o->y[y] += o->x[x] * o->filter[filter];
  o->dx[x] += o->dy[y] * o->filter[filter];
  o->gradient[filter] += o->dy[y] * o->x[x];
}

typedef struct {
  check_half_kind kind;
  const addend_brgemm_kernels *products;
  const addend_halves_kernels *kernels;
} half_set;

/// The roundings of two operands, and the factors of their products.
typedef struct {
  addend_halves_rounding left, right;
  float factors[2];
} rule;

static rule rule_of(const half_set *s, const float *left, size_t lefts, const float *right,
                    size_t rights) {
  if (s->kind == BFLOAT16) return (rule){{.is_fixed = false}, {.is_fixed = false}, {1, 1}};
  addend_halves_scale scales[2];
  const int bits = s->kind == FIXED ? 14 : 15;
  rule rule = {addend_halves_fixed(s->kernels->largest(lefts, left), 15, &scales[0]),
               addend_halves_fixed(s->kernels->largest(rights, right), bits, &scales[1]),
               {0, 0}};
  addend_halves_factors(scales[0], scales[1], rule.factors);
  return rule;
}

/// Words of two neighbouring channels.
static uint32_t *channels_of(const half_set *s, const addend_halves_rounding *rounding,
                             size_t pixels, size_t channels, const float *x) {
  uint32_t *to = check_room(4 * pixels * ((channels + 1) / 2), 4);
  addend_halves_pair_channels(s->kernels, rounding, pixels, channels, x, to);
  return to;
}

static void run_piece(const half_set *s, const addend_direct_piece *piece, const addend_window *w,
                      size_t results, const uint32_t *source, const uint32_t *filter,
                      const rule *rule, float *to) {
  const addend_direct_plan plan = addend_direct_prepare(s->products, piece);
  float *packed = check_room(4 * addend_direct_packed_count(&plan), 4);
  for (size_t unit = 0; unit < plan.panels; ++unit)
    addend_direct_pack(&plan, w, results, (const float *)(const void *)filter, unit, packed);
  const size_t zero_count = addend_direct_zero_count(&plan);
  const float *zeros = memset(check_room(4 * zero_count, 64), 0, 4 * zero_count);
  const addend_direct_operands operands = {.source = (const float *)(const void *)source,
                                           .packed = packed,
                                           .result = to,
                                           .zeros = zeros,
                                           .scale = rule->factors};
  float *scratch = check_room(4 * addend_direct_part_scratch(&plan), 8);
  for (size_t part = 0; part < addend_direct_part_count(&plan); ++part)
    addend_bf16_direct_run(&plan, &operands, part, scratch);
}

/// Two neighbouring results at a time; `w` is such that the outputs are those wanted.
static void run_pairs(const half_set *s, const check_convolution *c, addend_window w,
                      size_t results, bool is_gradient, const uint32_t *source,
                      const uint32_t *filter, const rule *rule, float *to) {
  uint32_t *wide =
      check_room(4 * w.filter_height * (w.filter_width + 1) * w.channels * 2 * results, 4);
  addend_halves_widen(w.filter_height, w.filter_width, w.channels, results, is_gradient, filter,
                      wide);
  const ptrdiff_t padding = (ptrdiff_t)w.padding;
  const ptrdiff_t down = is_gradient ? padding + 1 - (ptrdiff_t)w.filter_height : -padding;
  const ptrdiff_t across = is_gradient ? padding + 1 - (ptrdiff_t)w.filter_width : -padding;
  w.filter_width += 1;
  w.output_width /= 2;
  addend_direct_piece piece = addend_direct_output(c->batch, &w, 2 * results, 1);
  piece.across.step = 2;
  piece.down.first = down, piece.across.first = across;
  run_piece(s, &piece, &w, 2 * results, source, wide, rule, to);
}

static void run_forward(const half_set *s, const check_convolution *c, const float *x,
                        const float *filter, float *y) {
  addend_window w = c->window;
  const rule rule = rule_of(s, x, c->image, filter, c->filter);
  const size_t taps = w.filter_height * w.filter_width, pairs = (w.channels + 1) / 2;
  const uint32_t *source = channels_of(s, &rule.left, c->image / w.channels, w.channels, x);
  uint32_t *by = check_room(4 * taps * pairs * c->outputs, 4);
  for (size_t tap = 0; tap < taps; ++tap)
    addend_halves_pair_rows(s->kernels, &rule.right, w.channels, c->outputs,
                            filter + tap * w.channels * c->outputs, c->outputs, c->outputs,
                            by + tap * pairs * c->outputs);
  w.channels = pairs;
  if (w.stride == 1 && w.dilation == 1 && w.filter_width > 1 && w.output_width % 2 == 0) {
    run_pairs(s, c, w, c->outputs, false, source, by, &rule, y);
    return;
  }
  const addend_direct_piece piece = addend_direct_output(c->batch, &w, c->outputs, 1);
  run_piece(s, &piece, &w, c->outputs, source, by, &rule, y);
}

static void run_input_gradient(const half_set *s, const check_convolution *c, const float *dy,
                               const float *filter, float *dx) {
  const addend_window *w = &c->window;
  const rule rule = rule_of(s, dy, c->result, filter, c->filter);
  const size_t pairs = (c->outputs + 1) / 2;
  const uint32_t *source = channels_of(s, &rule.left, c->result / c->outputs, c->outputs, dy);
  const uint32_t *by = channels_of(s, &rule.right, c->filter / c->outputs, c->outputs, filter);
  if (w->stride == 1 && w->dilation == 1 && w->filter_width > 1 && w->width % 2 == 0) {
    addend_window turned = *w;
    turned.channels = pairs;
    turned.height = w->output_height, turned.width = w->output_width;
    turned.output_height = w->height, turned.output_width = w->width;
    run_pairs(s, c, turned, w->channels, true, source, by, &rule, dx);
    return;
  }
  for (size_t row = 0; row < w->stride && row < w->height; ++row)
    for (size_t column = 0; column < w->stride && column < w->width; ++column) {
      const addend_direct_piece piece =
          addend_direct_input_gradient(c->batch, w, pairs, 1, row, column);
      // Positions that no tap reaches stay zeros.
      if (piece.down.taps && piece.across.taps)
        run_piece(s, &piece, w, pairs, source, by, &rule, dx);
    }
}

static void run_filter_gradient(const half_set *s, const check_convolution *c, const float *x,
                                const float *dy, bool accumulates, float *gradient) {
  const rule rule = rule_of(s, x, c->image, dy, c->result);
  addend_halves_gradient_plan plan = {.kernels = s->products,
                                      .halves = s->kernels,
                                      .image = rule.left,
                                      .gradient = rule.right,
                                      .scale = {rule.factors[0], rule.factors[1]},
                                      .window = c->window,
                                      .batch = c->batch,
                                      .outputs = c->outputs};
  addend_halves_gradient_prepare(&plan);
  const size_t parts = addend_halves_gradient_part_count(&plan);
  float *scratch = check_room(4 * addend_halves_gradient_part_scratch(&plan), 64);
  float *sums = check_room(4 * parts * c->filter, 4);
  for (size_t part = 0; part < parts; ++part)
    addend_halves_gradient_run(&plan, x, dy, parts == 1 && accumulates, part, scratch,
                               parts == 1 ? gradient : sums + part * c->filter);
  if (parts > 1)
    addend_halves_gradient_total(parts, c->filter, sums, accumulates, 0, c->filter, gradient);
}

static void check_kind(check_half_kind kind, bool is_whole, addend_isa set) {
  const half_set definition = {kind, check_half_kernels(kind, ADDEND_ISA_SCALAR),
                               addend_halves_select(ADDEND_ISA_SCALAR)};
  const half_set variant = {kind, check_half_kernels(kind, set), addend_halves_select(set)};
  char name[60];
  snprintf(name, sizeof name, "convolutions%s, %s", is_whole ? " of whole numbers" : "",
           check_half_names[kind]);
  check_begin(name, is_whole || variant.products != definition.products, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t channels = CHECK_ONE_OF(1, 3, 8, 15), outputs = CHECK_ONE_OF(1, 5, 16);
    const check_convolution c = check_any_convolution(1, channels, outputs);
    float *(*const numbers)(size_t) = is_whole ? check_whole_floats : check_floats;
    const float *x = numbers(c.image), *filter = numbers(c.filter), *dy = numbers(c.result);
    const float *before = numbers(c.filter);
    const bool accumulates = check_below(2);
    check_result y = check_results(4 * c.result), dx = check_results(4 * c.image);
    check_result gradient = check_results(4 * c.filter);
    for (size_t side = 0; side < 2; ++side) {
      const operands o = {.x = x,
                          .filter = filter,
                          .dy = dy,
                          .y = (float *)(void *)(side ? y.found : y.wanted),
                          .dx = (float *)(void *)(side ? dx.found : dx.wanted),
                          .gradient = (float *)(void *)(side ? gradient.found : gradient.wanted)};
      for (size_t i = 0; i < c.image; ++i) o.dx[i] = 0;
      for (size_t i = 0; i < c.filter; ++i) o.gradient[i] = accumulates ? before[i] : 0;
      if (is_whole && !side) {
        for (size_t i = 0; i < c.result; ++i) o.y[i] = 0;
        check_for_products(&c, add, (void *)&o);
        continue;
      }
      const half_set *s = side ? &variant : &definition;
      run_forward(s, &c, x, filter, o.y);
      run_input_gradient(s, &c, dy, filter, o.dx);
      run_filter_gradient(s, &c, x, dy, accumulates, o.gradient);
    }
    char what[120];
    check_describe(&c, what, sizeof what);
    check_compare(what, y);
    check_compare(what, dx);
    check_compare(what, gradient);
    check_free();
  }
  check_end();
}

void check_half_convolutions(addend_isa set) {
  for (check_half_kind kind = BFLOAT16; kind <= WIDE_FIXED; ++kind) {
    check_kind(kind, true, set);
    check_kind(kind, false, set);
  }
}
