#include <stdio.h>
#include <string.h>

#include "addend_codebook.h"
#include "addend_giant.h"
#include "check.h"

static void check_giant(addend_isa set) {
  const addend_giant_kernels definition = addend_giant_select(ADDEND_ISA_SCALAR);
  const addend_giant_kernels variant = addend_giant_select(set);
  check_begin("giant tables", variant.sum != definition.sum, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t rows = 1 + check_below(20), columns = 1 + check_below(300);
    const size_t count = 1 + check_below(70), batch = 1 + check_below(40);
    uint16_t *table = check_room(rows * columns * 2 + 2, 2);
    addend_giant_fill(table, 0, rows * columns, 1 + (uint32_t)check_below(65536), n);
    table[rows * columns] = 0;
    uint32_t *numbers = check_room(count * 4, 4);
    uint16_t *codes = check_room((count > batch ? count : batch) * 2, 2);
    for (size_t i = 0; i < count; ++i) numbers[i] = (uint32_t)check_below(rows);
    for (size_t i = 0; i < (count > batch ? count : batch); ++i)
      codes[i] = (uint16_t)check_below(columns);
    check_result read = check_results(count * 2), group = check_results(count * batch * 2);
    definition.read(table, columns, numbers, codes, count, (uint16_t *)(void *)read.wanted);
    variant.read(table, columns, numbers, codes, count, (uint16_t *)(void *)read.found);
    definition.group(table, columns, numbers, count, codes, batch,
                     (uint16_t *)(void *)group.wanted);
    variant.group(table, columns, numbers, count, codes, batch, (uint16_t *)(void *)group.found);
    const size_t dimension = CHECK_ONE_OF(1, 7, 16, 33), words = 50;
    int16_t *entries = check_room(words * dimension * 2, 2);
    for (size_t i = 0; i < words * dimension; ++i) entries[i] = (int16_t)check_random();
    uint16_t *indices = check_room(count * batch * 2, 2);
    for (size_t i = 0; i < count * batch; ++i) indices[i] = (uint16_t)check_below(words);
    check_result sums = check_results(batch * dimension * 4), closed = check_results(count);
    definition.sum(entries, dimension, indices, count, batch, 0, batch,
                   (int32_t *)(void *)sums.wanted);
    variant.sum(entries, dimension, indices, count, batch, 0, batch, (int32_t *)(void *)sums.found);
    const uint8_t *row = check_bytes_below(256, 256), *places = check_bytes_below(count, 256);
    definition.closed_read(row, places, count, closed.wanted);
    variant.closed_read(row, places, count, closed.found);
    char what[80];
    snprintf(what, sizeof what, "%zux%zu, %zu reads of %zu", rows, columns, count, batch);
    check_compare(what, read);
    check_compare(what, group);
    check_compare(what, sums);
    check_compare(what, closed);
    check_free();
  }
  check_end();
}

// One variant for all: the bits must be those of other machines.
static void check_distances(void) {
  check_begin("codebooks", false, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t count = 1 + check_below(90), dimension = 1 + check_below(20);
    const float *points = check_floats(dimension * count), *word = check_floats(dimension);
    check_result least = check_results(count * 4), turned = check_results(count * dimension * 4);
    float *to[2] = {(float *)(void *)least.wanted, (float *)(void *)turned.wanted};
    for (size_t i = 0; i < count; ++i) to[0][i] = 300;
    addend_codebook_lower(points, count, dimension, word, 0, count, to[0]);
    addend_codebook_transpose(points, dimension, count, to[1], dimension);
    // Distances of the points as rows, beside those of the points as columns.
    for (size_t i = 0; i < count; ++i) {
      const float distance = addend_codebook_distance(to[1] + i * dimension, word, dimension);
      ((float *)(void *)least.found)[i] = distance < 300 ? distance : 300;
      for (size_t c = 0; c < dimension; ++c)
        ((float *)(void *)turned.found)[i * dimension + c] = points[c * count + i];
    }
    char what[80];
    snprintf(what, sizeof what, "%zu points of %zu", count, dimension);
    check_compare(what, least);
    check_compare(what, turned);
    check_free();
  }
  check_end();
}

void check_codebooks(addend_isa set) {
  check_giant(set);
  check_distances();
}
