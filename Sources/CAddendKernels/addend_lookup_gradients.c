#include "addend_lookup_select.h"
#include "addend_lookup_vectors.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

#define PARAMETERS                                                                               \
  const uint8_t *restrict codes, size_t code_stride, size_t rows, const float *restrict dy,      \
      const float *restrict prototypes, const int32_t *restrict positions,                       \
      const float *restrict weight, size_t blocks, size_t entries, size_t size, size_t outputs,  \
      const addend_lookup_gradients *restrict gradients, float *restrict scratch,                \
      uint16_t *restrict order

enum {
  tile = addend_lookup_tile,
  lanes = addend_lookup_lanes,
  vectors = addend_lookup_vectors,
  rows_at_once = ADDEND_LOOKUP_ROWS_AT_ONCE,
  most_entries = 256,
};

typedef addend_floats vec;

// The rows of each code, one code after another and each code's in order, for every block:
// order is [blocks][rows], and code k's rows of block j end before ends[j * entries + k].
static void sort_rows(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                      size_t blocks, size_t entries, uint16_t *restrict order,
                      uint16_t *restrict ends) {
  for (size_t j = 0; j < blocks; ++j) {
    const uint8_t *code = codes + j * code_stride;
    uint16_t *restrict end = ends + j * entries;
    for (size_t k = 0; k < entries; ++k) end[k] = 0;
    for (size_t r = 0; r < rows; ++r) ++end[code[r]];
    for (size_t k = 0, sum = 0; k < entries; ++k) {
      const size_t there = end[k];
      end[k] = (uint16_t)sum;  // where the code's rows begin, until they are put there
      sum += there;
    }
    for (size_t r = 0; r < rows; ++r) order[j * rows + end[code[r]]++] = (uint16_t)r;
  }
}

// Adds a tile of up to rows_at_once rows to the buckets of one block, [entries][tile].
ADDEND_INLINE void add_to_buckets(const float *restrict part, const uint16_t *restrict order,
                                  const uint16_t *restrict ends, size_t entries,
                                  float *restrict sums) {
  size_t t = 0;
  for (size_t k = 0; k < entries; ++k) {
    vec sum[vectors];
    vec *restrict bucket = (vec *)(sums + k * tile);
    ADDEND_EACH(v, vectors) sum[v] = bucket[v];
    for (const size_t end = ends[k]; t < end; ++t) {
      const vec *row = (const vec *)(part + order[t] * (size_t)tile);
      ADDEND_EACH(v, vectors) sum[v] += row[v];
    }
    ADDEND_EACH(v, vectors) bucket[v] = sum[v];
  }
}

// One input's gradient, and its part in the prototypes', from the buckets of its block.
ADDEND_INLINE void adjoint_of_input(const float *restrict sums, const float *restrict prototypes,
                                    const float *restrict weight, size_t entries, size_t size,
                                    size_t count, int adds, float *restrict weight_gradient,
                                    float *restrict partial) {
  float in[tile];
  vec w[vectors], dw[vectors];
  addend_read_tile(weight, count, in);
  ADDEND_EACH(v, vectors) w[v] = ((vec *)in)[v];
  if (adds) addend_read_tile(weight_gradient, count, in);
  ADDEND_EACH(v, vectors) dw[v] = adds ? ((vec *)in)[v] : (vec){0};
  for (size_t k = 0; k < entries; ++k) {
    const float prototype = prototypes[k * size];
    const vec *sum = (const vec *)(sums + k * tile);
    vec *restrict lane = (vec *)(partial + k * size * lanes);
    vec total = *lane;
    ADDEND_EACH(v, vectors) {
      dw[v] += prototype * sum[v];
      total += sum[v] * w[v];
    }
    *lane = total;
  }
  ADDEND_EACH(v, vectors) ((vec *)in)[v] = dw[v];
  addend_write_tile(in, count, weight_gradient);
}

// Hands on the buckets [blocks][entries][tile] of the outputs from `first`.
ADDEND_INLINE void hand_on(const float *restrict sums, const float *restrict prototypes,
                           const int32_t *restrict positions, const float *restrict weight,
                           size_t blocks, size_t entries, size_t size, size_t outputs,
                           size_t first, const addend_lookup_gradients *restrict gradients,
                           float *restrict partial) {
  const size_t count = addend_smaller(tile, outputs - first);
  for (size_t j = 0; j < blocks; ++j) {
    const float *restrict sum = sums + j * entries * tile;
    for (size_t k = 0; k < entries; ++k) {
      float *restrict out = gradients->corrections + (j * entries + k) * outputs + first;
      if (gradients->adds_corrections)
        for (size_t m = 0; m < count; ++m) out[m] += sum[k * tile + m];
      else
        addend_write_tile(sum + k * tile, count, out);
    }
    for (size_t i = 0; i < size; ++i) {
      if (positions[j * size + i] < 0) continue;
      const size_t row = (size_t)positions[j * size + i] * outputs + first;
      adjoint_of_input(sum, prototypes + j * entries * size + i, weight + row, entries, size, count,
                       gradients->adds_weight, gradients->weight + row,
                       partial + (j * entries * size + i) * lanes);
    }
  }
}

ADDEND_INLINE void gradients_body(PARAMETERS) {
  uint16_t ends[most_entries];
  float *restrict sums = scratch;
  float *restrict partial = sums + blocks * entries * tile;
  float *restrict part = partial + blocks * entries * size * lanes;
  for (size_t i = 0; i < blocks * entries * size * lanes; ++i) partial[i] = 0;
  for (size_t m = 0; m < outputs; m += tile) {
    const size_t count = addend_smaller(tile, outputs - m);
    for (size_t i = 0; i < blocks * entries * tile; ++i) sums[i] = 0;
    for (size_t r = 0; r < rows; r += rows_at_once) {
      const size_t taken = addend_smaller(rows_at_once, rows - r);
      if (m == 0 || rows > rows_at_once)
        sort_rows(codes + r, code_stride, taken, blocks, entries, order, ends);
      for (size_t i = 0; i < taken; ++i)
        addend_read_tile(dy + (r + i) * outputs + m, count, part + i * tile);
      for (size_t j = 0; j < blocks; ++j)
        add_to_buckets(part, order + j * taken, ends + j * entries, entries,
                       sums + j * entries * tile);
    }
    hand_on(sums, prototypes, positions, weight, blocks, entries, size, outputs, m, gradients,
            partial);
  }
  for (size_t i = 0; i < blocks * entries * size; ++i) {
    float total = 0;
    for (size_t lane = 0; lane < lanes; ++lane) total += partial[i * lanes + lane];
    gradients->prototypes[i] = total;
  }
}

#define VARIANT(variant, attribute)                                                             \
  attribute static void gradients_##variant(PARAMETERS) {                                       \
    gradients_body(codes, code_stride, rows, dy, prototypes, positions, weight, blocks, entries, \
                   size, outputs, gradients, scratch, order);                                   \
  }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANT(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

addend_lookup_gradients_fn addend_lookup_gradients_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return gradients_avx512;
  if (isa >= ADDEND_ISA_AVX2) return gradients_avx2;
#endif
  (void)isa;
  return gradients_scalar;
}
