#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_lookup.h"
#include "addend_lookup_image.h"
#include "check.h"

static addend_lookup_kernels definition, variant;

// Of any bytes, of the least alone, or of the greatest.
static int8_t *packed_tables(size_t count, size_t kind) {
  int8_t *tables = check_room(count, 1);
  for (size_t i = 0; i < count; ++i)
    tables[i] = kind == 0 ? -128 : kind == 1 ? 127 : (int8_t)check_random();
  return tables;
}

// Numbers of which many are equal, and some are not numbers.
static float tied(void) {
  static const float odd[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-42f, -1e-42f};
  return check_below(5) == 0 ? odd[check_below(7)] : (float)check_below(9) - 4;
}

static void check_encode(bool must_be) {
  check_begin("lookup encode", variant.encode != definition.encode, must_be);
  for (size_t n = 0; n < 400; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 15, 16, 17, 31, 33, 48, 63, 64, 101);
    const size_t width = CHECK_ONE_OF(1, 2, 3, 4, 5, 7, 8, 13, 64), levels = 1 + n % 8;
    const size_t blocks = CHECK_ONE_OF(1, 2, 3, 11), stride = rows + check_below(3);
    float *x = check_floats(rows * width), *thresholds = check_floats(blocks << levels);
    for (size_t i = 0; n % 2 == 0 && i < rows * width; ++i) x[i] = tied();
    for (size_t i = 0; n % 2 == 0 && i < blocks << levels; ++i) thresholds[i] = tied();
    int32_t *columns = check_room(blocks * levels * 4, 4);
    for (size_t i = 0; i < blocks * levels; ++i) columns[i] = (int32_t)check_below(width);
    float *scratch = check_room(64 * width, 64);
    check_result codes = check_results(blocks * stride);
    definition.encode(x, rows, width, columns, thresholds, blocks, levels, scratch, codes.wanted,
                      stride);
    variant.encode(x, rows, width, columns, thresholds, blocks, levels, scratch, codes.found,
                   stride);
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu, %zu blocks, %zu levels", rows, width, blocks,
             levels);
    check_compare(what, codes);
    check_free();
  }
  check_end();
}

static void check_scan(const char *name, size_t entries, size_t count, bool must_be) {
  check_begin(name,
              entries == 16 ? variant.scan != definition.scan
                            : variant.scan_wide != definition.scan_wide,
              must_be);
  for (size_t n = 0; n < count; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 41, 63, 64, 65, 97);
    const size_t blocks =
        n % 4 == 0 ? CHECK_ONE_OF(255, 256, 257, 258, 515) : CHECK_ONE_OF(1, 2, 3, 4, 5, 6, 7, 63);
    const size_t outputs = CHECK_ONE_OF(1, 2, 3, 4, 5, 7, 8, 9, 17, 63, 64, 65, 70);
    const size_t stride = rows + check_below(2) * check_below(40);
    const size_t tables_of = entries == 16 ? (blocks + 3) & ~(size_t)3 : blocks;
    uint8_t *codes = check_bytes_below((blocks - 1) * stride + rows, entries);
    int8_t *tables = packed_tables(outputs * tables_of * entries, n % 6);
    for (size_t m = 0; m < outputs; ++m)
      memset(tables + (m * tables_of + blocks) * entries, 0, (tables_of - blocks) * entries);
    float *scales = check_floats(outputs), *offsets = check_floats(outputs);
    check_result y = check_results(rows * outputs * sizeof(float));
    for (size_t side = 0; side < 2; ++side) {
      float *to = (float *)(void *)(side ? y.found : y.wanted);
      const addend_lookup_kernels *kernels = side ? &variant : &definition;
      if (entries == 16)
        kernels->scan(codes, stride, rows, tables, blocks, outputs, scales, offsets, to);
      else
        kernels->scan_wide(codes, stride, rows, tables, blocks, entries, outputs, scales, offsets,
                           to);
    }
    char what[80];
    snprintf(what, sizeof what, "%zu rows, %zu blocks, %zu outputs", rows, blocks, outputs);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

static void check_image_scan(addend_isa set, bool must_be) {
  const addend_lookup_image_scan_fn defined = addend_lookup_image_select(ADDEND_ISA_SCALAR).scan;
  const addend_lookup_image_scan_fn scan = addend_lookup_image_select(set).scan;
  check_begin("lookup image scan", scan != defined, must_be);
  for (size_t n = 0; n < 150; ++n) {
    const size_t side = 3 + check_below(7), taps = CHECK_ONE_OF(1, 4, 9);
    const size_t groups = CHECK_ONE_OF(1, 2, 3, 4, 5, 9, 30);
    const size_t outputs = CHECK_ONE_OF(1, 3, 4, 8, 13, 66), padded = (groups + 3) & ~(size_t)3;
    const size_t edge = taps == 1 ? 1 : taps == 4 ? 2 : 3, inner = side - edge + 1;
    const size_t pixels = side * side, rows = inner * inner;
    uint32_t offset[9], *positions = check_room(4 * rows, 4);
    for (size_t t = 0; t < taps; ++t) offset[t] = (uint32_t)(t / edge * side + t % edge);
    for (size_t r = 0; r < rows; ++r) positions[r] = (uint32_t)(r / inner * side + r % inner);
    uint8_t *codes = check_bytes_below(groups * pixels, 16);
    int8_t *tables = packed_tables(outputs * taps * padded * 16, n % 6);
    for (size_t k = 0; k < outputs * taps; ++k)
      memset(tables + (k * padded + groups) * 16, 0, (padded - groups) * 16);
    float *scales = check_floats(outputs), *offsets = check_floats(outputs);
    uint8_t *scratch = check_room(addend_lookup_image_scratch(pixels, groups, taps), 64);
    check_result y = check_results(rows * outputs * sizeof(float));
    defined(codes, pixels, pixels, groups, offset, taps, positions, rows, tables, outputs, scales,
            offsets, scratch, (float *)(void *)y.wanted);
    scan(codes, pixels, pixels, groups, offset, taps, positions, rows, tables, outputs, scales,
         offsets, scratch, (float *)(void *)y.found);
    char what[80];
    snprintf(what, sizeof what, "%zu pixels, %zu groups, %zu taps, %zu outputs", pixels, groups,
             taps, outputs);
    check_compare(what, y);
    check_free();
  }
  check_end();
}

// Tables as they are built, and the sums of entries that are built on the way.
static void check_tables(void) {
  check_begin("lookup tables, products", variant.table != definition.table, false);
  for (size_t n = 0; n < 150; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 3, 17), blocks = CHECK_ONE_OF(1, 2, 9);
    const size_t entries = CHECK_ONE_OF(2, 16, 64), size = CHECK_ONE_OF(1, 3, 4, 8);
    const size_t outputs = CHECK_ONE_OF(1, 5, 16, 31, 64), inputs = blocks * size;
    int32_t *positions = check_room(inputs * 4, 4);
    for (size_t i = 0; i < inputs; ++i)
      positions[i] = i % size != 0 && check_below(5) == 0 ? -1 : (int32_t)check_below(inputs);
    const bool is_transposed = n % 2 == 1;
    const addend_lookup_tables tables = {
        .corrections = n % 3 == 0 ? NULL : check_floats(blocks * entries * outputs),
        .prototypes = check_floats(blocks * entries * size),
        .positions = positions,
        .weight = check_floats(inputs * outputs),
        .weight_row = is_transposed ? 1 : outputs,
        .weight_column = is_transposed ? inputs : 1,
        .outputs = outputs,
    };
    uint8_t *codes = check_bytes_below(rows * blocks, entries);
    float *scratch = check_room(rows * 64 * sizeof(float), 64);
    check_result table = check_results(entries * outputs * sizeof(float));
    check_result y = check_results(rows * outputs * sizeof(float));
    for (size_t side = 0; side < 2; ++side) {
      const addend_lookup_kernels *kernels = side ? &variant : &definition;
      kernels->table(&tables, blocks - 1, entries, size,
                     (float *)(void *)(side ? table.found : table.wanted));
      kernels->product(codes, rows, rows, &tables, blocks, entries, size, 0, outputs, scratch,
                       (float *)(void *)(side ? y.found : y.wanted), outputs);
    }
    check_compare("a table", table);
    check_compare("products", y);
    check_free();
  }
  check_end();
}

void check_lookups(addend_isa set) {
  definition = addend_lookup_select(ADDEND_ISA_SCALAR);
  variant = addend_lookup_select(set);
  const bool must_be = set != ADDEND_ISA_SCALAR;
  check_encode(must_be);
  check_scan("lookup scan, 16 entries", 16, 300, must_be);
  check_scan("lookup scan, 64 entries", 64, 150, must_be);
  check_scan("lookup scan, 128 entries", 128, 150, must_be);
  check_scan("lookup scan, 256 entries", 256, 150, must_be);
  check_image_scan(set, must_be);
  check_tables();
}
