#include "addend_rounding.h"

#include <string.h>

// Products and sums stay apart: a term is rounded before it is added.
#pragma STDC FP_CONTRACT OFF

#define ADDEND_SOURCE "addend_rounding_variant.h"
#include "addend_sets.h"

const addend_rounding_kernels *addend_rounding_select(addend_isa isa) {
  return ADDEND_SELECT(isa, rounding);
}
