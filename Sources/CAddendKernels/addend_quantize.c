#include "addend_quantize.h"

#include <string.h>

// One source for all sets, vectorised by the compiler, without contraction: they agree bit for bit.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE void signs(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] >= 0 ? 1.0f : -1.0f;
}

INLINE void grid(size_t n, float factor, float low, float high, const float *restrict x,
                 float *restrict y) {
  // Beyond 2²³ floats are integers: adding rounds, to nearest and ties to even.
  const float shift = 12582912.0f;
  for (size_t i = 0; i < n; ++i) {
    float v = x[i] * factor;
    v = v < low ? low : v;
    v = v > high ? high : v;
    y[i] = (v + shift) - shift;
  }
}

// The largest mantissa below √2.
enum { root_of_two = 0x3504F3, mantissa = 0x7FFFFF };

/// The power whose exponent has a bias of 127, cut at the count, with the sign of x; 0 below 2⁰.
INLINE float power(int32_t exponent, int32_t top, float x) {
  int32_t e = exponent > top ? top : exponent;
  uint32_t bits = e < 127 ? 0 : (uint32_t)e << 23 | (bits_of(x) & 0x80000000u);
  return float_of(bits);
}

INLINE void powers(size_t n, float factor, uint32_t count, const float *restrict x,
                   float *restrict y) {
  const int32_t top = 126 + (int32_t)count;
  for (size_t i = 0; i < n; ++i) {
    float v = x[i] * factor;
    uint32_t magnitude = bits_of(v) & 0x7FFFFFFFu;
    int32_t exponent = (int32_t)(magnitude >> 23) + ((magnitude & mantissa) > root_of_two);
    exponent = magnitude > 0x7F800000u ? 0 : exponent;
    y[i] = power(exponent, top, x[i]);
  }
}

INLINE void powers_drawn(size_t n, float factor, uint32_t count, uint64_t seed, size_t first,
                         const float *restrict x, float *restrict y) {
  const int32_t top = 126 + (int32_t)count;
  for (size_t i = 0; i < n; ++i) {
    float v = x[i] * factor;
    uint32_t magnitude = bits_of(v) & 0x7FFFFFFFu;
    uint32_t draw = addend_quantize_draw(seed, first + i) >> 9;
    // Below 1 the place is v itself; above, what follows the leading one.
    int32_t small = float_of(magnitude) * 8388608.0f > (float)(int32_t)draw ? 127 : 0;
    int32_t large = (int32_t)(magnitude >> 23) + (draw < (magnitude & mantissa));
    int32_t exponent = magnitude < 0x3F800000u ? small : large;
    exponent = magnitude > 0x7F800000u ? 0 : exponent;
    y[i] = power(exponent, top, x[i]);
  }
}

INLINE void pass(size_t n, float low, float high, const float *x, const float *dy, float *dx) {
  for (size_t i = 0; i < n; ++i) dx[i] = ((x[i] >= low) & (x[i] <= high)) ? dy[i] : 0;
}

INLINE void clamp(size_t n, float low, float high, float *y) {
  for (size_t i = 0; i < n; ++i) {
    float v = y[i] < low ? low : y[i];
    y[i] = v > high ? high : v;
  }
}

INLINE void extremes(size_t n, const float *restrict x, float *restrict low,
                     float *restrict high) {
  enum { lanes = 16 };
  float least[lanes], most[lanes];
  for (size_t l = 0; l < lanes; ++l) least[l] = *low, most[l] = *high;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (size_t l = 0; l < lanes; ++l) {
      least[l] = x[i + l] < least[l] ? x[i + l] : least[l];
      most[l] = x[i + l] > most[l] ? x[i + l] : most[l];
    }
  for (; i < n; ++i) {
    least[0] = x[i] < least[0] ? x[i] : least[0];
    most[0] = x[i] > most[0] ? x[i] : most[0];
  }
  for (size_t l = 0; l < lanes; ++l) {
    *low = least[l] < *low ? least[l] : *low;
    *high = most[l] > *high ? most[l] : *high;
  }
}

#define VARIANT(name, attribute)                                                                  \
  attribute static void signs_##name(size_t n, const float *restrict x, float *restrict y) {      \
    signs(n, x, y);                                                                               \
  }                                                                                               \
  attribute static void grid_##name(size_t n, float factor, float low, float high,                \
                                    const float *restrict x, float *restrict y) {                 \
    grid(n, factor, low, high, x, y);                                                             \
  }                                                                                               \
  attribute static void powers_##name(size_t n, float factor, uint32_t count,                     \
                                      const float *restrict x, float *restrict y) {               \
    powers(n, factor, count, x, y);                                                               \
  }                                                                                               \
  attribute static void drawn_##name(size_t n, float factor, uint32_t count, uint64_t seed,       \
                                     size_t first, const float *restrict x, float *restrict y) {  \
    powers_drawn(n, factor, count, seed, first, x, y);                                            \
  }                                                                                               \
  attribute static void pass_##name(size_t n, float low, float high, const float *x,              \
                                    const float *dy, float *dx) {                                 \
    pass(n, low, high, x, dy, dx);                                                                \
  }                                                                                               \
  attribute static void clamp_##name(size_t n, float low, float high, float *y) {                 \
    clamp(n, low, high, y);                                                                       \
  }                                                                                               \
  attribute static void extremes_##name(size_t n, const float *restrict x, float *restrict low,   \
                                        float *restrict high) {                                   \
    extremes(n, x, low, high);                                                                    \
  }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif

#define KERNELS(name)                                                                            \
  (addend_quantize_kernels) {                                                                    \
    signs_##name, grid_##name, powers_##name, drawn_##name, pass_##name, clamp_##name,           \
        extremes_##name                                                                          \
  }

addend_quantize_kernels addend_quantize_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512 && addend_isa_is_available(ADDEND_ISA_AVX512))
    return KERNELS(avx512);
  if (isa >= ADDEND_ISA_AVX2 && addend_isa_is_available(ADDEND_ISA_AVX2)) return KERNELS(avx2);
#else
  (void)isa;
#endif
  return KERNELS(scalar);
}
