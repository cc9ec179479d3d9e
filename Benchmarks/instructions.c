// Runs one kernel a number of times on fixed numbers, for instructions.sh to count its instructions.
//
// Usage: instructions NAME RUNS; without arguments, the names with the units of their work in one run.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addend_bf16.h"
#include "addend_depthwise.h"
#include "addend_direct.h"
#include "addend_direct_gradient.h"
#include "addend_f32.h"
#include "addend_ktanh.h"
#include "addend_recurrent.h"
#include "addend_taylor.h"
#include "addend_winograd.h"

static addend_isa set;

static void *memory(size_t bytes) {
  void *start = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!start) exit(71);
  memset(start, 0, bytes);
  return start;
}

/// Numbers in [-1, 1) without a period.
static float *numbers(size_t count) {
  float *x = memory(count * sizeof *x);
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    x[i] = (float)(int32_t)state * 0x1p-31f;
  }
  return x;
}

static void gemm(size_t side, size_t runs) {
  const addend_brgemm_kernels *kernels = addend_brgemm_select(set);
  const size_t panels = addend_brgemm_panel_count(kernels, side);
  float *packed = memory(side * addend_brgemm_padded(kernels, side) * sizeof *packed);
  addend_gemm_pack(kernels, false, side, side, numbers(side * side), side, 0, panels, packed);
  const addend_gemm product = {.m = side,
                               .n = side,
                               .k = side,
                               .panels = panels,
                               .a = numbers(side * side),
                               .lda = side,
                               .b = packed,
                               .c = memory(side * side * sizeof(float)),
                               .ldc = side};
  for (size_t i = 0; i < runs; ++i) addend_gemm_run(kernels, &product);
}

static void gemm_64(size_t runs) { gemm(64, runs); }
static void gemm_192(size_t runs) { gemm(192, runs); }

static void bf16(size_t runs) {
  enum { side = 192, words = side / 2 };
  const addend_brgemm_kernels *kernels = addend_bf16_select(set);
  const size_t panels = addend_brgemm_panel_count(kernels, side);
  uint16_t *a = memory(side * side * sizeof *a), *b = memory(side * side * sizeof *b);
  addend_bf16_round(side, side, numbers(side * side), side, a);
  addend_bf16_round(side, side, numbers(side * side), side, b);
  float *packed = memory(words * addend_brgemm_padded(kernels, side) * sizeof *packed);
  addend_bf16_pack(kernels, false, side, side, b, side, 0, panels, packed);
  const addend_gemm product = {.m = side,
                               .n = side,
                               .k = words,
                               .panels = panels,
                               .a = (const float *)(const void *)a,
                               .lda = words,
                               .b = packed,
                               .c = memory(side * side * sizeof(float)),
                               .ldc = side};
  for (size_t i = 0; i < runs; ++i) addend_bf16_run(kernels, &product);
}

enum { image = 28, wide = 64 };

static addend_window window(size_t channels, size_t filter, size_t stride) {
  const size_t output = (image + 2 * (filter / 2) - filter) / stride + 1;
  return (addend_window){.height = image,
                         .width = image,
                         .channels = channels,
                         .filter_height = filter,
                         .filter_width = filter,
                         .output_height = output,
                         .output_width = output,
                         .stride = stride,
                         .padding = filter / 2,
                         .dilation = 1};
}

static void direct(size_t filter, size_t stride, size_t runs) {
  const addend_window w = window(wide, filter, stride);
  const addend_direct_piece piece = addend_direct_output(1, &w, wide, 1);
  const addend_direct_plan plan = addend_direct_prepare(addend_brgemm_select(set), &piece);
  float *packed = memory(addend_direct_packed_count(&plan) * sizeof *packed);
  const float *weights = numbers(filter * filter * wide * wide);
  for (size_t unit = 0; unit < plan.panels; ++unit)
    addend_direct_pack(&plan, &w, wide, weights, unit, packed);
  const addend_direct_operands operands = {
      .source = numbers(image * image * wide),
      .packed = packed,
      .result = memory(w.output_height * w.output_width * wide * sizeof(float)),
      .zeros = memory(addend_direct_zero_count(&plan) * sizeof(float))};
  float *scratch = memory(addend_direct_part_scratch(&plan) * sizeof *scratch);
  for (size_t i = 0; i < runs; ++i)
    for (size_t part = 0; part < addend_direct_part_count(&plan); ++part)
      addend_direct_run(&plan, &operands, part, scratch);
}

static void direct_3x3(size_t runs) { direct(3, 1, runs); }
static void direct_strided(size_t runs) { direct(3, 2, runs); }
static void direct_1x1(size_t runs) { direct(1, 1, runs); }

static void filter_gradient(size_t runs) {
  const addend_window w = window(wide, 3, 1);
  const addend_direct_gradient_plan plan =
      addend_direct_gradient_prepare(addend_brgemm_select(set), 1, &w, wide, 1);
  const float *x = numbers(image * image * wide), *dy = numbers(image * image * wide);
  float *gradient = memory(plan.line_parts * 9 * wide * wide * sizeof *gradient);
  float *scratch = memory(addend_direct_gradient_part_scratch(&plan) * sizeof *scratch);
  for (size_t i = 0; i < runs; ++i)
    for (size_t part = 0; part < addend_direct_gradient_part_count(&plan); ++part)
      addend_direct_gradient_run(&plan, x, dy, false, part, scratch, gradient);
}

static void depthwise(size_t runs) {
  const addend_window w = window(1, 3, 1);
  const addend_direct_piece piece = addend_direct_output(1, &w, 1, wide);
  float *packed = memory(9 * wide * sizeof *packed);
  addend_depthwise_pack(&piece, &w, numbers(9 * wide), packed);
  const addend_direct_operands operands = {.source = numbers(image * image * wide),
                                           .packed = packed,
                                           .result = memory(image * image * wide * sizeof(float))};
  const addend_depthwise_kernels *kernels = addend_depthwise_select(set);
  for (size_t i = 0; i < runs; ++i)
    for (size_t line = 0; line < image; ++line) kernels->line(&piece, &operands, line, 0, wide);
}

static void winograd(size_t size, size_t runs) {
  const addend_winograd_pass pass =
      addend_winograd_convolution((addend_winograd_plan){.batch = 1,
                                                         .height = image,
                                                         .width = image,
                                                         .channels = wide,
                                                         .outputs = wide,
                                                         .padding = 1,
                                                         .size = size},
                                  set);
  float *packed = memory(pass.packed_count * sizeof *packed);
  addend_winograd_pack(&pass, numbers(9 * wide * wide), false, 0, wide, packed);
  const addend_winograd_data data = {.x = numbers(image * image * wide),
                                     .packed = packed,
                                     .scratch = memory(pass.scratch_count * sizeof(float)),
                                     .result = memory(image * image * wide * sizeof(float))};
  for (size_t i = 0; i < runs; ++i) {
    addend_winograd_begin(&pass, &data);
    for (size_t step = 0; step < addend_winograd_step_count(&pass); ++step)
      for (size_t part = 0; part < addend_winograd_part_count(&pass, step); ++part)
        addend_winograd_run(&pass, &data, step, part);
  }
}

static void winograd_2x2(size_t runs) { winograd(2, runs); }
static void winograd_4x4(size_t runs) { winograd(4, runs); }

enum { batch = 12, steps = 4, hidden = 128 };

static void lstm(size_t runs) {
  const addend_recurrent_kernels *kernels = addend_recurrent_select(set);
  const addend_cell cell = ADDEND_CELL_LSTM;
  const size_t groups = (hidden + kernels->lanes - 1) / kernels->lanes;
  const size_t padded = groups * kernels->lanes;
  size_t starts[steps + 1];
  for (size_t t = 0; t <= steps; ++t) starts[t] = t * batch;
  const size_t count = kernels->packed_count(cell, hidden, hidden);
  float *packed[2] = {memory(count * sizeof(float)), memory(count * sizeof(float))};
  for (size_t i = 0; i < 2; ++i)
    kernels->pack(cell, i, hidden, hidden, 0, hidden, numbers(hidden * 4 * hidden), packed[i]);
  float *bias = memory(kernels->packed_count(cell, 1, hidden) * sizeof *bias);
  const addend_recurrent_pass pass = {
      .cell = cell,
      .batch = batch,
      .time = steps,
      .input_size = hidden,
      .size = hidden,
      .starts = starts,
      .x = numbers(batch * steps * hidden),
      .x_row = steps * hidden,
      .x_step = hidden,
      .output = memory(batch * steps * hidden * sizeof(float)),
      .output_row = steps * hidden,
      .output_step = hidden,
      .memory = memory(batch * padded * sizeof(float)),
      .first_output = memory(batch * hidden * sizeof(float)),
      .first_memory = memory(batch * hidden * sizeof(float)),
      .first_output_row = hidden,
      .first_memory_row = hidden,
      .gates = memory(4 * steps * batch * padded * sizeof(float)),
      .gate_rows = steps * batch,
      .input_weight = packed[0],
      .recurrent_weight = packed[1],
      .bias = bias};
  for (size_t i = 0; i < runs; ++i)
    kernels->forward(&pass, (addend_recurrent_rows){0, 1, batch}, 0, steps, 0, groups);
}

enum { elements = 1 << 14 };

static void activate(addend_activation f, size_t runs) {
  const float *x = numbers(elements);
  float *y = memory(elements * sizeof *y);
  for (size_t i = 0; i < runs; ++i) addend_f32_select(set)->activate(f, 0, elements, x, y);
}

static void hyperbolic_tangent(size_t runs) { activate(ADDEND_TANH, runs); }
static void sigmoid(size_t runs) { activate(ADDEND_SIGMOID, runs); }
static void gelu(size_t runs) { activate(ADDEND_GELU, runs); }

static void softmax(size_t runs) {
  const float *x = numbers(elements);
  float *y = memory(elements * sizeof *y);
  for (size_t i = 0; i < runs; ++i)
    addend_f32_select(set)->softmax(elements / 256, 256, x, y);
}

static void taylor(size_t runs) {
  const addend_taylor_kernels kernels = addend_taylor_select(set);
  const float *x = numbers(elements);
  float *y = memory(elements * sizeof *y);
  for (size_t i = 0; i < runs; ++i) kernels.softmax(elements / 256, 256, 2, x, y);
}

static void ktanh(size_t runs) {
  const addend_ktanh_kernels kernels = addend_ktanh_select(set);
  const float *x = numbers(elements);
  float *y = memory(elements * sizeof *y);
  for (size_t i = 0; i < runs; ++i) kernels.f32(ADDEND_KTANH_TANH, elements, x, y);
}

static void ktanh_bf16(size_t runs) {
  const addend_ktanh_kernels kernels = addend_ktanh_select(set);
  uint16_t *x = memory(elements * sizeof *x), *y = memory(elements * sizeof *y);
  addend_bf16_round(1, elements, numbers(elements), elements, x);
  for (size_t i = 0; i < runs; ++i) kernels.bf16(elements, x, y);
}

static void adam(size_t runs) {
  const addend_adam_step step = {.rate = 1e-3f,
                                 .scale = 1,
                                 .epsilon = 1e-8f,
                                 .kept = 1,
                                 .first = 0.9f,
                                 .first_share = 0.1f,
                                 .second = 0.999f,
                                 .second_share = 0.001f};
  const float *gradient = numbers(elements);
  float *weights = numbers(elements), *first = memory(elements * sizeof *first);
  float *second = memory(elements * sizeof *second);
  for (size_t i = 0; i < runs; ++i)
    addend_f32_select(set)->adam_update(&step, elements, gradient, weights, first, second);
}

static const struct {
  const char *name, *unit;
  size_t units;
  void (*run)(size_t runs);
} kernels[] = {
    {"gemm-64", "multiply-add", 64 * 64 * 64, gemm_64},
    {"gemm-192", "multiply-add", 192 * 192 * 192, gemm_192},
    {"bf16-192", "multiply-add", 192 * 192 * 192, bf16},
    {"convolution-1x1", "multiply-add", image * image * wide * wide, direct_1x1},
    {"convolution-3x3", "multiply-add", image * image * wide * wide * 9, direct_3x3},
    {"convolution-3x3/2", "multiply-add", image * image / 4 * wide * wide * 9, direct_strided},
    {"filter-gradient-3x3", "multiply-add", image * image * wide * wide * 9, filter_gradient},
    {"depthwise-3x3", "multiply-add", image * image * wide * 9, depthwise},
    {"winograd-2x2", "multiply-add", image * image * wide * wide * 9, winograd_2x2},
    {"winograd-4x4", "multiply-add", image * image * wide * wide * 9, winograd_4x4},
    {"lstm-128", "multiply-add", batch * steps * 2 * hidden * 4 * hidden, lstm},
    {"tanh", "number", elements, hyperbolic_tangent},
    {"sigmoid", "number", elements, sigmoid},
    {"gelu", "number", elements, gelu},
    {"softmax", "number", elements, softmax},
    {"taylor-softmax-2", "number", elements, taylor},
    {"k-tanh", "number", elements, ktanh},
    {"k-tanh-bf16", "number", elements, ktanh_bf16},
    {"adam", "number", elements, adam},
};

int main(int count, char **arguments) {
  const size_t all = sizeof kernels / sizeof *kernels;
  if (count == 1) {
    for (size_t i = 0; i < all; ++i)
      printf("%s %s %zu\n", kernels[i].name, kernels[i].unit, kernels[i].units);
    return 0;
  }
  set = addend_isa_is_available(ADDEND_ISA_AVX2) ? ADDEND_ISA_AVX2 : ADDEND_ISA_SCALAR;
  for (size_t i = 0; i < all && count == 3; ++i)
    if (strcmp(arguments[1], kernels[i].name) == 0) {
      kernels[i].run(strtoul(arguments[2], NULL, 10));
      return 0;
    }
  fprintf(stderr, "instructions: give the name of a kernel and a number of runs\n");
  return 64;
}
