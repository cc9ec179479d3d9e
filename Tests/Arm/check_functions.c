#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_f32.h"
#include "addend_ktanh.h"
#include "addend_taylor.h"
#include "check.h"

// K-TanH over all bfloat16 numbers.
static void check_tangents(addend_isa set) {
  const addend_ktanh_kernels definition = addend_ktanh_select(ADDEND_ISA_SCALAR);
  const addend_ktanh_kernels variant = addend_ktanh_select(set);
  check_begin("K-TanH", variant.bf16 != definition.bf16, false);
  enum { all = 1 << 16 };
  uint16_t *x = check_room(all * sizeof *x, 2);
  for (size_t i = 0; i < all; ++i) x[i] = (uint16_t)i;
  check_result y = check_results(all * sizeof *x);
  for (size_t i = 0; i < all; ++i) ((uint16_t *)(void *)y.wanted)[i] = addend_ktanh(x[i]);
  variant.bf16(all, x, (uint16_t *)(void *)y.found);
  check_compare("all numbers", y);
  check_free();
  for (size_t n = 0; n < 80; ++n) {
    const addend_ktanh_function f = (addend_ktanh_function)(n % 4);
    const size_t count = 1 + check_below(300);
    const float *from = check_floats(count), *dy = check_floats(count);
    check_result to = check_results(count * 4), dx = check_results(count * 4);
    definition.f32(f, count, from, (float *)(void *)to.wanted);
    variant.f32(f, count, from, (float *)(void *)to.found);
    const float *values = (const float *)(const void *)to.wanted;
    definition.gradient(f, count, from, values, dy, (float *)(void *)dx.wanted);
    variant.gradient(f, count, from, values, dy, (float *)(void *)dx.found);
    char what[80];
    snprintf(what, sizeof what, "function %d of %zu numbers", (int)f, count);
    check_compare(what, to);
    check_compare(what, dx);
    check_free();
  }
  check_end();
}

static double series(double z, unsigned order) {
  double sum = 0, term = 1;
  for (unsigned i = 0; i <= order; term *= z / ++i) sum += term;
  return sum;
}

static void check_taylor(addend_isa set) {
  const addend_taylor_kernels definition = addend_taylor_select(ADDEND_ISA_SCALAR);
  const addend_taylor_kernels variant = addend_taylor_select(set);
  check_begin("Taylor softmax", true, false);
  for (size_t n = 0; n < 80; ++n) {
    const size_t rows = 1 + check_below(4), columns = CHECK_ONE_OF(1, 2, 7, 10, 16, 33);
    const unsigned order = 2 * (1 + (unsigned)check_below(5));
    const float *z = check_floats(rows * columns);
    int32_t *classes = check_room(rows * sizeof *classes, 4);
    for (size_t r = 0; r < rows; ++r) classes[r] = (int32_t)check_below(columns + 1) - 1;
    check_result y = check_results(rows * columns * 4), dz = check_results(rows * columns * 4);
    definition.softmax(rows, columns, order, z, (float *)(void *)y.wanted);
    variant.softmax(rows, columns, order, z, (float *)(void *)y.found);
    definition.cross_entropy(rows, columns, order, z, classes, 0.5, (float *)(void *)dz.wanted);
    variant.cross_entropy(rows, columns, order, z, classes, 0.5, (float *)(void *)dz.found);
    char what[80];
    snprintf(what, sizeof what, "order %u, %zu rows of %zu", order, rows, columns);
    check_compare(what, y);
    check_compare(what, dz);
    double *wanted = check_room(rows * columns * sizeof *wanted, 8);
    for (size_t r = 0; r < rows; ++r) {
      double sum = 0;
      for (size_t k = 0; k < columns; ++k) sum += series((double)z[r * columns + k], order);
      for (size_t k = 0; k < columns; ++k)
        wanted[r * columns + k] = series((double)z[r * columns + k], order) / sum;
    }
    // The series cancels below zero: terms up to 8^i / i! round to 2⁻²⁴ of themselves, f(−8) of the
    // least order is 25, and shares are at most 1.
    check_near(what, (const float *)(const void *)y.found, wanted, rows * columns, 0x1p-18);
    check_free();
  }
  check_end();
}

// Elements, rows and images.
static void check_elements(addend_isa set) {
  const addend_f32_kernels *definition = addend_f32_select(ADDEND_ISA_SCALAR);
  const addend_f32_kernels *variant = addend_f32_select(set);
  check_begin("elements", definition != variant, false);
  for (size_t n = 0; n < 140; ++n) {
    const addend_activation f = (addend_activation)(n % 7);
    const size_t count = 1 + check_below(200);
    const float *x = check_floats(count), *dy = check_floats(count);
    check_result y = check_results(count * 4), dx = check_results(count * 4);
    check_result rounded = check_results(count * 4), moved = check_results(count * 4);
    memcpy(moved.wanted, dy, count * 4);
    memcpy(moved.found, dy, count * 4);
    for (size_t side = 0; side < 2; ++side) {
      const addend_f32_kernels *kernels = side ? variant : definition;
      float *to = (float *)(void *)(side ? y.found : y.wanted);
      kernels->activate(f, 0.125f, count, x, to);
      kernels->activation_gradient(f, 0.125f, count, x, to, dy,
                                   (float *)(void *)(side ? dx.found : dx.wanted));
      kernels->round_to_bf16(count, x, (float *)(void *)(side ? rounded.found : rounded.wanted));
      float *sum = (float *)(void *)(side ? moved.found : moved.wanted);
      kernels->add_scaled(count, 0.3f, x, sum);
      kernels->scale(count, (float)kernels->sum_of_squares(count, x), sum);
      kernels->multiply(count, x, sum);
    }
    char what[80];
    snprintf(what, sizeof what, "function %d of %zu numbers", (int)f, count);
    check_compare(what, y);
    check_compare(what, dx);
    check_compare(what, rounded);
    check_compare(what, moved);
    double *wanted = check_room(count * sizeof *wanted, 8);
    if (f == ADDEND_TANH || f == ADDEND_SIGMOID) {
      for (size_t i = 0; i < count; ++i)
        wanted[i] = f == ADDEND_TANH ? tanh((double)x[i]) : 1 / (1 + exp(-(double)x[i]));
      check_near(what, (const float *)(const void *)y.found, wanted, count, 0x1p-22);
    }
    check_free();
  }
  check_end();
}

static void check_rows(addend_isa set) {
  const addend_f32_kernels *definition = addend_f32_select(ADDEND_ISA_SCALAR);
  const addend_f32_kernels *variant = addend_f32_select(set);
  check_begin("rows and columns", definition != variant, false);
  for (size_t n = 0; n < 100; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 5, 33), columns = CHECK_ONE_OF(1, 3, 16, 21, 100);
    const size_t count = rows * columns;
    const float *x = check_floats(count), *dy = check_floats(count), *row = check_floats(columns);
    check_result y[4], sums[4];
    for (size_t i = 0; i < 4; ++i) y[i] = check_results(count * 4);
    for (size_t i = 0; i < 4; ++i) sums[i] = check_results(columns * 4);
    for (size_t side = 0; side < 2; ++side) {
      const addend_f32_kernels *kernels = side ? variant : definition;
      float *to[4], *of[4];
      for (size_t i = 0; i < 4; ++i) to[i] = (float *)(void *)(side ? y[i].found : y[i].wanted);
      for (size_t i = 0; i < 4; ++i)
        of[i] = (float *)(void *)(side ? sums[i].found : sums[i].wanted);
      kernels->softmax(rows, columns, x, to[0]);
      memcpy(to[1], dy, count * 4);
      kernels->finish_rows(rows, columns, row, x, true, to[1]);
      kernels->column_moments(rows, columns, x, of[0], of[1]);
      kernels->column_products(rows, columns, x, dy, row, of[2], of[3]);
      kernels->normalize(rows, columns, x, of[0], row, of[2], to[2]);
      kernels->normalization_gradient(rows, columns, x, dy, of[0], of[1], of[2], row, to[3]);
    }
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu", rows, columns);
    for (size_t i = 0; i < 4; ++i) check_compare(what, y[i]);
    for (size_t i = 0; i < 4; ++i) check_compare(what, sums[i]);
    check_free();
  }
  check_end();
}

static void check_windows(addend_isa set) {
  const addend_f32_kernels *definition = addend_f32_select(ADDEND_ISA_SCALAR);
  const addend_f32_kernels *variant = addend_f32_select(set);
  check_begin("windows", definition != variant, false);
  for (size_t n = 0; n < 60; ++n) {
    addend_window w = {.height = 3 + check_below(9),
                       .width = 3 + check_below(9),
                       .channels = CHECK_ONE_OF(1, 3, 16, 19),
                       .filter_height = 1 + check_below(3),
                       .filter_width = 1 + check_below(3),
                       .stride = 1 + check_below(2),
                       .padding = check_below(2),
                       .dilation = 1};
    w.output_height = (w.height + 2 * w.padding - w.filter_height) / w.stride + 1;
    w.output_width = (w.width + 2 * w.padding - w.filter_width) / w.stride + 1;
    const size_t image = w.height * w.width * w.channels;
    const size_t positions = w.output_height * w.output_width, out = positions * w.channels;
    const size_t patches = out * w.filter_height * w.filter_width;
    const float *x = check_floats(image), *factors = check_floats(positions);
    check_result results[] = {check_results(out * 4),     check_results(out * 4),
                              check_results(image * 4),   check_results(out * 4),
                              check_results(image * 4),   check_results(patches * 4),
                              check_results(image * 4)};
    for (size_t side = 0; side < 2; ++side) {
      const addend_f32_kernels *kernels = side ? variant : definition;
      float *to[7];
      for (size_t i = 0; i < 7; ++i)
        to[i] = (float *)(void *)(side ? results[i].found : results[i].wanted);
      int32_t *choices = (int32_t *)(void *)to[1];
      kernels->max_pool(&w, x, to[0], choices);
      kernels->max_pool_gradient(&w, to[0], choices, to[2]);
      kernels->average_pool(&w, x, factors, to[3]);
      kernels->average_pool_gradient(&w, to[3], factors, to[4]);
      kernels->patches(&w, 0, w.output_height, x, to[5]);
      memcpy(to[6], x, image * 4);
      kernels->add_patches(&w, to[5], to[6]);
    }
    char what[80];
    snprintf(what, sizeof what, "%zux%zu of %zux%zux%zu", w.filter_height, w.filter_width, w.height,
             w.width, w.channels);
    for (size_t i = 0; i < 7; ++i) check_compare(what, results[i]);
    check_free();
  }
  check_end();
}

void check_functions(addend_isa set) {
  check_tangents(set);
  check_taylor(set);
  check_elements(set);
  check_rows(set);
  check_windows(set);
}
