#include "addend_lookup_select.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

// The outputs lie side by side: the definition is written once, compiled for each instruction set,
// and the compiler makes lanes of them.
#define PARAMETERS \
  const addend_lookup_tables *restrict tables, size_t j, size_t entries, size_t size, float *restrict table

static inline __attribute__((always_inline)) void table_body(PARAMETERS) {
  const size_t outputs = tables->outputs, column = tables->weight_column;
  for (size_t k = 0; k < entries; ++k) {
    float *restrict out = table + k * outputs;
    for (size_t m = 0; m < outputs; ++m)
      out[m] = tables->corrections ? tables->corrections[(j * entries + k) * outputs + m] : 0;
    for (size_t i = 0; i < size; ++i) {
      const int32_t position = tables->positions[j * size + i];
      if (position < 0) continue;
      const float prototype = tables->prototypes[(j * entries + k) * size + i];
      const float *restrict row = tables->weight + (size_t)position * tables->weight_row;
      if (column == 1)
        for (size_t m = 0; m < outputs; ++m) out[m] += prototype * row[m];
      else
        for (size_t m = 0; m < outputs; ++m) out[m] += prototype * row[m * column];
    }
  }
}

// Runs of neighbouring inputs, which most blocks are, become lanes.
#define DEVIATION_PARAMETERS                                                                    \
  const float *restrict x, size_t rows, size_t width, const float *restrict prototypes,         \
      const uint8_t *restrict codes, size_t code_stride, const int32_t *restrict positions,     \
      size_t blocks, size_t entries, size_t size, float strength, float *restrict dx
#define DEVIATION_ARGUMENTS \
  x, rows, width, prototypes, codes, code_stride, positions, blocks, entries, size, strength, dx

static inline __attribute__((always_inline)) void add_run(const float *restrict x,
                                                          const float *restrict prototype,
                                                          size_t size, float strength,
                                                          float *restrict dx) {
  for (size_t i = 0; i < size; ++i) dx[i] += strength * (x[i] - prototype[i]);
}

enum { blocks_at_once = 64 };

static inline __attribute__((always_inline)) void deviations_body(DEVIATION_PARAMETERS) {
  for (size_t first = 0; first < blocks; first += blocks_at_once) {
    const size_t count = blocks - first < blocks_at_once ? blocks - first : blocks_at_once;
    unsigned char is_run[blocks_at_once];
    for (size_t b = 0; b < count; ++b) {
      const int32_t *position = positions + (first + b) * size;
      is_run[b] = 1;
      for (size_t i = 1; i < size; ++i) is_run[b] &= position[i] == position[0] + (int32_t)i;
    }
    for (size_t r = 0; r < rows; ++r)
      for (size_t b = 0; b < count; ++b) {
        const size_t j = first + b;
        const int32_t *position = positions + j * size;
        const float *prototype = prototypes + (j * entries + codes[j * code_stride + r]) * size;
        const size_t at = r * width + (size_t)position[0];
        if (is_run[b] && size == 8) {
          add_run(x + at, prototype, 8, strength, dx + at);
        } else if (is_run[b] && size == 4) {
          add_run(x + at, prototype, 4, strength, dx + at);
        } else {
          for (size_t i = 0; i < size; ++i) {
            if (position[i] < 0) continue;
            const size_t p = r * width + (size_t)position[i];
            dx[p] += strength * (x[p] - prototype[i]);
          }
        }
      }
  }
}

#define VARIANTS(variant, attribute)                                                 \
  attribute static void table_##variant(PARAMETERS) { table_body(tables, j, entries, size, table); } \
  attribute static void deviations_##variant(DEVIATION_PARAMETERS) {                 \
    deviations_body(DEVIATION_ARGUMENTS);                                            \
  }

VARIANTS(scalar, )
#if defined(__x86_64__)
VARIANTS(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANTS(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

#define KERNELS(variant)                                                                 \
  (addend_lookup_kernels) {                                                              \
    .encode = addend_lookup_encode_select(isa), .product = addend_lookup_product_select(isa), \
    .gradients = addend_lookup_gradients_select(isa), .table = table_##variant,          \
    .deviations = deviations_##variant, .learn = addend_lookup_learn_select(isa),        \
    .scan = addend_lookup_scan_select(isa)                                               \
  }

addend_lookup_kernels addend_lookup_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return KERNELS(avx512);
  if (isa >= ADDEND_ISA_AVX2) return KERNELS(avx2);
#endif
  return KERNELS(scalar);
}
