// One variant of the float32 kernels, named by ADDEND_VARIANT. No include guard: addend_f32.c
// includes this file once for each instruction set.
#include "addend_f32_elements.h"
#include "addend_f32_rows.h"
#include "addend_f32_normalization.h"
#include "addend_f32_windows.h"
#include "addend_f32_recurrent.h"
#include "addend_f32_updates.h"

#define FIELD(name) .name = ADDEND_VARIANT(name)
static const addend_f32_kernels ADDEND_VARIANT(kernels) = {
    FIELD(add_scaled),
    FIELD(scale),
    FIELD(multiply),
    FIELD(sum_of_squares),
    FIELD(activate),
    FIELD(activation_gradient),
    FIELD(round_to_bf16),
    FIELD(add_row),
    FIELD(finish_rows),
    FIELD(add_column_sums),
    FIELD(softmax),
    FIELD(cross_entropy),
    FIELD(column_moments),
    FIELD(normalize),
    FIELD(column_products),
    FIELD(normalization_gradient),
    FIELD(max_pool),
    FIELD(max_values),
    FIELD(max_pool_gradient),
    FIELD(average_pool),
    FIELD(average_pool_gradient),
    FIELD(patches),
    FIELD(add_patches),
    FIELD(lstm_step),
    FIELD(lstm_step_gradient),
    FIELD(gru_step),
    FIELD(gru_step_gradient),
    FIELD(elman_step),
    FIELD(momentum_update),
    FIELD(adam_update),
    FIELD(exponential),
    FIELD(error_function),
};
#undef FIELD
