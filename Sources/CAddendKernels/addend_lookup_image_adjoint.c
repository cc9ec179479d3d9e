#include "addend_lookup_image.h"
#include "addend_lookup_select.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

// The outputs lie side by side: the definition is written once, compiled for each instruction set,
// and the compiler makes lanes of them.
#define PARAMETERS                                                                    \
  const float *restrict sums, const float *restrict prototypes, const int32_t *restrict rows, \
      const float *restrict weight, size_t entries, size_t size, size_t outputs,              \
      int accumulates, float *restrict weight_gradient, float *restrict prototype_gradient
#define ARGUMENTS                                                              \
  sums, prototypes, rows, weight, entries, size, outputs, accumulates, weight_gradient, \
      prototype_gradient

static inline __attribute__((always_inline)) void adjoint_body(PARAMETERS) {
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

#define VARIANT(variant, attribute) \
  attribute static void adjoint_##variant(PARAMETERS) { adjoint_body(ARGUMENTS); }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANT(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

addend_lookup_image_adjoint_fn addend_lookup_image_adjoint_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return adjoint_avx512;
  if (isa >= ADDEND_ISA_AVX2) return adjoint_avx2;
#endif
  (void)isa;
  return adjoint_scalar;
}
