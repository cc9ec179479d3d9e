#include "addend_steps.h"

#include "addend_f32.h"
#include "addend_ktanh.h"

addend_step_kernels addend_steps_select(addend_isa isa, addend_step_functions functions) {
  const addend_f32_kernels *f32 = addend_f32_select(isa);
  addend_step_kernels steps = {.lstm = f32->lstm_step,
                               .lstm_gradient = f32->lstm_step_gradient,
                               .gru = f32->gru_step,
                               .gru_gradient = f32->gru_step_gradient,
                               .elman = f32->elman_step,
                               .part = 1 << 10};
  if (functions == ADDEND_STEPS_KTANH) {
    const addend_ktanh_kernels ktanh = addend_ktanh_select(isa);
    steps.lstm = ktanh.lstm_step;
    steps.lstm_gradient = ktanh.lstm_step_gradient;
    steps.gru = ktanh.gru_step;
    steps.elman = ktanh.elman_step;
    steps.part = 1 << 12;
  }
  return steps;
}
