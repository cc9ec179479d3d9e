#include "addend_lookup_select.h"
#include "addend_lookup_vectors.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

#define PARAMETERS                                                                               \
  const uint8_t *restrict codes, size_t code_stride, size_t rows,                                \
      const addend_lookup_tables *restrict tables, size_t blocks, size_t entries, size_t size,   \
      size_t first, size_t count, float *restrict scratch, float *restrict y, size_t y_stride

enum { tile = addend_lookup_tile, vectors = addend_lookup_vectors };

typedef addend_floats vec;

// A few blocks' part of the tables, [blocks][entries][tile], which stays in the nearest cache: rows of
// whole tables are too far apart for that, they would push each other out.
enum { entries_at_once = 128, most_entries = 256, largest_block = 64 };

// The weights of one block, [size][tile].
ADDEND_INLINE void gather_weights(const addend_lookup_tables *restrict tables,
                                  const int32_t *restrict positions, size_t size, size_t first,
                                  size_t count, float *restrict weights) {
  if (tables->weight_column == 1) {
    for (size_t i = 0; i < size; ++i)
      if (positions[i] >= 0)
        addend_read_tile(tables->weight + (size_t)positions[i] * tables->weight_row + first, count,
                         weights + i * tile);
  } else {
    for (size_t m = 0; m < count; ++m) {
      const float *column = tables->weight + (first + m) * tables->weight_column;
      for (size_t i = 0; i < size; ++i)
        if (positions[i] >= 0)
          weights[i * tile + m] = column[(size_t)positions[i] * tables->weight_row];
    }
    for (size_t i = 0; i < size; ++i)
      for (size_t m = count; m < tile; ++m) weights[i * tile + m] = 0;
  }
}

// Block j's part of the tables, [entries][tile].
ADDEND_INLINE void build_block(const addend_lookup_tables *restrict tables, size_t j,
                               size_t entries, size_t size, size_t first, size_t count,
                               float *restrict part) {
  float weights[largest_block * tile];
  const int32_t *positions = tables->positions + j * size;
  if (size > 0) gather_weights(tables, positions, size, first, count, weights);
  for (size_t k = 0; k < entries; ++k) {
    float *restrict entry = part + k * tile;
    if (tables->corrections)
      addend_read_tile(tables->corrections + (j * entries + k) * tables->outputs + first, count,
                       entry);
    else
      for (size_t m = 0; m < tile; ++m) entry[m] = 0;
    if (size == 0) continue;
    vec sum[vectors];
    ADDEND_EACH(v, vectors) sum[v] = ((vec *)entry)[v];
    for (size_t i = 0; i < size; ++i) {
      if (positions[i] < 0) continue;
      const float prototype = tables->prototypes[(j * entries + k) * size + i];
      const vec *row = (const vec *)(weights + i * tile);
      ADDEND_EACH(v, vectors) sum[v] += prototype * row[v];
    }
    ADDEND_EACH(v, vectors) ((vec *)entry)[v] = sum[v];
  }
}

// Adds the entries of a few blocks to each row's sums [rows][tile], of which `width` vectors count.
ADDEND_INLINE void add_entries(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                               const float *restrict part, size_t blocks, size_t entries,
                               size_t starts, size_t width, float *restrict sums) {
  for (size_t r = 0; r < rows; ++r) {
    vec sum[vectors];
    vec *restrict out = (vec *)(sums + r * tile);
    const vec *start = starts ? (const vec *)(part + codes[r] * tile) : out;
    ADDEND_EACH(v, width) sum[v] = start[v];
    for (size_t j = starts; j < blocks; ++j) {
      const vec *entry = (const vec *)(part + (j * entries + codes[j * code_stride + r]) * tile);
      ADDEND_EACH(v, width) sum[v] += entry[v];
    }
    ADDEND_EACH(v, width) out[v] = sum[v];
  }
}

ADDEND_INLINE void product_body(PARAMETERS) {
  float part[most_entries * tile] __attribute__((aligned(64)));
  const size_t chunk = entries < entries_at_once ? entries_at_once / entries : 1;
  for (size_t j = 0; j < blocks; j += chunk) {
    const size_t taken = addend_smaller(chunk, blocks - j);
    const uint8_t *code = codes + j * code_stride;
    for (size_t b = 0; b < taken; ++b)
      build_block(tables, j + b, entries, size, first, count, part + b * entries * tile);
    // The number of blocks or vectors is known to the compiler in each of these.
    if (count <= 16)
      add_entries(code, code_stride, rows, part, taken, entries, j == 0, 1, scratch);
    else if (count <= 32)
      add_entries(code, code_stride, rows, part, taken, entries, j == 0, 2, scratch);
    else if (taken == 8 && j > 0)
      add_entries(code, code_stride, rows, part, 8, entries, 0, vectors, scratch);
    else
      add_entries(code, code_stride, rows, part, taken, entries, j == 0, vectors, scratch);
  }
  for (size_t r = 0; r < rows; ++r)
    addend_write_tile(scratch + r * tile, count, y + r * y_stride);
}

#define VARIANT(variant, attribute)                                                          \
  attribute static void product_##variant(PARAMETERS) {                                      \
    product_body(codes, code_stride, rows, tables, blocks, entries, size, first, count, scratch, \
                 y, y_stride);                                                               \
  }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANT(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

addend_lookup_product_fn addend_lookup_product_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return product_avx512;
  if (isa >= ADDEND_ISA_AVX2) return product_avx2;
#endif
  (void)isa;
  return product_scalar;
}
