// The recurrent kernels of one instruction set, named by ADDEND_VARIANT. No include guard:
// addend_recurrent.c includes this file once for each, with the set's vectors behind the macros.

#include "addend_recurrent_functions.h"
#include "addend_recurrent_product.h"
#include "addend_recurrent_forward.h"
#include "addend_recurrent_pack.h"
#include "addend_recurrent_backward.h"
#include "addend_recurrent_input.h"
#include "addend_recurrent_weight.h"

static const addend_recurrent_kernels ADDEND_VARIANT(recurrent) = {
    .lanes = LANES,
    .packed_count = ADDEND_VARIANT(packed_count),
    .transposed_count = ADDEND_VARIANT(transposed_count),
    .panel_count = ADDEND_VARIANT(panel_count),
    .pack = ADDEND_VARIANT(pack),
    .pack_transposed = ADDEND_VARIANT(pack_transposed),
    .input_sums = ADDEND_VARIANT(input_sums),
    .forward = ADDEND_VARIANT(forward),
    .backward = ADDEND_VARIANT(backward),
    .input_gradient = ADDEND_VARIANT(input_gradient),
    .weight_gradient = ADDEND_VARIANT(weight_gradient),
    .bias_gradient = ADDEND_VARIANT(bias_gradient),
};
