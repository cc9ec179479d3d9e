// Part of addend_recurrent_tile.h.

// Elementary functions on vectors, as in addend_f32_math.h but in one piece each: no branch to blend.

/// 2^n and q with e^x = 2^n (1 + q); |x| < 88.
ADDEND_INLINE void ADDEND_VARIANT(exponential)(VECTOR x, VECTOR *power, VECTOR *q) {
  // Adding 1.5 · 2^23 leaves the nearest integer in the sum's low bits.
  const VECTOR magic = BROADCAST(12582912.0f);
  const VECTOR shifted = MULTIPLY_ADD(x, BROADCAST(1.44269504088896341f), magic);
  const VECTOR n = shifted - magic;
  *power = (VECTOR)(((INTEGERS)shifted << 23) + 0x3F800000);
  // ln 2 in two parts, the first of few enough bits that n times it is exact.
  VECTOR r = MULTIPLY_ADD(n, BROADCAST(-0.693359375f), x);
  r = MULTIPLY_ADD(n, BROADCAST(2.12194440e-4f), r);
  // (e^r − 1 − r) / r² within 1.4e−8 of e^r − 1, fitted for the least greatest error.
  VECTOR p = BROADCAST(1.39466685e-3f);
  p = MULTIPLY_ADD(p, r, BROADCAST(8.36671051e-3f));
  p = MULTIPLY_ADD(p, r, BROADCAST(4.16662805e-2f));
  p = MULTIPLY_ADD(p, r, BROADCAST(1.66665420e-1f));
  p = MULTIPLY_ADD(p, r, BROADCAST(0.5f));
  *q = MULTIPLY_ADD(p, r * r, r);
}

/// 1 / x within 1 ulp.
ADDEND_INLINE VECTOR ADDEND_VARIANT(reciprocal)(VECTOR x) {
#if LANES == 16
  // One step of Newton's.
  const VECTOR y = _mm512_rcp14_ps(x);
  return MULTIPLY_ADD(_mm512_fnmadd_ps(x, y, BROADCAST(1.0f)), y, y);
#else
  return 1.0f / x;
#endif
}

/// 1 / (1 + e^−x) within 3 ulp for −87 ≤ x; below that as for −87.
ADDEND_INLINE VECTOR ADDEND_VARIANT(logistic)(VECTOR x) {
  VECTOR power, q;
  const VECTOR limit = BROADCAST(87.0f);
  ADDEND_VARIANT(exponential)(-MAXIMUM(-limit, MINIMUM(limit, x)), &power, &q);
  return ADDEND_VARIANT(reciprocal)(MULTIPLY_ADD(power, q, power) + 1.0f);
}

/// tanh x within 4 ulp: with m = e^−2|x| − 1, |tanh x| = −m / (2 + m).
ADDEND_INLINE VECTOR ADDEND_VARIANT(tangent)(VECTOR x) {
  VECTOR power, q;
  const INTEGERS sign = (INTEGERS)x & (int32_t)0x80000000;
  // From 10 on tanh rounds to 1.
  const VECTOR size = MINIMUM(BROADCAST(10.0f), (VECTOR)((INTEGERS)x ^ sign));
  ADDEND_VARIANT(exponential)(size * -2.0f, &power, &q);
  const VECTOR m = MULTIPLY_ADD(power, q, power - 1.0f);
  return (VECTOR)((INTEGERS)(-m * ADDEND_VARIANT(reciprocal)(m + 2.0f)) | sign);
}
