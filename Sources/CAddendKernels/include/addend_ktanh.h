#ifndef ADDEND_KTANH_H
#define ADDEND_KTANH_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// K-TanH (Kundu et al., 2019): the hyperbolic tangent of a bfloat16 number from its bits,
// by two look-ups of 32 entries, one shift and one addition. With T for it:
//   |x| < 1/4: T(x) = x;  |x| > 15/4: T(x) = ±1;  NaN: T(x) = NaN, made quiet;
//   else, t being the two low exponent bits followed by the three high mantissa bits of x, and M its
//   mantissa bits: T(x) has the exponent bits E[t], the mantissa bits (M >> r[t]) + b[t], x's sign.
// Over all bfloat16 numbers |T(x) - tanh x| <= 8.93e-3, T is odd and does not fall.
// Source of the table: Scripts/k-tanh-table.py.

/// T of the number with these bits: the definition.
uint16_t addend_ktanh(uint16_t x);

/// Functions of one float32 variable, in float32 arithmetic around T of arguments that are rounded to
/// bfloat16, ties to even:
typedef enum {
  ADDEND_KTANH_TANH,     // T(x)
  ADDEND_KTANH_SIGMOID,  // 1/2 + 1/2 T(x / 2)
  ADDEND_KTANH_SWISH,    // x (1/2 + 1/2 T(x / 2))
  ADDEND_KTANH_GELU,     // x (1/2 + 1/2 T(c x (1 + 0.044715 x²))), c = √(2/π)
} addend_ktanh_function;

/// The kernels as one instruction set computes them; all sets give the same bits. Nothing that is
/// written overlaps anything else. No alignment is needed.
typedef struct {
  /// y = T(x), of bfloat16 numbers.
  void (*bf16)(size_t n, const uint16_t *restrict x, uint16_t *restrict y);
  /// y = f(x).
  void (*f32)(addend_ktanh_function f, size_t n, const float *restrict x, float *restrict y);
  /// dx = dy f′(x), T′ being 1 - T², and y = f(x).
  void (*gradient)(addend_ktanh_function f, size_t n, const float *restrict x,
                   const float *restrict y, const float *restrict dy, float *restrict dx);

  // Steps of recurrent layers as in addend_f32.h, with these functions in them.
  void (*lstm_step)(size_t rows, size_t size, const float *restrict input,
                    const float *restrict recurrent, const float *restrict memory,
                    float *restrict gates, float *restrict next_memory, float *restrict output);
  void (*lstm_step_gradient)(size_t rows, size_t size, const float *restrict gates,
                             const float *restrict memory, const float *restrict next_memory,
                             const float *restrict output_gradient,
                             float *restrict memory_gradient, float *restrict gate_gradient);
  void (*gru_step)(size_t rows, size_t size, const float *restrict input,
                   const float *restrict recurrent, const float *restrict state,
                   float *restrict gates, float *restrict output);
  /// y = T(input + recurrent).
  void (*elman_step)(size_t n, const float *restrict input, const float *restrict recurrent,
                     float *restrict y);
} addend_ktanh_kernels;

/// The widest kernels that `isa` allows.
addend_ktanh_kernels addend_ktanh_select(addend_isa isa);
#endif
