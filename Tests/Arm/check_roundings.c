#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_rounding.h"
#include "check.h"

// A term is rounded before it is added.
#pragma STDC FP_CONTRACT OFF

// On Arm there is the definition alone, in vectors as the compiler makes them: it is checked beside the
// equations, in double.

static const addend_float_format formats[] = {
    {7, 0x1p-126f, 0x1p-133f, 0x1.fep127f, INFINITY, INFINITY},  // bfloat16
    {10, 0x1p-14f, 0x1p-24f, 65504, INFINITY, INFINITY},         // binary16
    {3, 0x1p-6f, 0x1p-9f, 448, NAN, NAN},                        // E4M3
    {2, 0x1p-14f, 0x1p-16f, 57344, 57344, INFINITY},             // E5M2, saturating
    {23, 0x1p-126f, 0x1p-149f, FLT_MAX, INFINITY, INFINITY},     // float32 itself
    {1, 1, 0.5f, 6, 6, 6},
};
enum { format_count = sizeof formats / sizeof *formats };

static float rounded(const addend_float_format *f, float x) {
  if (isnan(x)) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    bits |= 0x400000;
    memcpy(&x, &bits, 4);
    return x;
  }
  if (isinf(x)) return copysignf(f->infinity, x);
  const double size = fabs((double)x);
  const double quantum = size < (double)f->least_normal
                             ? (double)f->least_quantum
                             : ldexp(1, ilogb(size) - f->fraction_bits);
  const double y = rint(size / quantum) * quantum;
  return copysignf(y > (double)f->greatest ? f->beyond : (float)y, x);
}

/// Numbers at, and next to, where half of a last place may lie: all upper halves in turn.
static float *edges(size_t first, size_t count) {
  float *x = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t lower = (1u << check_below(16)) + (uint32_t)check_below(3) - 1;
    const uint32_t bits = (uint32_t)(first + i) << 16 | (check_below(4) ? lower & 0xffff : 0);
    memcpy(x + i, &bits, 4);
  }
  return x;
}

static void check_formats(const addend_rounding_kernels *kernels) {
  check_begin("floats in narrow formats", true, false);
  for (size_t n = 0; n < 20 * format_count; ++n) {
    const addend_float_format *f = &formats[n % format_count];
    const bool is_whole = n < 4 * format_count;
    const size_t count = is_whole ? 1 << 16 : 1 + check_below(70);
    const float *x = edges(is_whole ? 0 : check_below(1 << 16), count);
    check_result y = check_results(4 * count), greatest = check_results(4);
    uint32_t most = 0;
    for (size_t i = 0; i < count; ++i) {
      ((float *)(void *)y.wanted)[i] = rounded(f, x[i]);
      uint32_t bits;
      memcpy(&bits, x + i, 4);
      if ((bits & 0x7fffffff) > most) most = bits & 0x7fffffff;
    }
    kernels->round_float(count, f, x, (float *)(void *)y.found);
    *(uint32_t *)(void *)greatest.wanted = most;
    *(uint32_t *)(void *)greatest.found = kernels->greatest_magnitude(count, x);
    char what[80];
    snprintf(what, sizeof what, "%zu numbers in format %zu", count, n % format_count);
    check_compare(what, y);
    check_compare(what, greatest);
    check_free();
  }
  check_end();
}

/// Numbers of many magnitudes, some of them half way between integers times the quantum.
static float *spread(size_t count, float quantum, bool is_finite) {
  float *x = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i) {
    const float special[] = {NAN, INFINITY, -INFINITY};
    if (!is_finite && check_below(40) == 0) x[i] = special[check_below(3)];
    else if (check_below(3)) x[i] = ((float)check_below(300) - 150) * 0.5f * quantum;
    else x[i] = ldexpf(check_float(), (int)check_below(40) - 20) * quantum;
  }
  return x;
}

static float integer_of(float steps, float limit) {
  // The sum makes zeros positive.
  return rintf(steps > limit ? limit : steps < -limit ? -limit : steps) + 0.0f;
}

static void check_fixed(const addend_rounding_kernels *kernels) {
  check_begin("floats in fixed point", true, false);
  for (size_t n = 0; n < 200; ++n) {
    const size_t count = CHECK_ONE_OF(1, 3, 4, 5, 15, 16, 17, 33, 200);
    const float quantum = ldexpf(1, (int)CHECK_ONE_OF(0, 100, 126, 140, 240) - 126);
    const float limit = (float)((1 << CHECK_ONE_OF(1, 3, 7, 15, 21)) - 1);
    const float *x = spread(count, quantum, false);
    check_result y = check_results(4 * count);
    for (size_t i = 0; i < count; ++i)
      ((float *)(void *)y.wanted)[i] = integer_of(x[i] / quantum, limit) * quantum;
    kernels->round_fixed(count, quantum, limit, x, (float *)(void *)y.found);
    check_forget_nans(y);
    char what[80];
    snprintf(what, sizeof what, "%zu numbers by %g within %g", count, (double)quantum,
             (double)limit);
    check_compare(what, y);
    check_free();
  }
  for (size_t n = 0; n < 100; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 5, 33), columns = CHECK_ONE_OF(1, 3, 4, 16, 21, 100);
    const float limit = (float)((1 << CHECK_ONE_OF(1, 3, 7, 15)) - 1);
    const float least = 0x1p-20f, most = 0x1p20f;
    const float *x = spread(rows * columns, n % 3 ? 1 : 0x1p-30f, n % 2);
    check_result y = check_results(4 * rows * columns);
    for (size_t c = 0; c < columns; ++c) {
      float greatest = 0;
      for (size_t r = 0; r < rows; ++r) {
        const float size = fabsf(x[r * columns + c]);
        greatest = size <= greatest ? greatest : isnan(greatest) ? greatest : size;
      }
      float scale = greatest / limit;
      if (!isfinite(greatest)) scale = NAN;
      else if (scale < least || scale > most) scale = 1;
      for (size_t r = 0; r < rows; ++r)
        ((float *)(void *)y.wanted)[r * columns + c] =
            integer_of(x[r * columns + c] / scale, limit) * scale;
    }
    float *scales = check_room(4 * columns, 4);
    kernels->round_columns(rows, columns, limit, least, most, x, scales,
                           (float *)(void *)y.found);
    check_forget_nans(y);
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu within %g", rows, columns, (double)limit);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

/// Σ a[i·step] b[i·n], first ≤ i < end, at `level`.
static float total(const addend_sum_level *levels, size_t level, size_t first, size_t end,
                   const float *a, size_t step, const float *b, size_t n) {
  size_t each = 1;
  for (size_t l = 0; l < level; ++l) each *= levels[l].length;
  float sum = 0;
  for (size_t i = first; i < end; i += each) {
    const size_t last = i + each < end ? i + each : end;
    const float term =
        level ? total(levels, level - 1, i, last, a, step, b, n) : a[i * step] * b[i * n];
    sum = rounded(&levels[level].format, sum + term);
  }
  return sum;
}

static void check_sums(const addend_rounding_kernels *kernels) {
  check_begin("sums in narrow formats", true, false);
  for (size_t n = 0; n < 120; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 5), columns = CHECK_ONE_OF(1, 3, 16, 63, 64, 65, 130);
    const size_t terms = CHECK_ONE_OF(1, 2, 7, 64, 101), count = 1 + check_below(ADDEND_SUM_LEVELS);
    const bool is_transposed = check_below(2), accumulates = check_below(2);
    addend_sum_level levels[ADDEND_SUM_LEVELS];
    for (size_t l = 0; l < count; ++l)
      levels[l] = (addend_sum_level){formats[check_below(format_count)], 1 + check_below(9)};
    const float *a = check_floats(rows * terms), *b = check_floats(terms * columns);
    const float *before = check_floats(rows * columns);
    const size_t row = is_transposed ? 1 : terms, step = is_transposed ? rows : 1;
    check_result c = check_results(4 * rows * columns);
    float *wanted = (float *)(void *)c.wanted, *found = (float *)(void *)c.found;
    memcpy(found, before, c.bytes);
    for (size_t i = 0; i < rows * columns; ++i) {
      const float sum = total(levels, count - 1, 0, terms, a + i / columns * row, step,
                              b + i % columns, columns);
      wanted[i] = accumulates ? before[i] + sum : sum;
    }
    kernels->leveled_product(rows, columns, terms, a, row, step, b, levels, count, accumulates,
                             found);
    check_forget_nans(c);
    char what[80];
    snprintf(what, sizeof what, "%zux%zux%zu, %zu levels", rows, columns, terms, count);
    check_compare(what, c);
    check_free();
  }
  check_end();
}

void check_roundings(addend_isa set) {
  const addend_rounding_kernels *kernels = addend_rounding_select(set);
  check_formats(kernels);
  check_fixed(kernels);
  check_sums(kernels);
}
