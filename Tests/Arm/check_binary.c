#include <stdio.h>
#include <string.h>

#include "addend_binary.h"
#include "check.h"

static addend_binary_kernels definition, variant;

/// Rows of `bits` bits, with zeros past the last; every eighth row is nothing but ones.
static uint64_t *random_rows(size_t rows, size_t bits) {
  const size_t words = (bits + 63) / 64;
  uint64_t *to = check_room(rows * words * sizeof *to, sizeof *to);
  const uint64_t last = ~(uint64_t)0 >> (64 * words - bits);
  for (size_t r = 0; r < rows; ++r)
    for (size_t i = 0; i < words; ++i) {
      const uint64_t word = r % 8 == 7 ? ~(uint64_t)0 : check_random();
      to[r * words + i] = i + 1 == words ? word & last : word;
    }
  return to;
}

static int32_t *numbers(size_t count, size_t limit) {
  int32_t *to = check_room(count * sizeof *to, sizeof *to);
  for (size_t i = 0; i < count; ++i) to[i] = (int32_t)check_below(limit);
  return to;
}

static void check_product(bool writes_bits, bool must_be) {
  check_begin(writes_bits ? "binary product, bits" : "binary product, sums",
              variant.product != definition.product, must_be);
  for (size_t n = 0; n < 150; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 3, 4, 5, 9), planes = CHECK_ONE_OF(1, 1, 8);
    const size_t columns = CHECK_ONE_OF(1, 31, 32, 33, 64, 97, 130);
    const size_t bits = CHECK_ONE_OF(1, 63, 64, 65, 127, 1984, 1985, 4100);
    const size_t words = (bits + 63) / 64, panels = (columns + 31) / 32, wide = (columns + 63) / 64;
    uint64_t *a = random_rows(rows * planes, bits);
    addend_binary_chain(rows * planes, words, a, a);
    uint32_t *b = check_room(panels * 64 * words * sizeof *b, sizeof *b);
    addend_binary_pack(columns, words, random_rows(columns, bits), b);
    uint16_t *classes = check_room(rows * sizeof *classes, sizeof *classes);
    for (size_t r = 0; r < rows; ++r) classes[r] = (uint16_t)check_below(2);
    const size_t limit = bits * ((1u << planes) - 1) + 2;
    addend_binary_product product = {
        .rows = rows, .planes = planes, .columns = columns, .words = words, .a = a, .b = b,
        .panels = panels, .classes = n % 2 ? classes : NULL};
    check_result y = check_results(writes_bits ? rows * wide * 8 : rows * columns * 4);
    if (writes_bits) {
      product.thresholds = numbers(2 * columns, limit);
      product.flips = random_rows(1, columns);
      product.bits = (uint64_t *)(void *)y.wanted;
    } else {
      product.offsets = numbers(2 * columns, limit);
      product.sums = (int32_t *)(void *)y.wanted;
    }
    definition.product(&product);
    if (writes_bits) product.bits = (uint64_t *)(void *)y.found;
    else product.sums = (int32_t *)(void *)y.found;
    variant.product(&product);
    char what[80];
    snprintf(what, sizeof what, "%zu×%zu×%zu, %zu planes", rows, columns, bits, planes);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

static void check_rows(void) {
  check_begin("rows of bits", variant.signs != definition.signs, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 3), columns = CHECK_ONE_OF(1, 63, 64, 65, 200);
    const size_t words = rows * ((columns + 63) / 64);
    const float *x = check_whole_floats(rows * columns);
    check_result signs = check_results(8 * words);
    definition.signs(rows, columns, x, (uint64_t *)(void *)signs.wanted);
    variant.signs(rows, columns, x, (uint64_t *)(void *)signs.found);
    check_compare("signs", signs);
    const uint8_t *pixels = check_bytes_below(rows * columns, 256);
    check_result planes = check_results(64 * words);
    definition.planes(rows, columns, pixels, (uint64_t *)(void *)planes.wanted);
    variant.planes(rows, columns, pixels, (uint64_t *)(void *)planes.found);
    check_compare("planes", planes);
    check_free();
  }
  check_end();
}

void check_binary(addend_isa set) {
  definition = addend_binary_select(ADDEND_ISA_SCALAR);
  variant = addend_binary_select(set);
  const bool must_be = set == ADDEND_ISA_NEON;
  check_product(false, must_be);
  check_product(true, must_be);
  check_rows();
}
