#include "addend_bf16.h"

#include <float.h>
#include <math.h>
#include <string.h>

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

static float flushed(float x) { return fabsf(x) < FLT_MIN ? copysignf(0, x) : x; }

/// a b + c, rounded once.
static float add_product(float a, float b, float c) {
  a = flushed(a), b = flushed(b), c = flushed(c);
  // A product of eight bits by eight is exact within the range of normal numbers.
  const float product = a * b, sum = c + product;
  if (fabsf(product) >= FLT_MIN && fabsf(product) <= FLT_MAX && fabsf(sum) > FLT_MIN) return sum;
  const float fused = fmaf(a, b, c);
  if (fused == 0 || !(fabsf(fused) <= FLT_MIN)) return fused;
  // Whether the result is tiny is seen where numbers are not: all operands are small, or they could not
  // have left so little.
  const float scaled = fmaf(a * 0x1p40f, b * 0x1p40f, c * 0x1p80f);
  return fabsf(scaled) < FLT_MIN * 0x1p80f ? copysignf(0, fused) : fused;
}

// On x86-64 denormals are the control register's: see `addend_bf16_run`.
#define ADDEND_SOURCE "addend_bf16_words.h"
#include "addend_sets.h"

#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_bf16
#define ADDEND_HAS_WORDS
#include "addend_vectors_avx512.h"
#include "addend_bf16_words.h"
#include "addend_vectors_end.h"
#pragma clang attribute pop
#endif

const addend_brgemm_kernels *addend_bf16_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_BF16) return &brgemm_avx512_bf16;
#endif
  return ADDEND_SELECT(isa, brgemm);
}

void addend_bf16_run(const addend_brgemm_kernels *kernels, const addend_gemm *gemm) {
#if defined(__x86_64__)
  if (kernels != &brgemm_scalar) {
    // The kernels are called through pointers: nothing of them moves across.
    const unsigned before = _mm_getcsr();
    _mm_setcsr((before & ~_MM_ROUND_MASK) | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    addend_gemm_run(kernels, gemm);
    _mm_setcsr(before);
    return;
  }
#endif
  addend_gemm_run(kernels, gemm);
}

void addend_bf16_pack(const addend_brgemm_kernels *kernels, bool transposes_b, size_t n, size_t k,
                      const uint16_t *restrict b, size_t ldb, size_t first_panel, size_t panels,
                      float *restrict packed) {
  const size_t words = (k + 1) / 2;
  const size_t row = transposes_b ? 1 : ldb, column = transposes_b ? ldb : 1;
  for (size_t i = first_panel; i < first_panel + panels; ++i) {
    const size_t start = addend_brgemm_panel_start(kernels, n, i);
    const size_t end = addend_brgemm_panel_start(kernels, n, i + 1);
    const size_t columns = (end < n ? end : n) - start;
    for (size_t p = 0; p < words; ++p) {
      float *to = packed + words * start + p * (end - start);
      const uint16_t *from = b + 2 * p * row + start * column;
      const bool is_half = 2 * p + 1 == k;
      for (size_t j = 0; j < columns; ++j) {
        const uint32_t upper = is_half ? 0 : from[j * column + row];
        to[j] = f32_from_bits((int32_t)(upper << 16 | from[j * column]));
      }
      memset(to + columns, 0, (end - start - columns) * sizeof *to);
    }
  }
}

void addend_bf16_round(size_t rows, size_t columns, const float *restrict x, size_t y_columns,
                       uint16_t *restrict y) {
  for (size_t r = 0; r < rows; ++r, x += columns, y += y_columns) {
    for (size_t c = 0; c < columns; ++c) {
      const uint32_t bits = (uint32_t)f32_to_bits(x[c]);
      const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
      y[c] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
    }
    memset(y + columns, 0, (y_columns - columns) * sizeof *y);
  }
}
