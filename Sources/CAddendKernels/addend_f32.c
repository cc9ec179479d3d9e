#include "addend_f32.h"

#include <math.h>
#include <string.h>

// Each variant is the same source under another target; none is written twice.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_taps.h"

// Columns are worked on in blocks of a width that the compiler knows, so that a block's sums stay
// in registers: 16 while they last, then 4, then single ones. Columns never mix, so the blocks'
// widths do not show in the result.
#define FOR_COLUMN_BLOCKS(block, columns, ...)                                      \
  do {                                                                              \
    size_t c = 0;                                                                   \
    for (; c + 16 <= (columns); c += 16) ADDEND_VARIANT(block)(16, c, __VA_ARGS__); \
    for (; c + 4 <= (columns); c += 4) ADDEND_VARIANT(block)(4, c, __VA_ARGS__);    \
    for (; c < (columns); ++c) ADDEND_VARIANT(block)(1, c, __VA_ARGS__);            \
  } while (0)

#define ADDEND_SOURCE "addend_f32_variant.h"
#include "addend_sets.h"

const addend_f32_kernels *addend_f32_select(addend_isa isa) {
  return ADDEND_SELECT(isa, kernels);
}
