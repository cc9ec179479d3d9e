#include "addend_lookup_select.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

// What the kernels of each family take, as addend_lookup.h has it, and how they hand it on.
#define SUM_PARAMETERS                                                                          \
  const uint8_t *restrict codes, size_t code_stride, size_t rows, const float *restrict tables, \
      size_t blocks, size_t entries, size_t outputs, float *restrict y
#define SUM_ARGUMENTS codes, code_stride, rows, tables, blocks, entries, outputs, y
#define BUCKET_PARAMETERS                                                               \
  const uint8_t *restrict codes, size_t rows, const float *restrict dy, size_t entries, \
      size_t outputs, float *restrict sums
#define BUCKET_ARGUMENTS codes, rows, dy, entries, outputs, sums
#define TABLE_PARAMETERS                                                                       \
  const float *restrict corrections, const float *restrict prototypes,                         \
      const int32_t *restrict rows, const float *restrict weight, size_t entries, size_t size, \
      size_t outputs, float *restrict table
#define TABLE_ARGUMENTS corrections, prototypes, rows, weight, entries, size, outputs, table
#define ADJOINT_PARAMETERS                                                                    \
  const float *restrict sums, const float *restrict prototypes, const int32_t *restrict rows, \
      const float *restrict weight, size_t entries, size_t size, size_t outputs,              \
      int accumulates, float *restrict weight_gradient, float *restrict prototype_gradient
#define ADJOINT_ARGUMENTS                                                              \
  sums, prototypes, rows, weight, entries, size, outputs, accumulates, weight_gradient, \
      prototype_gradient

// Each definition below is written once and compiled for each instruction set: the outputs lie side
// by side, and the compiler makes lanes of them. A tile of outputs is what registers hold.
#define BODY static inline __attribute__((always_inline)) void

enum { tile = 64, block_chunk = 8 };

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Adds one row's entries in a few blocks to its part of y; `width` is a constant where inlined.
BODY sum_tile(const uint8_t *restrict codes, size_t code_stride, size_t blocks,
              const float *restrict tables, size_t entries, size_t outputs, int starts,
              size_t width, float *restrict y) {
  float sum[tile];
  size_t j = 0;
  if (starts) {
    const float *row = tables + codes[0] * outputs;
    for (size_t m = 0; m < width; ++m) sum[m] = row[m];
    j = 1;
  } else {
    for (size_t m = 0; m < width; ++m) sum[m] = y[m];
  }
  for (; j < blocks; ++j) {
    const float *row = tables + (j * entries + codes[j * code_stride]) * outputs;
    for (size_t m = 0; m < width; ++m) sum[m] += row[m];
  }
  for (size_t m = 0; m < width; ++m) y[m] = sum[m];
}

// A few blocks at a time, whose part of the tables stays in the nearest cache for all rows.
BODY sum_body(SUM_PARAMETERS) {
  for (size_t m = 0; m < outputs; m += tile) {
    const size_t width = smaller(tile, outputs - m);
    for (size_t j = 0; j < blocks; j += block_chunk) {
      const size_t count = smaller(block_chunk, blocks - j);
      const float *part = tables + j * entries * outputs + m;
      for (size_t r = 0; r < rows; ++r) {
        const uint8_t *code = codes + j * code_stride + r;
        float *out = y + r * outputs + m;
        if (width == tile)
          sum_tile(code, code_stride, count, part, entries, outputs, j == 0, tile, out);
        else
          sum_tile(code, code_stride, count, part, entries, outputs, j == 0, width, out);
      }
    }
  }
}

BODY bucket_body(BUCKET_PARAMETERS) {
  for (size_t i = 0; i < entries * outputs; ++i) sums[i] = 0;
  for (size_t m = 0; m < outputs; m += tile) {
    const size_t width = smaller(tile, outputs - m);
    for (size_t r = 0; r < rows; ++r) {
      float *restrict sum = sums + codes[r] * outputs + m;
      const float *restrict row = dy + r * outputs + m;
      if (width == tile)
        for (size_t i = 0; i < tile; ++i) sum[i] += row[i];
      else
        for (size_t i = 0; i < width; ++i) sum[i] += row[i];
    }
  }
}

BODY table_body(TABLE_PARAMETERS) {
  for (size_t k = 0; k < entries; ++k) {
    float *restrict out = table + k * outputs;
    for (size_t m = 0; m < outputs; ++m) out[m] = corrections[k * outputs + m];
    for (size_t i = 0; i < size; ++i) {
      if (rows[i] < 0) continue;
      const float prototype = prototypes[k * size + i];
      const float *restrict row = weight + (size_t)rows[i] * outputs;
      for (size_t m = 0; m < outputs; ++m) out[m] += prototype * row[m];
    }
  }
}

BODY adjoint_body(ADJOINT_PARAMETERS) {
  for (size_t i = 0; i < size; ++i) {
    if (rows[i] < 0) {
      for (size_t k = 0; k < entries; ++k) prototype_gradient[k * size + i] = 0;
      continue;
    }
    const float *restrict row = weight + (size_t)rows[i] * outputs;
    float *restrict gradient = weight_gradient + (size_t)rows[i] * outputs;
    if (!accumulates)
      for (size_t m = 0; m < outputs; ++m) gradient[m] = 0;
    for (size_t k = 0; k < entries; ++k) {
      const float prototype = prototypes[k * size + i];
      const float *restrict sum = sums + k * outputs;
      float lanes[16] = {0};
      size_t m = 0;
      for (; m + 16 <= outputs; m += 16)
        for (size_t lane = 0; lane < 16; ++lane) {
          gradient[m + lane] += prototype * sum[m + lane];
          lanes[lane] += sum[m + lane] * row[m + lane];
        }
      for (; m < outputs; ++m) {
        gradient[m] += prototype * sum[m];
        lanes[m % 16] += sum[m] * row[m];
      }
      float total = 0;
      for (size_t lane = 0; lane < 16; ++lane) total += lanes[lane];
      prototype_gradient[k * size + i] = total;
    }
  }
}

#define VARIANTS(variant, attribute)                                                           \
  attribute static void sum_##variant(SUM_PARAMETERS) { sum_body(SUM_ARGUMENTS); }             \
  attribute static void bucket_##variant(BUCKET_PARAMETERS) { bucket_body(BUCKET_ARGUMENTS); } \
  attribute static void table_##variant(TABLE_PARAMETERS) { table_body(TABLE_ARGUMENTS); }     \
  attribute static void adjoint_##variant(ADJOINT_PARAMETERS) { adjoint_body(ADJOINT_ARGUMENTS); }

VARIANTS(scalar, )
#if defined(__x86_64__)
VARIANTS(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANTS(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

#define KERNELS(variant)                                                                \
  (addend_lookup_kernels) {                                                             \
    .encode = addend_lookup_encode_select(isa), .sum = sum_##variant,                   \
    .bucket = bucket_##variant, .table = table_##variant, .adjoint = adjoint_##variant, \
    .scan = addend_lookup_scan_select(isa)                                              \
  }

addend_lookup_kernels addend_lookup_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return KERNELS(avx512);
  if (isa >= ADDEND_ISA_AVX2) return KERNELS(avx2);
#endif
  return KERNELS(scalar);
}
