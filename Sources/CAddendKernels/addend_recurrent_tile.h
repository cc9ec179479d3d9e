// The recurrent kernels of one instruction set: a source of addend_sets.h.
#if defined(__x86_64__)
#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#else
#define PREFETCH(p) __builtin_prefetch(p, 1)
#endif
#define BRGEMM addend_brgemm_select(ADDEND_SET)
#if LANES == 16 || !defined(__x86_64__)
// 32 registers: 24 sums, four or three vectors of B, the rest for numbers of A.
#define ROWS_OF_4 6
#define ROWS_OF_3 8
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_6(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_8(rows, body)
#else
// 16 registers: 12 sums, and B's vectors one after another.
#define ROWS_OF_4 3
#define ROWS_OF_3 4
#define FOR_ROWS_OF_4(rows, body) FOR_ROWS_3(rows, body)
#define FOR_ROWS_OF_3(rows, body) FOR_ROWS_4(rows, body)
#endif
#define PANEL_VECTORS (LANES == 8 ? 2 : 4)

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

#undef PREFETCH
#undef BRGEMM
#undef PANEL_VECTORS
#undef ROWS_OF_4
#undef ROWS_OF_3
#undef FOR_ROWS_OF_4
#undef FOR_ROWS_OF_3
