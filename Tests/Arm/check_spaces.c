#include "addend_space.h"

#include <math.h>
#include <stdio.h>

#include "check.h"

static addend_space_kernels definition, variant;

static int32_t *exponents(size_t count) {
  int32_t *numbers = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i) numbers[i] = (int32_t)check_below(201) - 100;
  return numbers;
}

// Entries of any kind, the least alone, or the greatest; then what stands behind the last, and the
// same in planes of bytes.
static int16_t *entries_and_planes(size_t lists, size_t words, size_t kind, uint8_t **planes) {
  int16_t *table = check_room(2 * (lists * words + 1), 2);
  for (size_t i = 0; i < lists * words; ++i)
    table[i] = (int16_t)(kind == 0 ? -32768 : kind == 1 ? 32767 : (int)check_below(65536) - 32768);
  for (size_t i = 2; kind == 2 && i < lists * words; i += 3) table[i] = 0;
  table[lists * words] = 0;
  *planes = check_room(lists * 512, 64);
  for (size_t list = 0; list < lists; ++list)
    for (size_t w = 0; w < 256; ++w) {
      const uint16_t entry = w < words ? (uint16_t)table[list * words + w] : 0;
      (*planes)[list * 512 + w] = (uint8_t)entry;
      (*planes)[list * 512 + 256 + w] = (uint8_t)(entry >> 8);
    }
  return table;
}

static void check_scan(bool must_be) {
  check_begin("space scan", variant.scan != definition.scan, must_be);
  for (size_t n = 0; n < 200; ++n) {
    const size_t selectors = CHECK_ONE_OF(1, 3, 16), components = CHECK_ONE_OF(1, 2, 4);
    const size_t words = CHECK_ONE_OF(1, 15, 16, 17, 63, 64, 65, 128, 129, 192, 193, 256);
    const size_t rows = CHECK_ONE_OF(1, 3), columns = CHECK_ONE_OF(1, 3, 17, 63, 64, 65, 130);
    const size_t terms = n % 50 == 0 ? 32770 : CHECK_ONE_OF(1, 2, 7, 40);
    const size_t stride = (columns + 63) & ~(size_t)63;
    uint8_t *planes;
    const int16_t *table = entries_and_planes(selectors * components, words, n % 5, &planes);
    addend_space_component places[4];
    for (size_t c = 0; c < components; ++c)
      places[c] = (addend_space_component){c * rows * columns, rows, columns};
    const addend_space_scan_shape shape = {rows,  terms, columns, components, words, terms, 1,
                                           stride, columns, 1};
    const uint8_t *chosen = check_bytes_below(rows * terms, selectors);
    const uint8_t *indices = check_bytes_below(terms * stride, words);
    const int32_t *of_terms = n % 2 ? exponents(terms) : NULL;
    const int32_t *of_rows = n % 3 ? exponents(rows) : NULL;
    check_result y = check_results(components * rows * columns * sizeof(float));
    definition.scan(shape, places, table, planes, chosen, indices, of_terms, of_rows, -5, 0, rows,
                    (float *)(void *)y.wanted);
    variant.scan(shape, places, table, planes, chosen, indices, of_terms, of_rows, -5, 0, rows,
                 (float *)(void *)y.found);
    char what[80];
    snprintf(what, sizeof what, "%zu terms, %zu columns, %zu words%s", terms, columns, words,
             of_terms ? ", exponents" : "");
    check_compare(what, y);
    check_free();
  }
  check_end();
}

static void check_encode(bool must_be) {
  check_begin("space encode", variant.encode != definition.encode, must_be);
  for (size_t n = 0; n < 300; ++n) {
    const size_t bits = 1 + n % 8, most = 16 / bits, dimension = 1 + check_below(most);
    const size_t size = CHECK_ONE_OF(1, 2, 15, 16, 17, 64, 100, 1030), rows = 2;
    const size_t stride = (size + dimension - 1) / dimension + check_below(3);
    const addend_space_encoding_shape shape = {size, dimension, bits, stride};
    float *x = check_floats(rows * size), *thresholds = check_floats(((size_t)1 << bits) - 1);
    const size_t count = ((size_t)1 << bits) - 1;
    for (size_t i = 1; i < count; ++i)
      for (size_t j = i; j > 0 && thresholds[j - 1] > thresholds[j]; --j) {
        const float held = thresholds[j];
        thresholds[j] = thresholds[j - 1];
        thresholds[j - 1] = held;
      }
    for (size_t i = 0; i < rows * size; i += 3) x[i] = thresholds[check_below(count)];
    for (size_t i = 1; i < rows * size; i += 11) x[i] = i % 2 ? NAN : -INFINITY;
    const uint8_t *cells = check_bytes_below((size_t)1 << (bits * dimension), 256);
    const int32_t *of_rows = n % 3 == 0 ? exponents(rows) : NULL;
    check_result codes = check_results(rows * stride);
    definition.encode(shape, x, thresholds, cells, of_rows, 0, rows, codes.wanted);
    variant.encode(shape, x, thresholds, cells, of_rows, 0, rows, codes.found);
    char what[80];
    snprintf(what, sizeof what, "%zu numbers, %zu bits, dimension %zu", size, bits, dimension);
    check_compare(what, codes);
    check_free();
  }
  check_end();
}

static void check_encode_tree(void) {
  check_begin("space trees", variant.encode_tree != definition.encode_tree, false);
  for (size_t n = 0; n < 100; ++n) {
    const size_t depth = 1 + check_below(10), dimension = CHECK_ONE_OF(1, 3, 8, 64);
    const size_t size = CHECK_ONE_OF(1, 17, 100, 700), rows = 2, nodes = (size_t)1 << depth;
    const size_t stride = (size + dimension - 1) / dimension;
    const addend_space_encoding_shape shape = {size, dimension, depth, stride};
    const float *x = check_floats(rows * size), *thresholds = check_floats(nodes);
    int32_t *columns = check_room(4 * nodes, 4);
    for (size_t i = 0; i < nodes; ++i) columns[i] = (int32_t)check_below(dimension);
    const uint8_t *leaves = check_bytes_below(nodes, 256);
    const int32_t *of_rows = n % 3 == 0 ? exponents(rows) : NULL;
    check_result codes = check_results(rows * stride);
    definition.encode_tree(shape, x, columns, thresholds, leaves, of_rows, 0, rows, codes.wanted);
    variant.encode_tree(shape, x, columns, thresholds, leaves, of_rows, 0, rows, codes.found);
    check_compare("trees", codes);
    check_free();
  }
  check_end();
}

// What makes codebooks.
static void check_nearest(void) {
  check_begin("space nearest, cells", variant.nearest != definition.nearest, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t points = CHECK_ONE_OF(1, 15, 33), dimension = CHECK_ONE_OF(1, 2, 5);
    const size_t words = CHECK_ONE_OF(1, 16, 256), lowers = CHECK_ONE_OF(16, 48);
    const float *x = check_floats(dimension * points), *book = check_floats(words * dimension);
    const float *upper = check_floats(3 * words), *lower = check_floats(words * lowers);
    check_result codes = check_results(points), cells = check_results(3 * lowers);
    definition.nearest(x, points, dimension, book, words, 0, points, codes.wanted);
    variant.nearest(x, points, dimension, book, words, 0, points, codes.found);
    check_compare("nearest", codes);
    definition.cells(upper, lower, lowers, words, 0, 3, cells.wanted);
    variant.cells(upper, lower, lowers, words, 0, 3, cells.found);
    check_compare("cells", cells);
    check_free();
  }
  check_end();
}

void check_spaces(addend_isa set) {
  definition = addend_space_select(ADDEND_ISA_SCALAR);
  variant = addend_space_select(set);
  const bool must_be = set >= ADDEND_ISA_AVX2;
  check_scan(must_be);
  check_encode(must_be);
  check_encode_tree();
  check_nearest();
}
