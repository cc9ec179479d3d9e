#include "addend_dfp.h"

// Products and sums stay apart.
#pragma STDC FP_CONTRACT OFF

#define CHUNK 2
#include "addend_dfp_sets.h"

const addend_brgemm_kernels *addend_dfp_select(addend_isa isa) { return dfp_kernels(isa); }
