#include <stdio.h>
#include <string.h>

#include "addend_byte.h"
#include "check.h"

enum { tile = ADDEND_BYTE_TILE };

static addend_byte_kernels definition, variant;

static uint8_t *bytes(size_t count, size_t alignment) {
  uint8_t *numbers = check_room(count, alignment);
  for (size_t i = 0; i < count; ++i) numbers[i] = (uint8_t)check_random();
  return numbers;
}

// Entries are of any kind, the least alone, or the greatest.
static addend_byte_layer layer(size_t blocks, size_t inputs, size_t outputs, size_t kind) {
  int32_t *columns = check_room(16 * blocks, 4), *biases = check_room(4 * outputs, 4);
  uint8_t *shifts = check_room(outputs, 1);
  int8_t *tables = check_room(outputs * blocks * 16, 64);
  for (size_t i = 0; i < 4 * blocks; ++i) columns[i] = (int32_t)check_below(inputs);
  for (size_t i = 0; i < outputs * blocks * 16; ++i)
    tables[i] = (int8_t)(kind == 0 ? -64 : kind == 1 ? 63 : (int)check_below(128) - 64);
  const int32_t extent = 1 << (kind == 2 ? 30 : 10);
  for (size_t m = 0; m < outputs; ++m) {
    biases[m] = (int32_t)check_below((size_t)(2 * (int64_t)extent)) - extent;
    shifts[m] = (uint8_t)check_below(kind == 2 ? 31 : 6);
  }
  return (addend_byte_layer){inputs,  blocks, outputs, columns, bytes(16 * blocks, 1),
                             tables, biases, shifts};
}

static void check_layers(bool writes_sums, bool must_be) {
  check_begin(writes_sums ? "byte layer, sums" : "byte layer, bytes",
              writes_sums ? variant.sums != definition.sums : variant.layer != definition.layer,
              must_be);
  for (size_t n = 0; n < 120; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 33, 63, 64, 65, 128, 130, 193, 256, 257, 600);
    const size_t tiles = (rows + tile - 1) / tile;
    const size_t blocks = CHECK_ONE_OF(8, 16, 24, 72, 256, 504, 512, 520, 1032);
    const size_t outputs = CHECK_ONE_OF(1, 2, 3, 4, 5, 11), inputs = CHECK_ONE_OF(1, 3, 37);
    const addend_byte_layer of = layer(blocks, inputs, outputs, n % 6);
    const uint8_t *x = bytes(tiles * inputs * tile, 64);
    uint8_t *scratch = check_room(tiles * blocks * tile, 64);
    check_result y = check_results(tiles * outputs * tile * (writes_sums ? sizeof(int32_t) : 1));
    if (writes_sums) {
      definition.sums(&of, x, rows, scratch, (int32_t *)(void *)y.wanted);
      variant.sums(&of, x, rows, scratch, (int32_t *)(void *)y.found);
    } else {
      definition.layer(&of, x, rows, scratch, y.wanted);
      variant.layer(&of, x, rows, scratch, y.found);
    }
    char what[80];
    snprintf(what, sizeof what, "%zu rows, %zu blocks, %zu outputs", rows, blocks, outputs);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

static void check_columns(bool must_be) {
  check_begin("byte columns", variant.columns != definition.columns, must_be);
  for (size_t n = 0; n < 120; ++n) {
    const size_t rows = 1 + check_below(tile), width = 1 + check_below(70);
    const uint8_t *x = bytes(rows * width, 1);
    check_result columns = check_results(width * tile);
    definition.columns(x, rows, width, columns.wanted);
    variant.columns(x, rows, width, columns.found);
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu", rows, width);
    check_compare(what, columns);
    check_free();
  }
  check_end();
}

// Three layers, from pixels to logits.
static void check_networks(bool must_be) {
  check_begin("byte network", variant.layer != definition.layer, must_be);
  for (size_t n = 0; n < 30; ++n) {
    const size_t rows = 1 + check_below(2 * tile), width = 1 + check_below(90), widest = 100;
    const size_t tiles = (rows + tile - 1) / tile;
    const addend_byte_layer layers[] = {layer(16, width, 23, 3), layer(64, 23, 9, 3),
                                        layer(8, 9, 5, 3)};
    float *scales = check_room(20, 4), *offsets = check_room(20, 4);
    for (size_t m = 0; m < 5; ++m) scales[m] = check_float(), offsets[m] = check_float();
    const uint8_t *x = bytes(rows * width, 1);
    uint8_t *buffers = check_room(2 * tiles * widest * tile, 64);
    uint8_t *scratch = check_room(tiles * 64 * tile, 64);
    check_result logits = check_results(rows * 5 * sizeof(float));
    addend_byte_network(definition, layers, 3, scales, offsets, x, rows, width, widest, buffers,
                        scratch, (float *)(void *)logits.wanted);
    addend_byte_network(variant, layers, 3, scales, offsets, x, rows, width, widest, buffers,
                        scratch, (float *)(void *)logits.found);
    check_compare("three layers", logits);
    check_free();
  }
  check_end();
}

void check_bytes(addend_isa set) {
  definition = addend_byte_select(ADDEND_ISA_SCALAR);
  variant = addend_byte_select(set);
  const bool must_be = set != ADDEND_ISA_SCALAR;
  check_layers(false, must_be);
  check_layers(true, must_be);
  check_columns(must_be);
  check_networks(must_be);
}
