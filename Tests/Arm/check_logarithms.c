#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addend_lns.h"
#include "check.h"

// The definition written down once more, on a sign and a logarithm, without words.
typedef struct {
  bool is_zero, is_negative;
  int32_t l;
} number;

static const number zero = {true, false, 0};

static const struct {
  int32_t integer, fraction, steps;
} formats[] = {{5, 10, 64}, {5, 10, 0}, {5, 6, 2}, {6, 9, 8},
             {3, 12, 64}, {3, 12, 0}, {5, 4, 2}, {2, 1, 0}};
enum { format_count = sizeof formats / sizeof *formats };
static addend_lns_table tables[format_count];

/// Tables take long to fill: they are kept, and copied to where readable memory ends.
static addend_lns_table table_of(size_t format) {
  addend_lns_table *kept = &tables[format];
  if (!kept->sums) {
    addend_lns_plan(formats[format].integer, formats[format].fraction, formats[format].steps, kept);
    int32_t *sums = malloc(8 * (size_t)(kept->last + 1));
    uint16_t *curves = addend_lns_has_curves(kept) ? malloc(3 * 64 * sizeof *curves) : NULL;
    addend_lns_fill_sums(kept, sums);
    if (curves) addend_lns_fill_curves(kept, curves);
    kept->sums = sums, kept->curves = curves;
  }
  addend_lns_table table = *kept;
  const size_t bytes = 8 * (size_t)(kept->last + 1);
  table.sums = memcpy(check_room(bytes, 4), kept->sums, bytes);
  if (kept->curves) table.curves = memcpy(check_room(384, 2), kept->curves, 384);
  return table;
}

static number of_pattern(const addend_lns_table *t, uint16_t x) {
  return (number){!(x & 0x7fff), x >> 15, (x & 0x7fff) - t->bias};
}

static uint16_t to_pattern(const addend_lns_table *t, number x) {
  const int32_t largest = t->bias - 1;
  if (x.is_zero || x.l < -largest) return 0;
  return (uint16_t)(((x.l > largest ? largest : x.l) + t->bias) | (x.is_negative ? 0x8000 : 0));
}

static number times(number a, number b) {
  return (number){a.is_zero || b.is_zero, a.is_negative != b.is_negative, a.l + b.l};
}

static number plus(const addend_lns_table *t, number a, number b) {
  if (a.is_zero || b.is_zero) return a.is_zero ? b : a;
  if (a.l < b.l) return plus(t, b, a);
  const bool is_opposite = a.is_negative != b.is_negative;
  const int32_t distance = a.l - b.l, step = ((distance + t->half) >> t->shift) + t->offset;
  if (is_opposite && distance == 0) return zero;
  const int32_t near = distance < step ? distance : step, at = near < t->last ? near : t->last;
  return (number){false, a.is_negative, a.l + t->sums[2 * at + is_opposite] / 2};
}

static number minus(number a) { return (number){a.is_zero, !a.is_negative, a.l}; }

// The same of patterns: what is kept in between is rounded.
static uint16_t sum(const addend_lns_table *t, uint16_t a, uint16_t b) {
  return to_pattern(t, plus(t, of_pattern(t, a), of_pattern(t, b)));
}
static uint16_t product(const addend_lns_table *t, uint16_t a, uint16_t b) {
  return to_pattern(t, times(of_pattern(t, a), of_pattern(t, b)));
}
static uint16_t negative(uint16_t a) { return a & 0x7fff ? a ^ 0x8000 : 0; }
static bool is_positive(uint16_t a) { return a > 0 && a < 0x8000; }

/// Patterns of all magnitudes, or such that sums mix; a fifth are zero.
static uint16_t any_pattern(const addend_lns_table *t, bool is_wild) {
  if (check_below(5) == 0) return 0;
  const size_t bias = (size_t)t->bias;
  const size_t magnitude =
      is_wild ? 1 + check_below(2 * bias - 1) : 1 + bias * 3 / 4 + check_below(bias / 4);
  return (uint16_t)(magnitude | (check_below(2) ? 0x8000 : 0));
}

static uint16_t *patterns(const addend_lns_table *t, size_t count, bool is_wild) {
  uint16_t *to = check_room(count * sizeof *to, sizeof *to);
  for (size_t i = 0; i < count; ++i) to[i] = any_pattern(t, is_wild);
  return to;
}

static uint16_t *found(check_result r) { return (uint16_t *)(void *)r.found; }
static uint16_t *wanted(check_result r) { return (uint16_t *)(void *)r.wanted; }

/// Both halves of a result that starts as `from`.
static check_result results_from(const uint16_t *from, size_t count) {
  const check_result result = check_results(2 * count);
  memcpy(result.wanted, from, 2 * count);
  memcpy(result.found, from, 2 * count);
  return result;
}

/// A sum of products: blocks of 32 whose left factors are not zero, then pairs of blocks.
static number dot(const addend_lns_table *t, size_t k, const uint16_t *a, size_t a_step,
                  const uint16_t *b, size_t b_step) {
  number kept[40];
  bool is_full[40] = {false};
  for (size_t p = 0; p < k;) {
    number above = zero, below = zero;
    for (size_t count = 0; p < k && count < ADDEND_LNS_BLOCK; ++p) {
      const number left = of_pattern(t, a ? a[p * a_step] : (uint16_t)t->bias);
      if (left.is_zero) continue;
      ++count;
      const number term = times(left, of_pattern(t, b[p * b_step]));
      number *to = term.is_negative ? &below : &above;
      *to = plus(t, *to, term);
      if (to->l > INT16_MAX) to->l = INT16_MAX;
    }
    number block = plus(t, above, below);
    size_t level = 0;
    for (; is_full[level]; is_full[level++] = false) block = plus(t, kept[level], block);
    kept[level] = block;
    is_full[level] = true;
  }
  number total = zero;
  for (size_t level = 0; level < 40; ++level)
    if (is_full[level]) total = plus(t, kept[level], total);
  return total;
}

/// Kahan's sum of products, those left out whose left factor is zero.
static number compensated_dot(const addend_lns_table *t, size_t k, const uint16_t *a, size_t a_step,
                              const uint16_t *b, size_t b_step) {
  number total = zero, lost = zero;
  for (size_t p = 0; p < k; ++p) {
    const number left = of_pattern(t, a ? a[p * a_step] : (uint16_t)t->bias);
    if (left.is_zero) continue;
    const number y = plus(t, times(left, of_pattern(t, b[p * b_step])), minus(lost));
    // Of equal magnitudes the one below zero counts as the larger.
    const bool is_larger = total.is_zero || (!y.is_zero && 2 * y.l + y.is_negative >
                                                               2 * total.l + total.is_negative);
    const number larger = is_larger ? y : total, smaller = is_larger ? total : y;
    total = plus(t, larger, smaller);
    lost = plus(t, plus(t, total, minus(larger)), minus(smaller));
  }
  return total;
}

static void check_gemm(const addend_lns_kernels *kernels) {
  check_begin("products of logarithms", true, false);
  for (size_t n = 0; n < 280; ++n) {
    const addend_lns_table table = table_of(n % format_count);
    const bool is_wild = check_below(2), transposes_b = check_below(2), has_bias = check_below(2);
    const bool has_left = check_below(4) > 0;
    const size_t columns = CHECK_ONE_OF(1, 3, 16, 31, 32, 33, 65, 97, 129, 300);
    addend_lns_gemm gemm = {.transposes_a = check_below(2),
                            .accumulates = check_below(2),
                            .compensates = check_below(2),
                            .shift = check_below(2) ? 0 : -(int32_t)check_below(3000),
                            .m = CHECK_ONE_OF(1, 2, 3, 4, 5, 9),
                            .n = columns,
                            .k = CHECK_ONE_OF(0, 1, 7, 32, 33, 65, 130, 200)};
    const size_t m = gemm.m, k = gemm.k;
    gemm.first_row = check_below(m), gemm.rows = 1 + check_below(m - gemm.first_row);
    const uint16_t *a = has_left ? patterns(&table, m * k, is_wild) : NULL;
    const uint16_t *b = patterns(&table, k * columns, is_wild);
    gemm.a = a;
    gemm.bias = has_bias ? patterns(&table, columns, is_wild) : NULL;
    const size_t width = (columns + ADDEND_LNS_LANES - 1) / ADDEND_LNS_LANES * ADDEND_LNS_LANES;
    check_result packed = check_results(2 * k * width);
    addend_lns_pack(transposes_b, columns, k, b, 0, k / 2, found(packed));
    addend_lns_pack(transposes_b, columns, k, b, k / 2, k - k / 2, found(packed));
    for (size_t i = 0; i < k * width; ++i) {
      const size_t p = i / width, j = i % width;
      wanted(packed)[i] = j < columns ? b[transposes_b ? j * k + p : p * columns + j] : 0;
    }
    // The kernel's operand ends where memory does.
    gemm.b = memcpy(check_room(packed.bytes, 2), packed.wanted, packed.bytes);
    check_result c = results_from(patterns(&table, m * columns, is_wild), m * columns);
    for (size_t i = gemm.first_row * columns; i < (gemm.first_row + gemm.rows) * columns; ++i) {
      const size_t r = i / columns, j = i % columns;
      const uint16_t *row = a ? gemm.transposes_a ? a + r : a + r * k : NULL;
      uint16_t *to = &wanted(c)[i];
      number exact = (gemm.compensates ? compensated_dot : dot)(
          &table, k, row, gemm.transposes_a ? m : 1, gemm.b + j, width);
      exact.l += gemm.shift;
      const uint16_t made = to_pattern(&table, exact);
      *to = gemm.accumulates ? sum(&table, *to, made) : made;
      if (gemm.bias) *to = sum(&table, *to, gemm.bias[j]);
    }
    gemm.c = found(c);
    kernels->gemm(&table, &gemm);
    char what[80];
    snprintf(what, sizeof what, "%zux%zux%zu in format %zu", m, columns, k, n % format_count);
    check_compare(what, packed);
    check_compare(what, c);
    check_free();
  }
  check_end();
}

static void check_elements(const addend_lns_kernels *kernels) {
  check_begin("sums of logarithms", true, false);
  for (size_t n = 0; n < 140; ++n) {
    const addend_lns_table table = table_of(n % format_count), *const t = &table;
    const size_t count = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 33, 250);
    const uint16_t *x = patterns(t, count, n % 2), *y = patterns(t, count, n % 2);
    const uint16_t alpha = any_pattern(t, n % 2);
    check_result added = results_from(y, count), multiplied = results_from(y, count);
    check_result scaled = results_from(y, count);
    check_result rectified = check_results(2 * count), slopes = check_results(2 * count);
    check_result sums = check_results(2 * count), products = check_results(2 * count);
    for (size_t i = 0; i < count; ++i) {
      wanted(added)[i] = sum(t, y[i], product(t, x[i], alpha));
      wanted(scaled)[i] = product(t, y[i], alpha);
      wanted(multiplied)[i] = product(t, x[i], y[i]);
      wanted(rectified)[i] = x[i] >> 15 ? product(t, x[i], alpha) : x[i];
      wanted(slopes)[i] = is_positive(x[i]) ? y[i] : product(t, y[i], alpha);
      wanted(sums)[i] = sum(t, x[i], y[i]);
      found(sums)[i] = addend_lns_sum(t, x[i], y[i]);
      wanted(products)[i] = product(t, x[i], y[i]);
      found(products)[i] = addend_lns_product(t, x[i], y[i]);
    }
    kernels->add(t, count, alpha, x, found(added));
    kernels->scale(t, count, alpha, found(scaled));
    kernels->multiply(t, count, x, found(multiplied));
    kernels->rectify(t, count, alpha, x, found(rectified));
    kernels->rectify_gradient(t, count, alpha, x, y, found(slopes));
    char what[80];
    snprintf(what, sizeof what, "%zu numbers in format %zu", count, n % format_count);
    const check_result all[] = {added, scaled, multiplied, rectified, slopes, sums, products};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) check_compare(what, all[i]);
    check_free();
  }
  check_end();
}

static void check_updates(const addend_lns_kernels *kernels) {
  check_begin("updates in logarithms", true, false);
  for (size_t n = 0; n < 140; ++n) {
    const addend_lns_table table = table_of(n % format_count), *const t = &table;
    const size_t count = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 33, 250);
    const addend_lns_step step = {.rate = any_pattern(t, false),
                                  .momentum = any_pattern(t, false),
                                  .decay = any_pattern(t, false),
                                  .looks_ahead = check_below(2)};
    const bool keeps_lost = check_below(2), is_wild = check_below(2);
    const uint16_t *g = patterns(t, count, is_wild);
    check_result w = results_from(patterns(t, count, is_wild), count);
    check_result v = results_from(patterns(t, count, is_wild), count);
    check_result lost = results_from(patterns(t, count, is_wild), count);
    kernels->update(t, count, step, g, found(v), keeps_lost ? found(lost) : NULL, found(w));
    for (size_t i = 0; i < count; ++i) {
      uint16_t *weight = &wanted(w)[i], *speed = &wanted(v)[i], *rest = &wanted(lost)[i];
      const uint16_t direction = sum(t, g[i], product(t, step.decay, *weight));
      *speed = sum(t, product(t, step.momentum, *speed), direction);
      const uint16_t ahead = sum(t, direction, product(t, step.momentum, *speed));
      const uint16_t move = negative(product(t, step.looks_ahead ? ahead : *speed, step.rate));
      if (!keeps_lost) {
        *weight = sum(t, *weight, move);
        continue;
      }
      const uint16_t y = sum(t, move, negative(*rest)), moved = sum(t, *weight, y);
      *rest = sum(t, sum(t, moved, negative(*weight)), negative(y));
      *weight = moved;
    }
    char what[80];
    snprintf(what, sizeof what, "%zu numbers in format %zu", count, n % format_count);
    check_compare(what, w);
    check_compare(what, v);
    check_compare(what, lost);
    check_free();
  }
  check_end();
}

// To the nearest logarithm: random bits, and the floats next to what lies half way between two.
static void check_rounding(const addend_lns_kernels *kernels) {
  check_begin("floats as logarithms", true, false);
  for (size_t n = 0; n < 48; ++n) {
    const int32_t fraction = 1 + (int32_t)(n % 12), integer = 2 + (int32_t)check_below(6);
    const int32_t largest = (1 << (integer + fraction - 1)) - 1, one = 1 << fraction;
    uint32_t *cells = check_room(4 * 2 * (size_t)one, 4);
    int32_t *powers = check_room(4 * (size_t)one, 4);
    addend_lns_fill_cells(fraction, cells);
    addend_lns_fill_powers(fraction, powers);
    const addend_lns_rounding rounding = {fraction, largest, cells, powers};
    const size_t count = CHECK_ONE_OF(1, 5, 15, 16, 17, 1000, 3001);
    float *x = check_room(4 * count, 4);
    const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-127f, 3e38f};
    for (size_t i = 0; i < count; ++i) {
      const int32_t l = (int32_t)check_below(2 * (size_t)largest + 3) - largest - 1;
      const float middle = (float)exp2(((double)l + 0.5) / one);
      const uint32_t bits = (uint32_t)check_random();
      switch (check_below(8)) {
        case 0: x[i] = special[check_below(8)]; break;
        case 1: x[i] = -nextafterf(middle, INFINITY); break;
        case 2: x[i] = nextafterf(middle, 0); break;
        case 3: x[i] = middle; break;
        default: memcpy(x + i, &bits, 4);
      }
    }
    check_result y = check_results(4 * count);
    float *to = (float *)(void *)y.wanted;
    for (size_t i = 0; i < count; ++i) {
      const float size = fabsf(x[i]);
      const double l = rint(ldexp(log2((double)size), fraction));
      const double kept = l > largest ? largest : l;
      if (!(size > 0)) to[i] = x[i];
      else if (size < 0x1p-126f || l < -largest) to[i] = 0;
      else to[i] = copysignf((float)exp2(ldexp(kept, -fraction)), x[i]);
    }
    kernels->round(&rounding, count, x, (float *)(void *)y.found);
    char what[80];
    snprintf(what, sizeof what, "%zu numbers to %d and %d bits", count, integer, fraction);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

// Tables are the C library's, in double, to the nearest: the same on all machines unless its errors
// reach a tie.
static void check_tables(void) {
  check_begin("tables of logarithms", true, false);
  for (size_t f = 0; f < format_count; ++f) {
    const addend_lns_table table = table_of(f);
    const size_t entries = (size_t)table.last + 1;
    const int32_t fraction = table.fraction, one = 1 << fraction;
    const int32_t fine = table.shift > 0 ? one : 0;
    check_result sums = check_results(8 * entries);
    int32_t *to = (int32_t *)(void *)sums.wanted;
    memcpy(sums.found, table.sums, sums.bytes);
    double *exact = check_room(8 * entries, 8);
    float *same = check_room(4 * entries, 4);
    for (int32_t i = 0; i < table.last; ++i) {
      const int32_t far = (i - table.offset) * (1 << table.shift);
      const int32_t near = (i + table.half) >> table.shift << table.shift;
      const int32_t opposite = i < fine ? i : far;
      exact[i] = one * log2(1 + exp2(-(double)(i < fine ? near : far) / one));
      same[i] = (float)table.sums[2 * i] / 2;
      to[2 * i] = table.curves ? table.sums[2 * i] : 2 * (int32_t)rint(exact[i]);
      to[2 * i + 1] = opposite == 0
                          ? ADDEND_LNS_ZERO
                          : 2 * (int32_t)rint(one * log2(-expm1(-M_LN2 * opposite / one)));
    }
    to[2 * table.last] = to[2 * table.last + 1] = 0;
    char what[80];
    snprintf(what, sizeof what, "sums of format %zu", f);
    check_compare(what, sums);
    check_near(what, same, exact, entries - 1, table.curves ? 0.65 : 0.5 + 0x1p-30);
    check_free();
  }
  for (int32_t fraction = 1; fraction <= 12; ++fraction) {
    const size_t count = (size_t)1 << fraction;
    const int32_t first = -(fraction / 2 + 1) * (1 << fraction);
    check_result halves = check_results(4 * count), exponents = check_results(4 * count);
    check_result functions = check_results(2 * 2 * 3 * count);
    for (size_t i = 0; i < count; ++i) {
      const double half = exp2(30 + ldexp((double)i + 0.5, -fraction));
      ((uint32_t *)(void *)halves.wanted)[i] = (uint32_t)ceil(half);
      ((uint32_t *)(void *)exponents.wanted)[i] =
          (uint32_t)rint(exp2(30 + ldexp((double)i, -fraction)) / M_LN2);
    }
    for (size_t i = 0; i < 3 * count; ++i) {
      const double x = exp2(ldexp((double)first + (double)i, -fraction));
      ((int16_t *)(void *)functions.wanted)[i] = (int16_t)rint(ldexp(log2(tanh(x)), fraction));
      ((int16_t *)(void *)functions.wanted)[3 * count + i] =
          (int16_t)rint(ldexp(log2(erf(x)), fraction));
    }
    addend_lns_fill_halves(fraction, (uint32_t *)(void *)halves.found);
    addend_lns_fill_exponents(fraction, (uint32_t *)(void *)exponents.found);
    addend_lns_fill_tangents(fraction, first, 3 * count, (int16_t *)(void *)functions.found);
    addend_lns_fill_errors(fraction, first, 3 * count,
                           (int16_t *)(void *)functions.found + 3 * count);
    char what[80];
    snprintf(what, sizeof what, "%d bits", fraction);
    check_compare(what, halves);
    check_compare(what, exponents);
    check_compare(what, functions);
    check_free();
  }
  check_end();
}

static void check_look_up(void) {
  check_begin("logarithms of bytes", true, false);
  // All patterns are found again, and numbers become the nearest.
  for (size_t f = 0; f < format_count; ++f) {
    const addend_lns_table table = table_of(f);
    const size_t all = 4 * (size_t)table.bias;
    check_result back = check_results(2 * all), made = check_results(2 * all);
    for (size_t i = 0; i < all; ++i) {
      const size_t magnitude = i / 2 % (2 * (size_t)table.bias);
      const uint16_t pattern = (uint16_t)(magnitude | (i % 2 && magnitude ? 0x8000 : 0));
      wanted(back)[i] = pattern;
      found(back)[i] = addend_lns_from_double(
          table.bias, table.fraction, addend_lns_to_double(table.bias, table.fraction, pattern));
      const double x = (double)check_float() * exp2((double)check_float() * 3);
      const number nearest = {
          x == 0, x < 0, x == 0 ? 0 : (int32_t)rint(ldexp(log2(fabs(x)), table.fraction))};
      wanted(made)[i] = to_pattern(&table, nearest);
      found(made)[i] = addend_lns_from_double(table.bias, table.fraction, x);
    }
    check_compare("patterns", back);
    check_compare("numbers", made);
    check_free();
  }
  for (size_t n = 0; n < 20; ++n) {
    const addend_lns_table table = table_of(0);
    const size_t channels = CHECK_ONE_OF(1, 3, 5), count = 1 + check_below(90);
    const uint8_t *bytes = check_bytes_below(count, 256);
    const uint16_t *values = patterns(&table, 256 * channels, true);
    check_result y = check_results(2 * count);
    for (size_t i = 0; i < count; ++i) wanted(y)[i] = values[256 * (i % channels) + bytes[i]];
    addend_lns_look_up(count, channels, bytes, values, found(y));
    check_compare("bytes", y);
    check_free();
  }
  check_end();
}

void check_logarithms(addend_isa set) {
  const addend_lns_kernels *kernels = addend_lns_select(set);
  check_gemm(kernels);
  check_elements(kernels);
  check_updates(kernels);
  check_rounding(kernels);
  check_tables();
  check_look_up();
}
