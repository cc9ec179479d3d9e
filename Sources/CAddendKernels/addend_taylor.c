#include "addend_taylor.h"

#include <math.h>
#include <string.h>

// All variants are compiled from one source without contraction to fused multiply-adds, and sums run in
// 16 lanes whatever the registers' width: they agree bit for bit.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
enum { lanes = 16, block = 256 };

typedef struct {
  unsigned order;
  float scale;                             // m
  float coefficients[ADDEND_TAYLOR_ORDER + 1];  // m^(i - n) / i!
} series;

INLINE double factorial(unsigned n) {
  double product = 1;
  for (unsigned i = 2; i <= n; ++i) product *= i;
  return product;
}

// Magnitudes compare as their bits do, NaN above all: it shows in everything.
INLINE float largest_magnitude(size_t n, const float *restrict z) {
  uint32_t largest = 0x3F800000;
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, z + i, sizeof bits);
    bits &= 0x7FFFFFFF;
    largest = bits > largest ? bits : largest;
  }
  float value;
  memcpy(&value, &largest, sizeof value);
  return value;
}

INLINE series series_of_row(unsigned order, size_t n, const float *restrict z) {
  series s = {.order = order, .scale = largest_magnitude(n, z)};
  double coefficient = 1 / factorial(order);
  for (unsigned i = order + 1; i-- > 0;) {
    s.coefficients[i] = (float)coefficient;
    coefficient *= i / (double)s.scale;
  }
  return s;
}

// Both by Horner's scheme; up to `block` numbers. `order` is a constant where this is inlined.
INLINE void evaluate(unsigned order, const series *restrict s, size_t n, const float *restrict z,
                     float *restrict values, float *restrict slopes) {
  for (size_t k = 0; k < n; ++k) {
    const float u = z[k] / s->scale;
    float value = s->coefficients[order], slope = s->coefficients[order - 1];
    for (unsigned i = order - 1; i-- > 0;) {
      value = value * u + s->coefficients[i + 1];
      slope = slope * u + s->coefficients[i];
    }
    values[k] = value * u + s->coefficients[0];
    slopes[k] = slope;
  }
}

INLINE void evaluate_any(const series *restrict s, size_t n, const float *restrict z,
                         float *restrict values, float *restrict slopes) {
  switch (s->order) {
    case 2: evaluate(2, s, n, z, values, slopes); break;
    case 4: evaluate(4, s, n, z, values, slopes); break;
    case 6: evaluate(6, s, n, z, values, slopes); break;
    case 8: evaluate(8, s, n, z, values, slopes); break;
    default: evaluate(10, s, n, z, values, slopes); break;
  }
}

// In double: the logarithm is taken of the sum.
INLINE void add_to_lanes(size_t n, const float *restrict values, double *restrict sums) {
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (size_t l = 0; l < lanes; ++l) sums[l] += (double)values[i + l];
  for (size_t l = 0; i + l < n; ++l) sums[l] += (double)values[i + l];
}

// Writes slopes (or values, where `slopes` is NULL) and returns the values' sum.
INLINE double row_of(const series *restrict s, size_t n, const float *restrict z,
                     float *restrict slopes, float *restrict values) {
  double sums[lanes] = {0};
  float unused[block];
  for (size_t i = 0; i < n; i += block) {
    const size_t count = n - i < block ? n - i : block;
    float *const value = values ? values + i : unused;
    evaluate_any(s, count, z + i, value, slopes ? slopes + i : unused);
    add_to_lanes(count, value, sums);
  }
  double sum = 0;
  for (size_t l = 0; l < lanes; ++l) sum += sums[l];
  return sum;
}

// Σ_{i <= n} z^i / i! where |z| <= 1, else that over z^n.
INLINE double scaled_sum(unsigned n, double z) {
  double sum = 0;
  if (fabs(z) <= 1)
    for (unsigned i = n + 1; i-- > 0;) sum = sum * z + 1 / factorial(i);
  else
    for (unsigned i = 0; i <= n; ++i) sum = sum / z + 1 / factorial(i);
  return sum;
}

INLINE void softmax_rows(size_t rows, size_t columns, unsigned order, const float *restrict z,
                         float *restrict y) {
  for (size_t r = 0; r < rows; ++r, z += columns, y += columns) {
    const series s = series_of_row(order, columns, z);
    const float share = (float)(1 / row_of(&s, columns, z, NULL, y));
    for (size_t k = 0; k < columns; ++k) y[k] *= share;
  }
}

INLINE double cross_entropy_rows(size_t rows, size_t columns, unsigned order,
                                 const float *restrict z, const int32_t *restrict classes,
                                 double weight, float *restrict dz) {
  double total = 0;
  for (size_t r = 0; r < rows; ++r, z += columns, dz += columns) {
    if (classes[r] < 0) {
      memset(dz, 0, columns * sizeof *dz);
      continue;
    }
    const series s = series_of_row(order, columns, z);
    const double sum = row_of(&s, columns, z, dz, NULL);
    const float share = (float)(weight / sum);
    for (size_t k = 0; k < columns; ++k) dz[k] *= share;
    // The class's own value in double and apart: its logarithm is finite whatever it was divided by.
    const double own = z[classes[r]], value = scaled_sum(order, own);
    const int is_small = fabs(own) <= 1;
    const double ratio = scaled_sum(order - 1, own) / value;
    dz[classes[r]] -= (float)(weight * (is_small ? ratio : ratio / own));
    total += log(sum) + order * log((double)s.scale) - log(value);
    if (!is_small) total -= order * log(fabs(own));
  }
  return total;
}

#define VARIANT(name, attribute)                                                                  \
  attribute static void softmax_##name(size_t rows, size_t columns, unsigned order,               \
                                       const float *restrict z, float *restrict y) {              \
    softmax_rows(rows, columns, order, z, y);                                                     \
  }                                                                                               \
  attribute static double cross_entropy_##name(                                                   \
      size_t rows, size_t columns, unsigned order, const float *restrict z,                       \
      const int32_t *restrict classes, double weight, float *restrict dz) {                       \
    return cross_entropy_rows(rows, columns, order, z, classes, weight, dz);                      \
  }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif

addend_taylor_kernels addend_taylor_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512 && addend_isa_is_available(ADDEND_ISA_AVX512))
    return (addend_taylor_kernels){softmax_avx512, cross_entropy_avx512};
  if (isa >= ADDEND_ISA_AVX2 && addend_isa_is_available(ADDEND_ISA_AVX2))
    return (addend_taylor_kernels){softmax_avx2, cross_entropy_avx2};
#else
  (void)isa;
#endif
  return (addend_taylor_kernels){softmax_scalar, cross_entropy_scalar};
}
