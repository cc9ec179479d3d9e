#include <string.h>

#include "addend_ktanh_cells.h"
#include "addend_ktanh_table.h"

// The definition: every variant agrees with it bit for bit, and calls it for its tail.
uint16_t addend_ktanh(uint16_t x) {
  const uint16_t sign = x & 0x8000, magnitude = x & 0x7FFF;
  if (magnitude > 0x7F80) return x | 0x0040;
  if (magnitude < addend_ktanh_least) return x;
  if (magnitude > addend_ktanh_most) return sign | 0x3F80;
  const unsigned t = magnitude >> 4 & 31;
  const unsigned exponent = addend_ktanh_rows[t].exponent;
  const int mantissa = ((x & 127) >> addend_ktanh_rows[t].shift) + addend_ktanh_rows[t].offset;
  return (uint16_t)(sign | exponent << 7 | (unsigned)mantissa);
}

// To nearest, ties to even; NaN is made quiet.
static uint16_t bf16_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x0040);
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

void addend_ktanh_rest(size_t n, const uint16_t *restrict x, uint16_t *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = addend_ktanh(x[i]);
}

void addend_ktanh_rest_f32(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t bits = (uint32_t)addend_ktanh(bf16_of(x[i])) << 16;
    memcpy(y + i, &bits, sizeof bits);
  }
}

#define bf16_scalar addend_ktanh_rest
#define tangent_scalar addend_ktanh_rest_f32
ADDEND_KTANH_VARIANT(scalar, )

addend_ktanh_kernels addend_ktanh_select(addend_isa isa) {
  addend_ktanh_kernels kernels = kernels_scalar;
  if (isa >= ADDEND_ISA_AVX2 && addend_isa_is_available(ADDEND_ISA_AVX2))
    addend_ktanh_use_avx2(&kernels);
  if (isa >= ADDEND_ISA_AVX512 && addend_isa_is_available(ADDEND_ISA_AVX512))
    addend_ktanh_use_avx512(&kernels);
  if (isa >= ADDEND_ISA_AVX512_VBMI && addend_isa_is_available(ADDEND_ISA_AVX512_VBMI))
    addend_ktanh_use_vbmi(&kernels);
  return kernels;
}
