// Elementary functions as straight-line code, which compilers turn into vector code: no branch, no
// call, no table. Errors were swept over all floats' upper bits against double; the tests do it
// again. NaN gives NaN. Inlined into every variant, each compiles them for its own target.
#ifndef ADDEND_F32_MATH_H
#define ADDEND_F32_MATH_H
#include <stdint.h>
#include <string.h>

#define ADDEND_INLINE static inline __attribute__((always_inline))

ADDEND_INLINE float f32_from_bits(int32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

ADDEND_INLINE int32_t f32_to_bits(float x) {
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// |x|.
ADDEND_INLINE float f32_magnitude(float x) {
  return f32_from_bits(f32_to_bits(x) & 0x7FFFFFFF);
}

/// |x| with the sign of `sign`.
ADDEND_INLINE float f32_with_sign(float x, float sign) {
  return f32_from_bits((f32_to_bits(x) & 0x7FFFFFFF) |
                                   (f32_to_bits(sign) & (int32_t)0x80000000));
}

/// e^x within 2 ulp, subnormal results within 1 of their units.
/// x = n ln 2 + r, e^x = 2^n e^r; the polynomial is Cephes' (Moshier, 1989).
ADDEND_INLINE float f32_exp(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  // Adding 1.5 · 2^23 leaves the nearest integer in the sum's low bits.
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const int32_t n = f32_to_bits(shifted) - f32_to_bits(12582912.0f);
  const float whole = shifted - 12582912.0f;
  const float r = x - whole * 0.693359375f - whole * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float y = p * (r * r) + r + 1.0f;
  // 2^n in two factors, each of which is a normal number though e^x may not be.
  const int32_t half = n >> 1;
  return y * f32_from_bits((int32_t)((uint32_t)(half + 127) << 23)) *
         f32_from_bits((int32_t)((uint32_t)(n - half + 127) << 23));
}

/// 1 / (1 + e^−x) within 4 ulp.
ADDEND_INLINE float f32_sigmoid(float x) {
  const float e = f32_exp(-f32_magnitude(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

/// tanh x within 3 ulp: Cephes' odd polynomial below 0.625, 1 − 2 / (e^2x + 1) above.
ADDEND_INLINE float f32_tanh(float x) {
  const float size = f32_magnitude(x);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float small = p * z * x + x;
  const float large = 1.0f - 2.0f / (f32_exp(2.0f * size) + 1.0f);
  return size < 0.625f ? small : f32_with_sign(large, x);
}

/// erf x within 3 ulp: a minimax polynomial below 0.927, 1 − e^q(x) above (coefficients by
/// N. Juffa, "Efficient faithfully-rounded erff()", 2016).
ADDEND_INLINE float f32_erf(float x) {
  const float t = f32_magnitude(x);
  const float s = x * x;
  float p = -5.96761703e-4f;
  p = p * s + 4.99119423e-3f;
  p = p * s - 2.67681349e-2f;
  p = p * s + 1.12819925e-1f;
  p = p * s - 3.76125336e-1f;
  p = p * s + 1.28379166e-1f;
  const float small = p * x + x;
  // From 4 on erf rounds to 1, and the polynomial would turn round.
  const float u = t > 4.0f ? 4.0f : t;
  float q = -1.72853470e-5f * u + 3.83197126e-4f;
  q = q * (u * u) + (-3.88396438e-3f * u + 2.42546219e-2f);
  q = q * u - 1.06777877e-1f;
  q = q * u - 6.34846687e-1f;
  q = q * u - 1.28717512e-1f;
  q = q * u - u;
  const float large = 1.0f - f32_exp(q);
  return t > 0.927734375f ? f32_with_sign(large, x) : small;
}

/// Φ(x), the normal distribution function.
ADDEND_INLINE float f32_normal(float x) {
  return 0.5f * (1.0f + f32_erf(x * 0.70710678118654752f));
}

#endif
