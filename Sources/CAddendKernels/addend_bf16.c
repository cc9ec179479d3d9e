#include "addend_bf16.h"

#include <float.h>
#include <math.h>

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

// On x86-64 denormals are the control register's: see `addend_bf16_begin`.
#define ADDEND_SOURCE "addend_bf16_words.h"
#include "addend_sets.h"
#include "addend_set_bf16.h"

const addend_brgemm_kernels *addend_bf16_select(addend_isa isa) {
  return ADDEND_SELECT_BF16(isa, brgemm);
}

unsigned addend_bf16_begin(const addend_brgemm_kernels *kernels) {
#if defined(__x86_64__)
  if (kernels == &brgemm_avx2 || kernels == &brgemm_avx512 || kernels == &brgemm_avx512_bf16) {
    // The kernels are called through pointers: nothing of them moves across.
    const unsigned before = _mm_getcsr();
    _mm_setcsr((before & ~(unsigned)_MM_ROUND_MASK) | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    return before;
  }
#endif
  (void)kernels;
  return 0;
}

void addend_bf16_end(const addend_brgemm_kernels *kernels, unsigned before) {
#if defined(__x86_64__)
  if (kernels == &brgemm_avx2 || kernels == &brgemm_avx512 || kernels == &brgemm_avx512_bf16)
    _mm_setcsr(before);
#endif
  (void)kernels;
  (void)before;
}

void addend_bf16_run(const addend_brgemm_kernels *kernels, const addend_gemm *gemm) {
  const unsigned before = addend_bf16_begin(kernels);
  addend_gemm_run(kernels, gemm);
  addend_bf16_end(kernels, before);
}

void addend_bf16_direct_run(const addend_direct_plan *plan, const addend_direct_operands *operands,
                            size_t part, float *restrict scratch) {
  const unsigned before = addend_bf16_begin(plan->kernels);
  addend_direct_run(plan, operands, part, scratch);
  addend_bf16_end(plan->kernels, before);
}
