#include "addend_brgemm.h"

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#define ADDEND_SOURCE "addend_brgemm_f32.h"
#include "addend_sets.h"

const addend_brgemm_kernels *addend_brgemm_select(addend_isa isa) {
  return ADDEND_SELECT(isa, brgemm);
}

static size_t vector_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return (columns + kernels->lanes - 1) / kernels->lanes;
}

size_t addend_brgemm_panel_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return (vector_count(kernels, columns) + kernels->vectors - 1) / kernels->vectors;
}

size_t addend_brgemm_panel_start(const addend_brgemm_kernels *kernels, size_t columns,
                                 size_t panel) {
  const size_t vectors = vector_count(kernels, columns);
  const size_t panels = addend_brgemm_panel_count(kernels, columns);
  // The first vectors % panels panels are one vector wider.
  const size_t narrow = panels ? vectors / panels : 0, wide = panels ? vectors % panels : 0;
  return (panel * narrow + (panel < wide ? panel : wide)) * kernels->lanes;
}

size_t addend_brgemm_padded(const addend_brgemm_kernels *kernels, size_t columns) {
  return vector_count(kernels, columns) * kernels->lanes;
}
