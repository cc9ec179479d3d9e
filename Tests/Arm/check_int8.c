#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_int8.h"
#include "check.h"
#include "check_images.h"

// On Arm there is the definition alone, in vectors as the compiler makes them: it is checked beside the
// equations.
#pragma STDC FP_CONTRACT OFF

enum { strip = addend_int8_strip };

static const char *const kinds[] = {"sums", "floats", "bytes"};

typedef struct {
  const uint8_t *x;
  const int8_t *filter;
  int zero_point;
  uint32_t *sums;
} operands;

static void add(void *state, size_t x, size_t filter, size_t y) {
  const operands *o = state;
  o->sums[y] += (uint32_t)((o->x[x] - o->zero_point) * o->filter[filter]);
}

/// Of any kind, or the ends of the range alone.
static int8_t *weights(size_t count) {
  int8_t *numbers = check_room(count, 1);
  const bool is_extreme = check_below(3) == 0;
  for (size_t i = 0; i < count; ++i)
    numbers[i] = (int8_t)(is_extreme ? (check_below(8) ? -128 : 127) : (int)check_below(256) - 128);
  return numbers;
}

/// Memory of the result's, filled with what the residual is.
static void fill_residual(addend_int8_result kind, size_t count, void *to) {
  for (size_t i = 0; i < count; ++i) {
    if (kind == ADDEND_INT8_BYTES) ((uint8_t *)to)[i] = (uint8_t)check_random();
    else ((float *)to)[i] = check_float();
  }
}

static addend_int8_finish any_finish(addend_int8_result kind, const addend_int8_plan *plan,
                                     double greatest) {
  const size_t padded = addend_int8_padded(plan), strips = padded / plan->groups;
  int32_t *bias = check_room(4 * padded, 4);
  float *multiplier = check_room(4 * padded, 4), *offset = check_room(4 * padded, 4);
  // Sums by themselves wrap around. Others are brought to a range that reaches beyond bytes'.
  const int32_t limit = kind == ADDEND_INT8_SUMS ? INT32_MAX : 1 << 20;
  for (size_t i = 0; i < padded; ++i) {
    const bool is_used = i % strips < plan->outputs;
    bias[i] = is_used ? (int32_t)(uint32_t)check_random() % limit : 0;
    multiplier[i] = is_used ? (float)(20 / greatest) * check_float() : 0;
    offset[i] = is_used ? 100 + check_float() : 0;
  }
  const bool is_bytes = kind == ADDEND_INT8_BYTES, is_cut = check_below(2);
  return (addend_int8_finish){.kind = kind,
                              .bias = bias,
                              .multiplier = multiplier,
                              .offset = offset,
                              .lowest = is_cut ? 77 : is_bytes ? 0 : -INFINITY,
                              .highest = is_bytes ? 255 : INFINITY,
                              .residual_scale = check_float()};
}

/// What a sum becomes; `residual` is NULL or the number that is added.
static void finish(const addend_int8_finish *f, int32_t sum, size_t column, const float *residual,
                   size_t at, void *y) {
  const float offset = f->offset[column];
  const float base = residual ? fmaf(*residual, f->residual_scale, offset) : offset;
  float t = fmaf((float)sum, f->multiplier[column], base);
  t = t < f->lowest ? f->lowest : t > f->highest ? f->highest : t;
  if (f->kind == ADDEND_INT8_SUMS) ((int32_t *)y)[at] = sum;
  else if (f->kind == ADDEND_INT8_FLOATS) ((float *)y)[at] = t;
  else ((uint8_t *)y)[at] = (uint8_t)nearbyintf(t);
}

static void check_one(const check_convolution *c, addend_int8_result kind, addend_isa set) {
  const addend_window *w = &c->window;
  const addend_int8_plan plan = addend_int8_prepare(c->batch, w, c->outputs, c->groups);
  char what[120];
  check_describe(c, what, sizeof what);
  const int zero_point = (int)check_below(256);
  uint8_t *x = check_bytes_below(c->image, 256);
  if (check_below(3) == 0) memset(x, 255, c->image);
  const int8_t *filter = weights(c->filter);

  // Weights are packed, summed and found again.
  const size_t padded = addend_int8_padded(&plan), strips = padded / c->groups;
  const size_t taps = w->filter_height * w->filter_width * w->channels;
  int8_t *packed = check_room(addend_int8_packed_count(&plan), 64);
  check_result totals = check_results(4 * padded), back = check_results(c->filter);
  addend_int8_pack(&plan, filter, packed, (int32_t *)(void *)totals.found);
  memset(totals.wanted, 0, totals.bytes);
  int32_t *total = (int32_t *)(void *)totals.wanted;
  for (size_t g = 0; g < c->groups; ++g)
    for (size_t p = 0; p < taps; ++p)
      for (size_t j = 0; j < c->outputs; ++j)
        total[g * strips + j] += filter[(g * taps + p) * c->outputs + j];
  check_compare(what, totals);
  addend_int8_unpack(&plan, packed, (int8_t *)back.found);
  memcpy(back.wanted, filter, c->filter);
  check_compare(what, back);

  addend_int8_finish f = any_finish(kind, &plan, 255.0 * 128 * (double)taps);
  const size_t size = kind == ADDEND_INT8_BYTES ? 1 : 4, columns = c->groups * c->outputs;
  check_result y = check_results(size * c->result);
  // A residual of the other kind lies apart, one of the result's kind may be the result itself.
  const addend_int8_result kind_of_residual =
      check_below(2) ? ADDEND_INT8_BYTES : ADDEND_INT8_FLOATS;
  const bool has_residual = kind != ADDEND_INT8_SUMS && check_below(3) > 0;
  const bool is_itself = kind_of_residual == kind && check_below(2);
  void *residual = check_room((kind_of_residual == ADDEND_INT8_BYTES ? 1 : 4) * c->result, 4);
  fill_residual(kind_of_residual, c->result, residual);
  if (has_residual && is_itself) memcpy(y.found, residual, y.bytes);
  void *given = is_itself ? y.found : residual;
  if (has_residual && kind_of_residual == ADDEND_INT8_BYTES) f.residual_bytes = given;
  if (has_residual && kind_of_residual == ADDEND_INT8_FLOATS) f.residual_floats = given;

  // Pixels of the padding are the zero point: what it adds is the same everywhere.
  operands o = {x, filter, zero_point, check_room(4 * c->result, 4)};
  for (size_t i = 0; i < c->result; ++i) {
    const size_t j = i % columns / c->outputs * strips + i % c->outputs;
    o.sums[i] = (uint32_t)f.bias[j] + (uint32_t)(zero_point * total[j]);
  }
  check_for_products(c, add, &o);
  for (size_t i = 0; i < c->result; ++i) {
    const float number = kind_of_residual == ADDEND_INT8_BYTES ? (float)((uint8_t *)residual)[i]
                                                               : ((float *)residual)[i];
    finish(&f, (int32_t)o.sums[i], i % columns / c->outputs * strips + i % c->outputs,
           has_residual ? &number : NULL, i, y.wanted);
  }
  const addend_int8_operands to = {x, (uint8_t)zero_point, packed, f, y.found};
  void *scratch = check_room(addend_int8_part_scratch(&plan), 8);
  for (size_t part = 0; part < addend_int8_part_count(&plan); ++part)
    addend_int8_run(addend_int8_select(set), &plan, &to, part, scratch);
  check_compare(what, y);
  check_free();
}

static check_convolution product(size_t rows, size_t terms, size_t columns) {
  return (check_convolution){1,
                             1,
                             columns,
                             {rows, 1, terms, 1, 1, rows, 1, 1, 0, 1},
                             rows * terms,
                             rows * columns,
                             terms * columns};
}

static void check_sums(addend_int8_result kind, bool is_product, addend_isa set) {
  char name[40];
  snprintf(name, sizeof name, "%s of bytes, %s", is_product ? "products" : "convolutions",
           kinds[kind]);
  check_begin(name, true, false);
  for (size_t n = 0; n < 80; ++n) {
    const size_t channels = CHECK_ONE_OF(1, 3, 4, 8, 17), outputs = CHECK_ONE_OF(1, 5, 16, 19, 70);
    const size_t groups = CHECK_ONE_OF(1, 1, 1, 2, 3);
    const size_t rows = CHECK_ONE_OF(1, 2, 3, 7, 12, 49);
    const size_t terms = CHECK_ONE_OF(1, 3, 4, 16, 67, 515);
    const check_convolution c = is_product ? product(rows, terms, outputs)
                                           : check_any_convolution(groups, channels, outputs);
    check_one(&c, kind, set);
  }
  // Such that it is cut into parts, down or across.
  const check_convolution tall = product(601, 260, 35), wide = product(1, 4100, 600);
  if (is_product) check_one(&tall, kind, set);
  if (is_product) check_one(&wide, kind, set);
  check_end();
}

static void check_numbers(addend_isa set) {
  check_begin("floats as bytes", true, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t count = 1 + check_below(70);
    // Some steps are such that numbers lie half way between two.
    const float scale = n % 2 ? 0.5f : check_float(), zero = (float)check_below(256);
    float *x = check_floats(count);
    for (size_t i = 0; i < count; ++i) {
      const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -0.0f};
      x[i] = check_below(8) ? n % 2 ? (float)check_below(600) - 300 : 16 * x[i]
                            : special[check_below(5)];
    }
    check_result q = check_results(count), back = check_results(4 * count);
    for (size_t i = 0; i < count; ++i) {
      const float place = fmaf(x[i], scale, zero);
      q.wanted[i] = (uint8_t)nearbyintf(!(place > 0) ? 0 : place > 255 ? 255 : place);
    }
    addend_int8_quantize(set, count, x, scale, zero, q.found);
    for (size_t i = 0; i < count; ++i)
      ((float *)(void *)back.wanted)[i] = (float)(q.wanted[i] - (int)zero) * scale;
    addend_int8_dequantize(set, count, q.wanted, (int)zero, scale, (float *)(void *)back.found);
    char what[80];
    snprintf(what, sizeof what, "%zu numbers by %g", count, (double)scale);
    check_compare(what, q);
    check_compare(what, back);
    check_free();
  }
  check_end();
}

static void check_bytes_of_images(void) {
  check_begin("images of bytes", true, false);
  for (size_t n = 0; n < 100; ++n) {
    const size_t channels = CHECK_ONE_OF(1, 3, 16, 19), stride = 1 + check_below(3);
    const check_convolution c = check_any_convolution(1, channels, channels);
    const addend_window *w = &c.window;
    char what[120];
    check_describe(&c, what, sizeof what);
    const uint8_t *x = check_bytes_below(c.image, 256), filler = (uint8_t)check_random();
    check_result y = check_results(c.result);
    for (size_t i = 0; i < c.result; ++i) {
      const size_t image = i / (w->output_height * w->output_width * channels);
      const size_t p = i / (w->output_width * channels) % w->output_height;
      const size_t q = i / channels % w->output_width;
      int greatest = -1;
      for (size_t tap = 0; tap < w->filter_height * w->filter_width; ++tap) {
        const size_t row = p * w->stride + tap / w->filter_width * w->dilation - w->padding;
        const size_t column = q * w->stride + tap % w->filter_width * w->dilation - w->padding;
        // Below zero is far beyond.
        if (row >= w->height || column >= w->width) continue;
        const size_t pixel = (image * w->height + row) * w->width + column;
        const int byte = x[pixel * channels + i % channels];
        if (byte > greatest) greatest = byte;
      }
      y.wanted[i] = greatest < 0 ? filler : (uint8_t)greatest;
    }
    addend_int8_max_pool(c.batch, w, x, filler, y.found);
    check_compare(what, y);

    const size_t before = check_below(3), after = check_below(3), all = before + channels + after;
    const size_t tall = (w->height + stride - 1) / stride, wide = (w->width + stride - 1) / stride;
    check_result fewer = check_results(c.batch * tall * wide * all);
    for (size_t i = 0; i < fewer.bytes; ++i) {
      const size_t channel = i % all - before, column = i / all % wide * stride;
      const size_t row = i / all / wide % tall * stride, image = i / all / wide / tall;
      const size_t pixel = (image * w->height + row) * w->width + column;
      fewer.wanted[i] = channel < channels ? x[pixel * channels + channel] : filler;
    }
    addend_int8_subsample(c.batch, w->height, w->width, channels, stride, before, after, x, filler,
                          fewer.found);
    check_compare(what, fewer);
    check_free();
  }
  check_end();
}

void check_int8(addend_isa set) {
  for (size_t kind = 0; kind < 3; ++kind)
    for (size_t is_product = 0; is_product < 2; ++is_product)
      check_sums((addend_int8_result)kind, is_product, set);
  check_numbers(set);
  check_bytes_of_images();
}
