#include "addend_brgemm.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

#define FETCH(p) __builtin_prefetch(p, 0, 3)
#define ADD(x, y) ((x) + (y))
#define ROWS_6(kernel, v) kernel(v, 1) kernel(v, 2) kernel(v, 3) kernel(v, 4) kernel(v, 5) kernel(v, 6)
#define ROWS_8(kernel, v) ROWS_6(kernel, v) kernel(v, 7) kernel(v, 8)

// The definition: vectors of four, which compilers have on every processor. Parts of vectors are rare
// and stay out of line.
typedef float vector4 __attribute__((vector_size(16), aligned(4)));
__attribute__((noinline)) static vector4 load4(const float *p, size_t count) {
  vector4 x = {0, 0, 0, 0};
  for (size_t i = 0; i < count; ++i) x[i] = p[i];
  return x;
}
__attribute__((noinline)) static void store4(float *p, vector4 x, size_t count) {
  for (size_t i = 0; i < count; ++i) p[i] = x[i];
}
#define ADDEND_VARIANT(name) name##_scalar
#define VECTOR vector4
#define LANES 4
#define MASK size_t
#define FIRST(count) (count)
#define LOAD(p) (*(const vector4 *)(p))
#define LOAD_PART(p, count) ((count) == LANES ? LOAD(p) : load4(p, count))
#define STORE_PART(p, x, count) \
  ((count) == LANES ? (void)(*(vector4 *)(p) = (x)) : store4(p, x, count))
#define BROADCAST(x) ((vector4){x, x, x, x})
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#define MAXIMUM(x, y) ((vector4)(((x) > (y)) & (__typeof__((x) > (y)))(x)))
#define PREFETCH(p) __builtin_prefetch(p, 1)
#define VECTORS 4
#define PAIRS false
#define ROW_LIMITS {6, 6, 6, 6}
#define ADDEND_TILES(kernel) \
  ROWS_6(kernel, 1) ROWS_6(kernel, 2) ROWS_6(kernel, 3) ROWS_6(kernel, 4)
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
#undef MAXIMUM
#undef PREFETCH
#undef VECTORS
#undef PAIRS
#undef ROW_LIMITS
#undef ADDEND_TILES

#if defined(__x86_64__)
#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)

// 16 registers: 12 sums, two vectors of B, one number of A.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
ADDEND_INLINE __m256i first8(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
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
#define MULTIPLY_ADD(x, y, z) _mm256_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm256_max_ps(x, y)
#define VECTORS 2
#define PAIRS false
#define ROW_LIMITS {8, 6}
#define ADDEND_TILES(kernel) ROWS_8(kernel, 1) ROWS_6(kernel, 2)
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
#undef PAIRS
#undef ROW_LIMITS
#undef ADDEND_TILES

// 32 registers: 24 sums, four or three vectors of B, the rest for numbers of A.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512
#define VECTOR __m512
#define LANES 16
#define MASK __mmask16
#define FIRST(count) ((__mmask16)((1u << (count)) - 1))
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE_PART(p, x, mask) _mm512_mask_storeu_ps(p, mask, x)
#define BROADCAST(x) _mm512_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) _mm512_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm512_max_ps(x, y)
#define VECTORS 4
#define PAIRS true
#define ROW_LIMITS {8, 8, 8, 6}
#define ADDEND_TILES(kernel) \
  ROWS_8(kernel, 1) ROWS_8(kernel, 2) ROWS_8(kernel, 3) ROWS_6(kernel, 4)
#include "addend_brgemm_tile.h"
#pragma clang attribute pop
#endif

const addend_brgemm_kernels *addend_brgemm_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return &brgemm_avx512;
  if (isa >= ADDEND_ISA_AVX2) return &brgemm_avx2;
#endif
  (void)isa;
  return &brgemm_scalar;
}

// Products of a few microseconds ask for these often, hence shifts and answers without a division.

static size_t vector_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return (columns + kernels->lanes - 1) >> __builtin_ctzl(kernels->lanes);
}

static size_t panel_count(const addend_brgemm_kernels *kernels, size_t vectors) {
  return vectors <= kernels->vectors ? vectors > 0
                                     : (vectors + kernels->vectors - 1) / kernels->vectors;
}

size_t addend_brgemm_panel_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return panel_count(kernels, vector_count(kernels, columns));
}

size_t addend_brgemm_panel_start(const addend_brgemm_kernels *kernels, size_t columns,
                                 size_t panel) {
  const size_t vectors = vector_count(kernels, columns), panels = panel_count(kernels, vectors);
  if (panels < 2) return panel * vectors * kernels->lanes;
  // The first vectors % panels panels are one vector wider.
  const size_t narrow = vectors / panels, wide = vectors % panels;
  return (panel * narrow + (panel < wide ? panel : wide)) * kernels->lanes;
}

size_t addend_brgemm_padded(const addend_brgemm_kernels *kernels, size_t columns) {
  return vector_count(kernels, columns) * kernels->lanes;
}
