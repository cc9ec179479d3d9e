#ifndef ADDEND_KTANH_FUNCTIONS_H
#define ADDEND_KTANH_FUNCTIONS_H
#include "addend_ktanh.h"

// What every variant makes around its own T; each compiles these loops for its instruction set.
// Products and sums are rounded apart, so that all agree bit for bit.
#pragma STDC FP_CONTRACT OFF

void addend_ktanh_use_avx2(addend_ktanh_kernels *kernels);
void addend_ktanh_use_avx512(addend_ktanh_kernels *kernels);
void addend_ktanh_use_vbmi(addend_ktanh_kernels *kernels);

#define ADDEND_KTANH_INLINE static inline __attribute__((always_inline))

/// y = T(x) rounded to bfloat16.
typedef void addend_ktanh_tangent(size_t n, const float *restrict x, float *restrict y);

enum { addend_ktanh_block = 256 };

static const float addend_ktanh_cubic = 0.044715f;
static const float addend_ktanh_root = 0.79788456080286541f;  // √(2/π)

// What T is taken of.
ADDEND_KTANH_INLINE void addend_ktanh_arguments(addend_ktanh_function f, size_t n,
                                                const float *restrict x, float *restrict u) {
  if (f == ADDEND_KTANH_GELU)
    for (size_t i = 0; i < n; ++i)
      u[i] = addend_ktanh_root * x[i] * (1 + addend_ktanh_cubic * (x[i] * x[i]));
  else
    for (size_t i = 0; i < n; ++i) u[i] = 0.5f * x[i];
}

ADDEND_KTANH_INLINE void addend_ktanh_values(addend_ktanh_function f, size_t n,
                                             const float *restrict x, const float *restrict t,
                                             float *restrict y) {
  if (f == ADDEND_KTANH_SIGMOID)
    for (size_t i = 0; i < n; ++i) y[i] = 0.5f + 0.5f * t[i];
  else
    for (size_t i = 0; i < n; ++i) y[i] = x[i] * (0.5f + 0.5f * t[i]);
}

// s being 1/2 + 1/2 t, and u what T is taken of: f′ = s + y (1 - s) of swish, and of GELU
// s + x (1 - t²) u′ / 2.
ADDEND_KTANH_INLINE void addend_ktanh_slopes(addend_ktanh_function f, size_t n,
                                             const float *restrict x, const float *restrict y,
                                             const float *restrict t, const float *restrict dy,
                                             float *restrict dx) {
  if (f == ADDEND_KTANH_SWISH)
    for (size_t i = 0; i < n; ++i) {
      const float s = 0.5f + 0.5f * t[i];
      dx[i] = dy[i] * (s + y[i] * (1 - s));
    }
  else
    for (size_t i = 0; i < n; ++i) {
      const float s = 0.5f + 0.5f * t[i], squared = x[i] * x[i];
      const float inner = addend_ktanh_root * (1 + 3 * addend_ktanh_cubic * squared);
      dx[i] = dy[i] * (s + 0.5f * x[i] * ((1 - t[i] * t[i]) * inner));
    }
}

ADDEND_KTANH_INLINE void addend_ktanh_activate(addend_ktanh_function f, size_t n,
                                               const float *restrict x, float *restrict y,
                                               addend_ktanh_tangent *tangent) {
  if (f == ADDEND_KTANH_TANH) {
    tangent(n, x, y);
    return;
  }
  float u[addend_ktanh_block], t[addend_ktanh_block];
  for (size_t i = 0; i < n; i += addend_ktanh_block) {
    const size_t count = n - i < addend_ktanh_block ? n - i : addend_ktanh_block;
    addend_ktanh_arguments(f, count, x + i, u);
    tangent(count, u, t);
    addend_ktanh_values(f, count, x + i, t, y + i);
  }
}

ADDEND_KTANH_INLINE void addend_ktanh_gradients(addend_ktanh_function f, size_t n,
                                                const float *restrict x, const float *restrict y,
                                                const float *restrict dy, float *restrict dx,
                                                addend_ktanh_tangent *tangent) {
  if (f == ADDEND_KTANH_TANH) {
    for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
    return;
  }
  if (f == ADDEND_KTANH_SIGMOID) {
    for (size_t i = 0; i < n; ++i) dx[i] = dy[i] * (y[i] * (1 - y[i]));
    return;
  }
  float u[addend_ktanh_block], t[addend_ktanh_block];
  for (size_t i = 0; i < n; i += addend_ktanh_block) {
    const size_t count = n - i < addend_ktanh_block ? n - i : addend_ktanh_block;
    addend_ktanh_arguments(f, count, x + i, u);
    tangent(count, u, t);
    addend_ktanh_slopes(f, count, x + i, y + i, t, dy + i, dx + i);
  }
}

/// The definition on `n` numbers, for tails.
void addend_ktanh_rest(size_t n, const uint16_t *restrict x, uint16_t *restrict y);
/// The same on float32.
void addend_ktanh_rest_f32(size_t n, const float *restrict x, float *restrict y);
#endif
