#include "addend_recurrent.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

#include "addend_brgemm.h"

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

static size_t gate_count(addend_cell cell) {
  return cell == ADDEND_CELL_LSTM ? 4 : cell == ADDEND_CELL_GRU ? 3 : 1;
}

static size_t group_count(size_t size, size_t lanes) { return (size + lanes - 1) / lanes; }

static inline size_t row_of(const addend_recurrent_pass *pass, size_t r) {
  return pass->order ? pass->order[r] : r;
}

static inline size_t rows_at(const addend_recurrent_pass *pass, size_t t) {
  return pass->starts[t + 1] - pass->starts[t];
}

/// How many of a part's rows step t has.
static inline size_t rows_in_part(const addend_recurrent_pass *pass, addend_recurrent_rows part,
                                  size_t t) {
  const size_t all = rows_at(pass, t), end = part.end < all ? part.end : all;
  return end > part.first ? (end - part.first + part.stride - 1) / part.stride : 0;
}

/// Whether the step before t, in the pass's direction, has row r.
static inline bool has_step_before(const addend_recurrent_pass *pass, size_t t, size_t r) {
  return pass->reversed ? t + 1 < pass->time && r < rows_at(pass, t + 1) : t > 0;
}

/// Whether t is the pass's first step and the outputs before it are zeros. (A row of a reversed pass
/// may begin at an earlier step; its product is taken.)
static inline bool is_first_of_zeros(const addend_recurrent_pass *pass, size_t t) {
  return pass->starts_at_zero && t == (pass->reversed ? pass->time - 1 : 0);
}

static inline float *output_at(const addend_recurrent_pass *pass, size_t t, size_t i) {
  return pass->output + i * pass->output_row + t * pass->output_step;
}

static inline const float *output_before(const addend_recurrent_pass *pass, size_t t, size_t r) {
  const size_t i = row_of(pass, r);
  return has_step_before(pass, t, r) ? output_at(pass, pass->reversed ? t + 1 : t - 1, i)
                                     : pass->first_output + i * pass->first_output_row;
}

static inline float *memory_at(const addend_recurrent_pass *pass, size_t t, size_t i,
                               size_t padded) {
  return pass->memory + t * pass->memory_step + i * padded;
}

static inline const float *memory_before(const addend_recurrent_pass *pass, size_t t, size_t r,
                                         size_t padded) {
  const size_t i = row_of(pass, r);
  return has_step_before(pass, t, r) ? memory_at(pass, pass->reversed ? t + 1 : t - 1, i, padded)
                                     : pass->first_memory + i * pass->first_memory_row;
}

// Calls `body` with a number of rows that the compiler knows.
#define ROW_CASE(r, body) \
  case r:                 \
    body(r);              \
    break;
#define FOR_ROWS_3(rows, body) \
  switch (rows) { ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) }
#define FOR_ROWS_4(rows, body) \
  switch (rows) { ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body) }
#define FOR_ROWS_6(rows, body)                                                           \
  switch (rows) {                                                                        \
    ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body)              \
    ROW_CASE(5, body) ROW_CASE(6, body)                                                  \
  }
#define FOR_ROWS_8(rows, body)                                                           \
  switch (rows) {                                                                        \
    ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body)              \
    ROW_CASE(5, body) ROW_CASE(6, body) ROW_CASE(7, body) ROW_CASE(8, body)              \
  }

// For reading soon, into the second-level cache.
#define FETCH(p) __builtin_prefetch(p, 0, 2)

// The definition: vectors of four, which compilers have on every processor. Parts of vectors are rare
// and stay out of line.
typedef float vector4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t integers4 __attribute__((vector_size(16)));
__attribute__((noinline)) static vector4 load4(const float *p, size_t count) {
  vector4 x = {0, 0, 0, 0};
  for (size_t i = 0; i < count; ++i) x[i] = p[i];
  return x;
}
__attribute__((noinline)) static void store4(float *p, vector4 x, size_t count) {
  for (size_t i = 0; i < count; ++i) p[i] = x[i];
}
ADDEND_INLINE vector4 select4(integers4 mask, vector4 x, vector4 y) {
  return (vector4)((mask & (integers4)x) | (~mask & (integers4)y));
}
#define ADDEND_VARIANT(name) name##_scalar
#define VECTOR vector4
#define INTEGERS integers4
#define LANES 4
#define MASK size_t
#define FIRST(count) (count)
#define LOAD(p) (*(const vector4 *)(p))
#define STORE(p, x) (*(vector4 *)(p) = (x))
#define LOAD_PART(p, count) ((count) == LANES ? LOAD(p) : load4(p, count))
#define STORE_PART(p, x, count) ((count) == LANES ? (void)STORE(p, x) : store4(p, x, count))
#define BROADCAST(x) ((vector4){x, x, x, x})
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#define MAXIMUM(x, y) select4((integers4)((x) > (y)), x, y)
#define MINIMUM(x, y) select4((integers4)((x) < (y)), x, y)
#define RECIPROCAL(x) (1.0f / (x))
#define PREFETCH(p) __builtin_prefetch(p, 1)
#define PANEL_VECTORS 4
#define BRGEMM addend_brgemm_select(ADDEND_ISA_SCALAR)
#if defined(__x86_64__)
#define ROWS_OF_4 3
#define ROWS_OF_3 4
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_3(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_4(rows, body)
#else
#define ROWS_OF_4 6
#define ROWS_OF_3 8
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_6(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_8(rows, body)
#endif
#include "addend_recurrent_tile.h"
#undef ADDEND_VARIANT
#undef VECTOR
#undef INTEGERS
#undef LANES
#undef MASK
#undef FIRST
#undef LOAD
#undef STORE
#undef LOAD_PART
#undef STORE_PART
#undef BROADCAST
#undef MULTIPLY_ADD
#undef MAXIMUM
#undef MINIMUM
#undef RECIPROCAL
#undef PREFETCH
#undef BRGEMM
#undef PANEL_VECTORS
#undef ROWS_OF_4
#undef ROWS_OF_3
#undef FOR_ROWS_OF_4
#undef FOR_ROWS_OF_3

#if defined(__x86_64__)
#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)

// 16 registers: 12 sums, and B's vectors one after another.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
ADDEND_INLINE __m256i first8(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#define ADDEND_VARIANT(name) name##_avx2
#define VECTOR __m256
#define INTEGERS __v8si
#define LANES 8
#define MASK __m256i
#define FIRST(count) first8(count)
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, x) _mm256_storeu_ps(p, x)
#define LOAD_PART(p, mask) _mm256_maskload_ps(p, mask)
#define STORE_PART(p, x, mask) _mm256_maskstore_ps(p, mask, x)
#define BROADCAST(x) _mm256_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) _mm256_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm256_max_ps(x, y)
#define MINIMUM(x, y) _mm256_min_ps(x, y)
#define RECIPROCAL(x) (1.0f / (x))
#define BRGEMM addend_brgemm_select(ADDEND_ISA_AVX2)
#define PANEL_VECTORS 2
#define ROWS_OF_4 3
#define ROWS_OF_3 4
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_3(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_4(rows, body)
#include "addend_recurrent_tile.h"
#pragma clang attribute pop
#undef ADDEND_VARIANT
#undef VECTOR
#undef INTEGERS
#undef LANES
#undef MASK
#undef FIRST
#undef LOAD
#undef STORE
#undef LOAD_PART
#undef STORE_PART
#undef BROADCAST
#undef MULTIPLY_ADD
#undef MAXIMUM
#undef MINIMUM
#undef RECIPROCAL
#undef BRGEMM
#undef PANEL_VECTORS
#undef ROWS_OF_4
#undef ROWS_OF_3
#undef FOR_ROWS_OF_4
#undef FOR_ROWS_OF_3

// 32 registers: 24 sums, four or three vectors of B, the rest for numbers of A.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
ADDEND_INLINE __m512 reciprocal_avx512(__m512 x) {
  // One step of Newton's: within 1 ulp.
  const __m512 y = _mm512_rcp14_ps(x);
  return _mm512_fmadd_ps(_mm512_fnmadd_ps(x, y, _mm512_set1_ps(1.0f)), y, y);
}
#define RECIPROCAL(x) reciprocal_avx512(x)
#define ADDEND_VARIANT(name) name##_avx512
#define VECTOR __m512
#define INTEGERS __v16si
#define LANES 16
#define MASK __mmask16
#define FIRST(count) ((__mmask16)((1u << (count)) - 1))
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, x) _mm512_storeu_ps(p, x)
#define LOAD_PART(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE_PART(p, x, mask) _mm512_mask_storeu_ps(p, mask, x)
#define BROADCAST(x) _mm512_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) _mm512_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm512_max_ps(x, y)
#define MINIMUM(x, y) _mm512_min_ps(x, y)
#define ROWS_OF_4 6
#define ROWS_OF_3 8
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_6(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_8(rows, body)
#define BRGEMM addend_brgemm_select(ADDEND_ISA_AVX512)
#define PANEL_VECTORS 4
#include "addend_recurrent_tile.h"
#pragma clang attribute pop
#endif

bool addend_recurrent_starts_at_zero(const addend_recurrent_pass *pass) {
  for (size_t i = 0; i < pass->batch; ++i) {
    const float *row = pass->first_output + i * pass->first_output_row;
    int32_t bits = 0;
    for (size_t j = 0; j < pass->size; ++j) bits |= f32_to_bits(row[j]) & 0x7FFFFFFF;
    if (bits) return false;
  }
  return true;
}

const addend_recurrent_kernels *addend_recurrent_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return &recurrent_avx512;
  if (isa >= ADDEND_ISA_AVX2) return &recurrent_avx2;
#endif
  (void)isa;
  return &recurrent_scalar;
}
