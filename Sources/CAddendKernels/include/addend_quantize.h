#ifndef ADDEND_QUANTIZE_H
#define ADDEND_QUANTIZE_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Numbers to codes that few bits hold, kept as float32. Arrays are contiguous, without alignment, and
// do not overlap unless said otherwise. All sets give the same bits.

/// The kernels as one instruction set computes them.
typedef struct {
  /// y = x >= 0 ? 1 : -1; zeros of both signs give 1, NaN -1.
  void (*signs)(size_t n, const float *restrict x, float *restrict y);
  /// y = x·factor, cut to low … high (integers below 2²²), rounded to the nearest integer, ties to even;
  /// NaN stays.
  void (*grid)(size_t n, float factor, float low, float high, const float *restrict x,
               float *restrict y);
  /// With v = |x|·factor: y = 2^e with the sign of x, e the integer nearest to log2 v, at most
  /// count − 1 ≤ 126; 0 where e < 0, NaN included.
  void (*powers)(size_t n, float factor, uint32_t count, const float *restrict x, float *restrict y);
  /// With v as above: y is one of the powers on both sides of v (or 0 and 1 where v < 1), the upper one
  /// with the probability that makes v the mean, at most 2^(count − 1). Element i is drawn by
  /// addend_quantize_draw(seed, first + i): the upper one where its 23 upper bits, as a fraction, are
  /// below v's place between the two.
  void (*powers_drawn)(size_t n, float factor, uint32_t count, uint64_t seed, size_t first,
                       const float *restrict x, float *restrict y);
  /// dx = low ≤ x ≤ high ? dy : 0; dx may be dy.
  void (*pass)(size_t n, float low, float high, const float *x, const float *dy, float *dx);
  /// y cut to low … high; NaN stays.
  void (*clamp)(size_t n, float low, float high, float *y);
  /// The smallest and largest of x and what low and high hold; NaN counts for nothing.
  void (*extremes)(size_t n, const float *restrict x, float *restrict low, float *restrict high);
} addend_quantize_kernels;

/// 32 random bits for one index.
static inline uint32_t addend_quantize_draw(uint64_t seed, uint64_t index) {
  uint32_t h = (uint32_t)index * 0x9E3779B9u + (uint32_t)seed;
  h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
  h = (h ^ (h >> 13) ^ (uint32_t)(seed >> 32)) * 0xC2B2AE35u;
  h = (h ^ (h >> 16)) * 0x7FEB352Du;
  return h ^ (h >> 15);
}

/// The widest kernels that `isa` allows.
addend_quantize_kernels addend_quantize_select(addend_isa isa);
#endif
