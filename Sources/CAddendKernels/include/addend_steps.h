#ifndef ADDEND_STEPS_H
#define ADDEND_STEPS_H
#include <stddef.h>

#include "addend_isa.h"

// One time step of recurrent layers with [rows][size] states, whichever way its functions are computed;
// see `TensorScalar.lstmStep` and its like. input, recurrent, gates and their gradients are
// [rows][4 or 3][size]. Nothing that is written overlaps anything else. No alignment is needed.

typedef enum {
  ADDEND_STEPS_EXACT,  // those of addend_f32.h
  ADDEND_STEPS_KTANH,  // those of addend_ktanh.h
} addend_step_functions;

typedef struct {
  void (*lstm)(size_t rows, size_t size, const float *restrict input,
               const float *restrict recurrent, const float *restrict memory,
               float *restrict gates, float *restrict next_memory, float *restrict output);
  /// memory_gradient is read and replaced.
  void (*lstm_gradient)(size_t rows, size_t size, const float *restrict gates,
                        const float *restrict memory, const float *restrict next_memory,
                        const float *restrict output_gradient, float *restrict memory_gradient,
                        float *restrict gate_gradient);
  void (*gru)(size_t rows, size_t size, const float *restrict input,
              const float *restrict recurrent, const float *restrict state,
              float *restrict gates, float *restrict output);
  /// A function of the gates' values, however they were computed.
  void (*gru_gradient)(size_t rows, size_t size, const float *restrict gates,
                       const float *restrict recurrent, const float *restrict state,
                       const float *restrict output_gradient, float *restrict state_gradient,
                       float *restrict input_gradient, float *restrict recurrent_gradient);
  void (*elman)(size_t n, const float *restrict input, const float *restrict recurrent,
                float *restrict output);
  /// Floats of a state that a thread takes at a time: functions may take longer than memory does.
  size_t part;
} addend_step_kernels;

/// The widest kernels that `isa` allows; all sets give the same bits.
addend_step_kernels addend_steps_select(addend_isa isa, addend_step_functions functions);
#endif
