#include "addend_lookup_image.h"

#include <string.h>

#include "addend_lookup_select.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

void addend_lookup_pad(const uint8_t *restrict from, const uint8_t *restrict zeros, size_t groups,
                       size_t batch, size_t height, size_t width, size_t padding,
                       uint8_t *restrict to) {
  const size_t padded_width = width + 2 * padding;
  for (size_t plane = 0; plane < groups * batch; ++plane) {
    const uint8_t zero = zeros[plane / batch];
    memset(to, zero, padding * padded_width);
    to += padding * padded_width;
    for (size_t h = 0; h < height; ++h) {
      memset(to, zero, padding);
      memcpy(to + padding, from, width);
      memset(to + padding + width, zero, padding);
      from += width;
      to += padded_width;
    }
    memset(to, zero, padding * padded_width);
    to += padding * padded_width;
  }
}

#define SUM_PARAMETERS                                                                         \
  const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,                \
      const uint32_t *restrict positions, size_t rows, const float *restrict tables,           \
      size_t entries, size_t outputs, float *restrict y
#define SUM_ARGUMENTS codes, offsets, blocks, positions, rows, tables, entries, outputs, y
#define BUCKET_PARAMETERS                                                                       \
  const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,                 \
      const uint32_t *restrict positions, size_t rows, const float *restrict dy, size_t entries, \
      size_t outputs, float *restrict sums
#define BUCKET_ARGUMENTS codes, offsets, blocks, positions, rows, dy, entries, outputs, sums

// Each definition below is written once and compiled for each instruction set; `lanes` outputs lie
// side by side in a vector.
#define BODY static inline __attribute__((always_inline)) void

enum { lanes = 16, rows_at_once = 256, table_bytes = 1 << 15 };
typedef float vector __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Adds some blocks' entries to `count` rows' `width` vectors of y; both are constants where inlined.
// Several rows at a time, so that sums do not wait for each other.
BODY sum_vectors(const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,
                 const uint32_t *restrict positions, const float *restrict tables, size_t entries,
                 size_t outputs, int starts, size_t count, size_t width, float *restrict y) {
  vector sum[8];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < count; ++r)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < width; ++i) {
      const float *first = starts ? tables + codes[offsets[0] + positions[r]] * outputs
                                  : y + r * outputs;
      sum[r * width + i] = *(const vector *)(first + lanes * i);
    }
  for (size_t v = starts != 0; v < blocks; ++v) {
    const uint8_t *restrict code = codes + offsets[v];
    const float *restrict table = tables + v * entries * outputs;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < count; ++r) {
      const float *restrict row = table + code[positions[r]] * outputs;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < width; ++i) sum[r * width + i] += *(const vector *)(row + lanes * i);
    }
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < count; ++r)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < width; ++i)
      *(vector *)(y + r * outputs + lanes * i) = sum[r * width + i];
}

// The outputs past the last whole vector, one by one.
BODY sum_rest(const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,
              const uint32_t *restrict positions, size_t rows, const float *restrict tables,
              size_t entries, size_t outputs, int starts, size_t first, float *restrict y) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t v = 0; v < blocks; ++v) {
      const size_t code = codes[offsets[v] + positions[r]];
      const float *restrict row = tables + (v * entries + code) * outputs;
      for (size_t m = first; m < outputs; ++m)
        y[r * outputs + m] = starts && v == 0 ? row[m] : y[r * outputs + m] + row[m];
    }
}

BODY sum_columns(const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,
                 const uint32_t *restrict positions, size_t rows, const float *restrict tables,
                 size_t entries, size_t outputs, int starts, size_t width, float *restrict y) {
  const size_t at_once = 8 / width;
  size_t r = 0;
  for (; r + at_once <= rows; r += at_once)
    sum_vectors(codes, offsets, blocks, positions + r, tables, entries, outputs, starts, at_once,
                width, y + r * outputs);
  for (; r < rows; ++r)
    sum_vectors(codes, offsets, blocks, positions + r, tables, entries, outputs, starts, 1, width,
                y + r * outputs);
}

// As many blocks at a time as the nearest cache holds the tables of, for many rows.
BODY sum_body(SUM_PARAMETERS) {
  const size_t whole = outputs / lanes;
  const size_t most = whole >= 4 ? 4 : whole >= 2 ? 2 : 1;
  const size_t fit = table_bytes / (4 * entries * lanes * most);
  for (size_t from = 0; from < rows; from += rows_at_once) {
    const size_t count = smaller(rows_at_once, rows - from);
    for (size_t v = 0; v < blocks; v += fit) {
      const size_t some = smaller(fit, blocks - v);
      const float *restrict part = tables + v * entries * outputs;
      float *restrict to = y + from * outputs;
      size_t i = 0;
      while (i < whole) {
        const size_t left = whole - i;
#define COLUMNS(width)                                                                        \
  sum_columns(codes, offsets + v, some, positions + from, count, part + lanes * i, entries,   \
              outputs, v == 0, width, to + lanes * i);                                        \
  i += width
        if (left >= 4) {
          COLUMNS(4);
        } else if (left >= 2) {
          COLUMNS(2);
        } else {
          COLUMNS(1);
        }
#undef COLUMNS
      }
      if (outputs % lanes != 0)
        sum_rest(codes, offsets + v, some, positions + from, count, part, entries, outputs, v == 0,
                 lanes * whole, to);
    }
  }
}

// Adds rows' `width` vectors of dy to the buckets of `count` blocks; both are constants where
// inlined. Several blocks at a time: rows in a row often share a code, and a sum then waits for the
// one before.
BODY bucket_vectors(const uint8_t *restrict codes, const size_t *restrict offsets,
                    const uint32_t *restrict positions, size_t rows, const float *restrict dy,
                    size_t entries, size_t outputs, size_t count, size_t width,
                    float *restrict sums) {
  for (size_t r = 0; r < rows; ++r) {
    const uint8_t *restrict code = codes + positions[r];
    vector row[4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < width; ++i) row[i] = *(const vector *)(dy + r * outputs + lanes * i);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < count; ++v) {
      float *sum = sums + (v * entries + code[offsets[v]]) * outputs;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < width; ++i) *(vector *)(sum + lanes * i) += row[i];
    }
  }
}

BODY bucket_rest(const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,
                 const uint32_t *restrict positions, size_t rows, const float *restrict dy,
                 size_t entries, size_t outputs, size_t first, float *restrict sums) {
  for (size_t v = 0; v < blocks; ++v)
    for (size_t r = 0; r < rows; ++r) {
      float *restrict sum =
          sums + (v * entries + codes[offsets[v] + positions[r]]) * outputs;
      for (size_t m = first; m < outputs; ++m) sum[m] += dy[r * outputs + m];
    }
}

BODY bucket_columns(const uint8_t *restrict codes, const size_t *restrict offsets, size_t blocks,
                    const uint32_t *restrict positions, size_t rows, const float *restrict dy,
                    size_t entries, size_t outputs, size_t width, float *restrict sums) {
  const size_t at_once = 8 / width;
  const size_t table = entries * outputs;
  size_t v = 0;
  for (; v + at_once <= blocks; v += at_once)
    bucket_vectors(codes, offsets + v, positions, rows, dy, entries, outputs, at_once, width,
                   sums + v * table);
  for (; v < blocks; ++v)
    bucket_vectors(codes, offsets + v, positions, rows, dy, entries, outputs, 1, width,
                   sums + v * table);
}

BODY bucket_body(BUCKET_PARAMETERS) {
  const size_t whole = outputs / lanes;
  memset(sums, 0, blocks * entries * outputs * sizeof *sums);
  for (size_t from = 0; from < rows; from += rows_at_once) {
    const size_t count = smaller(rows_at_once, rows - from);
    const float *restrict part = dy + from * outputs;
    size_t i = 0;
    while (i < whole) {
      const size_t left = whole - i;
#define COLUMNS(width)                                                                       \
  bucket_columns(codes, offsets, blocks, positions + from, count, part + lanes * i, entries, \
                 outputs, width, sums + lanes * i);                                          \
  i += width
      if (left >= 4) {
        COLUMNS(4);
      } else if (left >= 2) {
        COLUMNS(2);
      } else {
        COLUMNS(1);
      }
#undef COLUMNS
    }
    if (outputs % lanes != 0)
      bucket_rest(codes, offsets, blocks, positions + from, count, part, entries, outputs,
                  lanes * whole, sums);
  }
}

#define VARIANTS(variant, attribute)                                               \
  attribute static void sum_##variant(SUM_PARAMETERS) { sum_body(SUM_ARGUMENTS); } \
  attribute static void bucket_##variant(BUCKET_PARAMETERS) { bucket_body(BUCKET_ARGUMENTS); }

VARIANTS(scalar, )
#if defined(__x86_64__)
VARIANTS(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANTS(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

#define KERNELS(variant)                                  \
  (addend_lookup_image_kernels) {                         \
    .sum = sum_##variant, .bucket = bucket_##variant,     \
    .adjoint = addend_lookup_image_adjoint_select(isa),   \
    .scan = addend_lookup_image_scan_select(isa)          \
  }

addend_lookup_image_kernels addend_lookup_image_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return KERNELS(avx512);
  if (isa >= ADDEND_ISA_AVX2) return KERNELS(avx2);
#endif
  return KERNELS(scalar);
}
