// The float32 kernels of one instruction set: a source of addend_sets.h.
#include "addend_f32_elements.h"
#include "addend_f32_rows.h"
#include "addend_f32_losses.h"
#include "addend_f32_normalization.h"
#include "addend_f32_row_normalization.h"
#include "addend_f32_windows.h"
#include "addend_f32_recurrent.h"
#include "addend_f32_updates.h"

#define FIELD(name) .name = ADDEND_VARIANT(name)
static const addend_f32_kernels ADDEND_VARIANT(kernels) = {
    FIELD(fill),
    FIELD(add_scaled),
    FIELD(scale),
    FIELD(multiply),
    FIELD(sum_of_squares),
    FIELD(blend),
    FIELD(blend_gradient),
    FIELD(activate),
    FIELD(activation_gradient),
    FIELD(round_to_bf16),
    FIELD(add_row),
    FIELD(finish_rows),
    FIELD(add_column_sums),
    FIELD(index_of_largest),
    FIELD(count_ahead),
    FIELD(softmax),
    FIELD(cross_entropy),
    FIELD(squared_error),
    FIELD(squared_hinge),
    FIELD(column_moments),
    FIELD(normalize),
    FIELD(column_products),
    FIELD(normalization_gradient),
    FIELD(normalize_rows),
    FIELD(row_normalization_gradient),
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
    FIELD(adamax_update),
    FIELD(exponential),
    FIELD(error_function),
};
#undef FIELD
