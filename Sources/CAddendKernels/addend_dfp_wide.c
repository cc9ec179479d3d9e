#include "addend_dfp.h"

// Products and sums stay apart.
#pragma STDC FP_CONTRACT OFF

#define CHUNK 1
#include "addend_dfp_sets.h"

const addend_brgemm_kernels *addend_dfp_wide_select(addend_isa isa) { return dfp_kernels(isa); }
