#include "addend_bf16.h"

#include <float.h>
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

#define FETCH(p) __builtin_prefetch(p, 0, 3)
#define ROWS_6(kernel, v) kernel(v, 1) kernel(v, 2) kernel(v, 3) kernel(v, 4) kernel(v, 5) kernel(v, 6)
#define ROWS_8(kernel, v) ROWS_6(kernel, v) kernel(v, 7) kernel(v, 8)
// Sums of one vector are not split in two: the order of the terms is the definition's.
#define PAIRS false

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

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

// The definition: one word after another.
typedef float vector4 __attribute__((vector_size(16), aligned(4)));
__attribute__((noinline)) static vector4 add_words(vector4 x, vector4 y, vector4 sums) {
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t a = bits_of(x[i]), b = bits_of(y[i]);
    const float sum = add_product(float_of(a & 0xffff0000), float_of(b & 0xffff0000), sums[i]);
    sums[i] = add_product(float_of(a << 16), float_of(b << 16), sum);
  }
  return sums;
}
__attribute__((noinline)) static vector4 add4(vector4 x, vector4 y) {
  for (size_t i = 0; i < 4; ++i) x[i] = flushed(flushed(x[i]) + flushed(y[i]));
  return x;
}
__attribute__((noinline)) static vector4 load4(const float *p, size_t count) {
  vector4 x = {0, 0, 0, 0};
  memcpy(&x, p, count * sizeof *p);
  return x;
}
__attribute__((noinline)) static void store4(float *p, vector4 x, size_t count) {
  memcpy(p, &x, count * sizeof *p);
}
#define ADDEND_VARIANT(name) name##_scalar
#define VECTOR vector4
#define LANES 4
#define MASK size_t
#define FIRST(count) (count)
#define LOAD(p) load4(p, LANES)
#define LOAD_PART(p, count) load4(p, count)
#define STORE_PART(p, x, count) store4(p, x, count)
#define BROADCAST(x) ((vector4){x, x, x, x})
#define MULTIPLY_ADD(x, y, z) add_words(x, y, z)
#define ADD(x, y) add4(x, y)
#define MAXIMUM(x, y) ((vector4)(((x) > (y)) & (__typeof__((x) > (y)))(x)))
#define PREFETCH(p) __builtin_prefetch(p, 1)
#define VECTORS 4
#define ROW_LIMITS {2, 2, 2, 2}
#define ADDEND_TILES(kernel) \
  kernel(1, 1) kernel(1, 2) kernel(2, 1) kernel(2, 2) kernel(3, 1) kernel(3, 2) kernel(4, 1) \
  kernel(4, 2)
#include "addend_brgemm_tile.h"
#undef ADDEND_VARIANT
#undef VECTOR
#undef LANES
#undef MASK
#undef FIRST
#undef LOAD
#undef LOAD_PART
#undef STORE_PART
#undef BROADCAST
#undef MULTIPLY_ADD
#undef ADD
#undef MAXIMUM
#undef PREFETCH
#undef VECTORS
#undef ROW_LIMITS
#undef ADDEND_TILES

#if defined(__x86_64__)
// Denormals are the control register's: see `addend_bf16_run`.
#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#define ADD(x, y) ((x) + (y))

// Twice a fused product of halves as numbers.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
ADDEND_INLINE __m256i first8(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
ADDEND_INLINE __m256 upper8(__m256 x) {
  return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32((int)0xffff0000)));
}
ADDEND_INLINE __m256 lower8(__m256 x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16));
}
#define ADDEND_VARIANT(name) name##_avx2
#define VECTOR __m256
#define LANES 8
#define MASK __m256i
#define FIRST(count) first8(count)
#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_PART(p, mask) _mm256_maskload_ps(p, mask)
#define STORE_PART(p, x, mask) _mm256_maskstore_ps(p, mask, x)
#define BROADCAST(x) _mm256_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) \
  _mm256_fmadd_ps(lower8(x), lower8(y), _mm256_fmadd_ps(upper8(x), upper8(y), z))
#define MAXIMUM(x, y) _mm256_max_ps(x, y)
#define VECTORS 2
#define ROW_LIMITS {6, 4}
#define ADDEND_TILES(kernel) \
  ROWS_6(kernel, 1) kernel(2, 1) kernel(2, 2) kernel(2, 3) kernel(2, 4)
#include "addend_brgemm_tile.h"
#pragma clang attribute pop
#undef ADDEND_VARIANT
#undef VECTOR
#undef LANES
#undef MASK
#undef FIRST
#undef LOAD
#undef LOAD_PART
#undef STORE_PART
#undef BROADCAST
#undef MULTIPLY_ADD
#undef MAXIMUM
#undef VECTORS
#undef ROW_LIMITS
#undef ADDEND_TILES

#define LANES 16
#define VECTOR __m512
#define MASK __mmask16
#define FIRST(count) ((__mmask16)((1u << (count)) - 1))
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE_PART(p, x, mask) _mm512_mask_storeu_ps(p, mask, x)
#define BROADCAST(x) _mm512_set1_ps(x)
#define MAXIMUM(x, y) _mm512_max_ps(x, y)
#define VECTORS 4
#define ROW_LIMITS {8, 8, 8, 6}
#define ADDEND_TILES(kernel) \
  ROWS_8(kernel, 1) ROWS_8(kernel, 2) ROWS_8(kernel, 3) ROWS_6(kernel, 4)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
ADDEND_INLINE __m512 upper16(__m512 x) {
  return _mm512_and_ps(x, _mm512_castsi512_ps(_mm512_set1_epi32((int)0xffff0000)));
}
ADDEND_INLINE __m512 lower16(__m512 x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 16));
}
#define ADDEND_VARIANT(name) name##_avx512
#define MULTIPLY_ADD(x, y, z) \
  _mm512_fmadd_ps(lower16(x), lower16(y), _mm512_fmadd_ps(upper16(x), upper16(y), z))
#include "addend_brgemm_tile.h"
#pragma clang attribute pop
#undef ADDEND_VARIANT
#undef MULTIPLY_ADD

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_bf16
#define MULTIPLY_ADD(x, y, z) _mm512_dpbf16_ps(z, (__m512bh)(x), (__m512bh)(y))
#include "addend_brgemm_tile.h"
#pragma clang attribute pop
#endif

const addend_brgemm_kernels *addend_bf16_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_BF16) return &brgemm_avx512_bf16;
  if (isa >= ADDEND_ISA_AVX512) return &brgemm_avx512;
  if (isa >= ADDEND_ISA_AVX2) return &brgemm_avx2;
#endif
  (void)isa;
  return &brgemm_scalar;
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
        to[j] = float_of(upper << 16 | from[j * column]);
      }
      memset(to + columns, 0, (end - start - columns) * sizeof *to);
    }
  }
}

void addend_bf16_round(size_t rows, size_t columns, const float *restrict x, size_t y_columns,
                       uint16_t *restrict y) {
  for (size_t r = 0; r < rows; ++r, x += columns, y += y_columns) {
    for (size_t c = 0; c < columns; ++c) {
      const uint32_t bits = bits_of(x[c]);
      const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
      y[c] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
    }
    memset(y + columns, 0, (y_columns - columns) * sizeof *y);
  }
}
