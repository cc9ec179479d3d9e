#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_bf16.h"
#include "addend_dfp.h"
#include "check_halves.h"

// Sums and products of mantissas stay apart.
#pragma STDC FP_CONTRACT OFF

const char *const check_half_names[] = {"bfloat16", "fixed point", "wide fixed point"};

const addend_brgemm_kernels *check_half_kernels(check_half_kind kind, addend_isa set) {
  return kind == BFLOAT16 ? addend_bf16_select(set)
         : kind == FIXED  ? addend_dfp_select(set)
                          : addend_dfp_wide_select(set);
}

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

/// The 16-bit number of x, by distances.
static uint16_t rounded(const addend_halves_rounding *rounding, float x) {
  if (rounding->is_fixed) {
    const double limit = (double)rounding->limit;
    const double mantissa = rint((double)x * (double)rounding->factor);
    if (!(mantissa < limit)) return (uint16_t)limit;
    return (uint16_t)(int16_t)(mantissa > -limit ? mantissa : -limit);
  }
  uint32_t bits;
  memcpy(&bits, &x, 4);
  const uint16_t here = (uint16_t)(bits >> 16);
  if (isnan(x)) return here | 0x40;
  const double size = fabs((double)x), lower = (double)float_of((uint32_t)(here & 0x7fff) << 16);
  if (size == lower) return here;
  const uint32_t next = (here & 0x7fffu) + 1;
  const double upper = next == 0x7f80 ? 0x1p128 : (double)float_of(next << 16);
  const double below = size - lower, above = upper - size;
  return here + (above < below || (above == below && here % 2));
}

/// Numbers at, and next to, half of some last place, of all upper halves in turn.
static float *edges(size_t first, size_t count) {
  float *x = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t lower = (1u << check_below(16)) + (uint32_t)check_below(3) - 1;
    x[i] = float_of((uint32_t)(first + i) << 16 | (check_below(4) ? lower & 0xffff : 0));
  }
  return x;
}

static addend_halves_rounding any_rounding(void) {
  if (check_below(2)) return (addend_halves_rounding){.is_fixed = false};
  const float limit = (float)((1 << (1 + check_below(15))) - 1);
  return (addend_halves_rounding){true, ldexpf(1, (int)check_below(30) - 10), limit};
}

static uint16_t *found16(check_result r) { return (uint16_t *)(void *)r.found; }
static uint16_t *wanted16(check_result r) { return (uint16_t *)(void *)r.wanted; }
static uint32_t *found32(check_result r) { return (uint32_t *)(void *)r.found; }
static uint32_t *wanted32(check_result r) { return (uint32_t *)(void *)r.wanted; }
static float *found_floats(check_result r) { return (float *)(void *)r.found; }
static float *wanted_floats(check_result r) { return (float *)(void *)r.wanted; }

static void check_numbers(const addend_halves_kernels *kernels) {
  check_begin("floats as 16 bits", true, false);
  for (size_t n = 0; n < 150; ++n) {
    const bool is_whole = n < 10;
    const size_t rows = is_whole ? 1 : CHECK_ONE_OF(1, 2, 5);
    const size_t columns = is_whole ? 1 << 16 : CHECK_ONE_OF(1, 3, 16, 31, 32, 33, 65);
    const size_t step = columns + CHECK_ONE_OF(0, 0, 5), width = columns + CHECK_ONE_OF(0, 0, 3);
    const size_t count = (rows - 1) * step + columns;
    const addend_halves_rounding rounding = any_rounding();
    const float *x = is_whole ? edges(0, count) : check_floats(count);
    check_result y = check_results(2 * rows * width), largest = check_results(4);
    for (size_t i = 0; i < rows * width; ++i)
      wanted16(y)[i] =
          i % width < columns ? rounded(&rounding, x[i / width * step + i % width]) : 0;
    kernels->round(&rounding, rows, columns, x, step, width, found16(y));
    *wanted32(largest) = 0;
    for (size_t i = 0; i < count; ++i) {
      uint32_t bits;
      memcpy(&bits, x + i, 4);
      if ((bits & 0x7fffffff) > *wanted32(largest)) *wanted32(largest) = bits & 0x7fffffff;
    }
    *found32(largest) = kernels->largest(count, x);
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu", rows, columns);
    check_compare(what, y);
    check_compare(what, largest);
    check_free();
  }
  check_end();
}

static void check_scales(void) {
  check_begin("scales of fixed point", true, false);
  for (size_t n = 0; n < 200; ++n) {
    const uint32_t special[] = {0, 1, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x3f800000, 0x00800000};
    const uint32_t largest =
        check_below(3) ? (uint32_t)check_random() & 0x7fffffff : special[check_below(7)];
    const int bits = 1 + (int)check_below(15);
    const bool is_finite = largest < 0x7f800000;
    int exponent = -126;
    if (is_finite && largest) {
      const int whole = ilogb((double)float_of(largest)) - (bits - 1);
      if (whole > exponent) exponent = whole;
    }
    check_result numbers = check_results(6 * sizeof(double));
    const double wanted[] = {is_finite, exponent, ldexp(1, -exponent), ldexp(1, bits) - 1, 1,
                             is_finite ? ldexp(1, exponent - 30) : -1};
    memcpy(numbers.wanted, wanted, sizeof wanted);
    addend_halves_scale scale;
    const addend_halves_rounding rounding = addend_halves_fixed(largest, bits, &scale);
    float factors[2];
    addend_halves_factors(scale, (addend_halves_scale){true, -30}, factors);
    const double product = (double)factors[0] * (double)factors[1];
    const double found[] = {scale.is_finite,        scale.exponent,    (double)rounding.factor,
                            (double)rounding.limit, rounding.is_fixed, isnan(product) ? -1 : product};
    memcpy(numbers.found, found, sizeof found);
    char what[80];
    snprintf(what, sizeof what, "%d bits up to %g", bits, (double)float_of(largest));
    check_compare(what, numbers);
    check_free();
  }
  check_end();
}

/// The word of x[2p] and x[2p + 1], `step` apart, of which there are `count`.
static uint32_t word_at(const addend_halves_rounding *r, const float *x, size_t step, size_t count,
                        size_t p) {
  const uint32_t upper = 2 * p + 1 < count ? rounded(r, x[(2 * p + 1) * step]) : 0;
  return upper << 16 | rounded(r, x[2 * p * step]);
}

static void check_words(addend_isa set) {
  const addend_halves_kernels *kernels = addend_halves_select(set);
  check_begin("words of 16-bit numbers", true, false);
  for (size_t n = 0; n < 120; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 3, 8, 13), pairs = (rows + 1) / 2;
    const size_t columns = CHECK_ONE_OF(1, 5, 15, 16, 33, 255, 256, 257, 600, 1500);
    const size_t width = columns + check_below(4);
    const addend_halves_rounding rounding = any_rounding();
    const float *x = check_floats(rows * columns);
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu", rows, columns);

    check_result lines = check_results(4 * pairs * width);
    for (size_t i = 0; i < pairs * width; ++i) {
      const size_t p = i / width, j = i % width;
      wanted32(lines)[i] = j < columns ? word_at(&rounding, x + j, columns, rows, p) : 0;
    }
    addend_halves_pair_rows(kernels, &rounding, rows, columns, x, columns, width, found32(lines));
    check_compare(what, lines);

    const addend_brgemm_kernels *products = check_half_kernels((check_half_kind)(n % 3), set);
    check_result packed = check_results(4 * pairs * addend_brgemm_padded(products, columns));
    for (size_t panel = 0, start = 0, end; start < columns; start = end) {
      end = addend_brgemm_panel_start(products, columns, ++panel);
      for (size_t p = 0; p < pairs; ++p)
        for (size_t j = start; j < end; ++j)
          wanted32(packed)[pairs * start + p * (end - start) + j - start] =
              j < columns ? word_at(&rounding, x + j, columns, rows, p) : 0;
    }
    const size_t half = pairs / 2;
    addend_halves_pack(kernels, products, &rounding, rows, columns, x, 0, half, found32(packed));
    addend_halves_pack(kernels, products, &rounding, rows, columns, x, half, pairs - half,
                       found32(packed));
    check_compare(what, packed);

    // The same numbers as pixels of `rows` channels.
    check_result pixels = check_results(4 * columns * pairs);
    for (size_t i = 0; i < columns * pairs; ++i)
      wanted32(pixels)[i] = word_at(&rounding, x + i / pairs * rows, 1, rows, i % pairs);
    addend_halves_pair_channels(kernels, &rounding, columns, rows, x, found32(pixels));
    check_compare(what, pixels);
    check_free();
  }
  for (size_t n = 0; n < 80; ++n) {
    const size_t count = CHECK_ONE_OF(1, 3, 15, 16, 17, 40), places = CHECK_ONE_OF(1, 2, 5);
    const size_t distance = count + check_below(5), step = 2 * distance + check_below(3);
    const size_t width = count + check_below(20), apart = width + check_below(3);
    const bool is_odd = check_below(2);
    const size_t last = (places - 1) * step + (is_odd ? 0 : distance);
    uint16_t *x = check_room(2 * (last + count), 2);
    for (size_t i = 0; i < last + count; ++i) x[i] = (uint16_t)check_random();
    check_result words = check_results(4 * ((places - 1) * apart + width));
    for (size_t i = 0; i < places * width; ++i) {
      const size_t l = i / width, j = i % width;
      const uint32_t upper =
          j < count && !(is_odd && l + 1 == places) ? x[l * step + distance + j] : 0;
      wanted32(words)[l * apart + j] = j < count ? upper << 16 | x[l * step + j] : 0;
    }
    kernels->interleave(places, is_odd, count, x, step, distance, width, apart, found32(words));
    char what[80];
    snprintf(what, sizeof what, "%zu lines of %zu of %zu", places, count, width);
    check_compare(what, words);
    check_free();
  }
  for (size_t n = 0; n < 40; ++n) {
    const size_t height = 1 + check_below(3), width = 1 + check_below(4), taps = height * width;
    const size_t depth = 1 + check_below(5), results = 1 + check_below(5);
    const bool is_gradient = n % 2;
    uint32_t *filter = check_room(4 * taps * depth * results, 4);
    for (size_t i = 0; i < taps * depth * results; ++i) filter[i] = (uint32_t)check_random();
    check_result wide = check_results(4 * height * (width + 1) * depth * 2 * results);
    for (size_t i = 0; i < wide.bytes / 4; ++i) {
      const size_t k = i % results, o = i / results % 2, c = i / (2 * results) % depth;
      const size_t s = i / (2 * results * depth) % (width + 1) - o;
      const size_t r = i / (2 * results * depth) / (width + 1);
      // Below zero is far beyond.
      if (s >= width) wanted32(wide)[i] = 0;
      else if (is_gradient)
        wanted32(wide)[i] =
            filter[(((height - 1 - r) * width + width - 1 - s) * results + k) * depth + c];
      else wanted32(wide)[i] = filter[((r * width + s) * depth + c) * results + k];
    }
    addend_halves_widen(height, width, depth, results, is_gradient, filter, found32(wide));
    check_compare("a wide filter", wide);
    check_free();
  }
  check_end();
}

static float flushed(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

/// A sum of doubles that rounds to float as the exact one does: inexact ones end with an odd bit.
static double odd_sum(double x, double y) {
  const double sum = x + y;
  if (!isfinite(sum)) return sum;
  const double part = sum - x, error = (x - (sum - part)) + (y - part);
  uint64_t bits;
  memcpy(&bits, &sum, 8);
  return error == 0 || bits % 2 ? sum : nextafter(sum, error > 0 ? INFINITY : -INFINITY);
}

/// s + a b as `VDPBF16PS` has it: the product is exact in double.
static float add_bfloat(float s, uint16_t a, uint16_t b) {
  const double product = (double)flushed(float_of((uint32_t)a << 16)) *
                         (double)flushed(float_of((uint32_t)b << 16));
  const double sum = odd_sum((double)flushed(s), product);
  // Rounded without a bound on the exponent first.
  const bool is_tiny = sum != 0 && fabsf((float)(sum * 0x1p120)) < 0x1p-6f;
  return is_tiny ? copysignf(0, (float)sum) : (float)sum;
}

static int32_t product_of_words(uint32_t a, uint32_t b) {
  return (int16_t)a * (int16_t)b + (int16_t)(a >> 16) * (int16_t)(b >> 16);
}

static float dot(check_half_kind kind, size_t k, const uint32_t *a, size_t a_step, const uint32_t *b,
                 size_t b_step) {
  float sum = 0;
  for (size_t p = 0; p < k; ++p) {
    const uint32_t left = a[p * a_step], right = b[p * b_step];
    if (kind == BFLOAT16) {
      sum = add_bfloat(sum, (uint16_t)(left >> 16), (uint16_t)(right >> 16));
      sum = add_bfloat(sum, (uint16_t)left, (uint16_t)right);
    } else {
      int32_t chunk = product_of_words(left, right);
      if (kind == FIXED && p + 1 < k) {
        ++p;
        chunk += product_of_words(a[p * a_step], b[p * b_step]);
      }
      sum += (float)chunk;
    }
  }
  return sum;
}

/// Numbers whose products come near both ends of float32, or mantissas of so many bits.
static uint16_t any_half(check_half_kind kind, int bits, size_t range) {
  if (kind == BFLOAT16) {
    if (check_below(300) == 0) return (uint16_t)check_random();
    const size_t middle = range == 0 ? 126 : range == 1 ? 63 : 190, spread = range == 0 ? 12 : 8;
    const size_t exponent = middle - spread / 2 + check_below(spread);
    return (uint16_t)(check_below(2) << 15 | exponent << 7 | check_below(128));
  }
  const int limit = (1 << bits) - 1;
  if (range == 1) return (uint16_t)(int16_t)(check_below(4) ? limit : -limit);
  return (uint16_t)(int16_t)((int)check_below(2 * (size_t)limit + 1) - limit);
}

static uint32_t *words(check_half_kind kind, int bits, size_t range, size_t count) {
  uint32_t *to = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i)
    to[i] = (uint32_t)any_half(kind, bits, range) << 16 | any_half(kind, bits, range);
  return to;
}

static void check_sums(check_half_kind kind, addend_isa set) {
  const addend_brgemm_kernels *kernels = check_half_kernels(kind, set);
  char name[60];
  snprintf(name, sizeof name, "sums of products, %s", check_half_names[kind]);
  check_begin(name, true, false);
  for (size_t n = 0; n < 200; ++n) {
    const size_t m = CHECK_ONE_OF(1, 2, 5, 6, 7, 13), k = CHECK_ONE_OF(1, 2, 7, 32, 101);
    const size_t columns = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 33), range = n % 3;
    const bool is_transposed = check_below(2), transposes_b = check_below(2);
    const uint32_t *a = words(kind, 15, range, m * k);
    const uint32_t *b = words(kind, kind == FIXED ? 14 : 15, range, k * columns);
    float *packed = check_room(4 * k * addend_brgemm_padded(kernels, columns), 4);
    const size_t panels = addend_brgemm_panel_count(kernels, columns);
    addend_gemm_pack(kernels, transposes_b, columns, k, (const float *)(const void *)b,
                     transposes_b ? k : columns, 0, panels, packed);
    float factors[2];
    addend_halves_factors((addend_halves_scale){check_below(20) > 0, (int)check_below(60) - 80},
                          (addend_halves_scale){true, (int)check_below(60) - 80}, factors);
    // About as large as the sums, so that denormals are among what is added.
    const float unit = kind != BFLOAT16 ? factors[0] * factors[1] * 0x1p30f
                       : range == 0     ? 1
                       : range == 1     ? 0x1p-126f
                                        : 0x1p120f;
    const bool has_bias = check_below(2), has_residual = check_below(2);
    float *bias = check_floats(columns), *residual = check_floats(m * columns);
    for (size_t j = 0; j < columns; ++j) bias[j] *= unit;
    for (size_t i = 0; i < m * columns; ++i) residual[i] *= unit;
    check_result c = check_results(4 * m * columns);
    for (size_t i = 0; i < m * columns; ++i) found_floats(c)[i] = check_float() * unit;
    const addend_gemm gemm = {.m = m,
                              .n = columns,
                              .k = k,
                              .panels = panels,
                              .transposes_a = is_transposed,
                              .a = (const float *)(const void *)a,
                              .lda = is_transposed ? m : k,
                              .b = packed,
                              .c = found_floats(c),
                              .ldc = columns,
                              .accumulates = check_below(2),
                              .rectifies = check_below(2),
                              .bias = has_bias ? bias : NULL,
                              .residual = has_residual ? residual : NULL,
                              .scale = factors};
    for (size_t i = 0; i < m * columns; ++i) {
      const size_t r = i / columns, j = i % columns;
      float sum = dot(kind, k, is_transposed ? a + r : a + r * k, is_transposed ? m : 1,
                      transposes_b ? b + j * k : b + j, transposes_b ? 1 : columns);
      if (kind != BFLOAT16) sum = sum * factors[0] * factors[1];
      const float terms[] = {found_floats(c)[i], bias[j], residual[i]};
      const bool is_added[] = {gemm.accumulates, has_bias, has_residual};
      for (size_t t = 0; t < 3; ++t) {
        if (!is_added[t]) continue;
        sum = kind == BFLOAT16 ? flushed(flushed(sum) + flushed(terms[t])) : sum + terms[t];
      }
      wanted_floats(c)[i] = gemm.rectifies && !(sum > 0) ? 0 : sum;
    }
    addend_bf16_run(kernels, &gemm);
    check_forget_nans(c);
    char what[80];
    snprintf(what, sizeof what, "%zux%zux%zu words, range %zu", m, columns, k, range);
    check_compare(what, c);
    check_free();
  }
  check_end();
}

void check_halves(addend_isa set) {
  check_numbers(addend_halves_select(set));
  check_scales();
  check_words(set);
  for (check_half_kind kind = BFLOAT16; kind <= WIDE_FIXED; ++kind) check_sums(kind, set);
}
