#include "addend_brgemm.h"

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#define ADDEND_SOURCE "addend_brgemm_f32.h"
#include "addend_sets.h"

const addend_brgemm_kernels *addend_brgemm_select(addend_isa isa) {
  return ADDEND_SELECT(isa, brgemm);
}

// Products of a few microseconds ask for these often, hence shifts and answers without a division.

static size_t vector_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return (columns + kernels->lanes - 1) >> __builtin_ctzl(kernels->lanes);
}

static size_t panel_count(const addend_brgemm_kernels *kernels, size_t vectors) {
  return vectors <= kernels->vectors ? vectors > 0
                                     : (vectors + kernels->vectors - 1) / kernels->vectors;
}

size_t addend_brgemm_panel_count(const addend_brgemm_kernels *kernels, size_t columns) {
  return panel_count(kernels, vector_count(kernels, columns));
}

size_t addend_brgemm_panel_start(const addend_brgemm_kernels *kernels, size_t columns,
                                 size_t panel) {
  const size_t vectors = vector_count(kernels, columns), panels = panel_count(kernels, vectors);
  if (panels < 2) return panel * vectors * kernels->lanes;
  // The first vectors % panels panels are one vector wider.
  const size_t narrow = vectors / panels, wide = vectors % panels;
  return (panel * narrow + (panel < wide ? panel : wide)) * kernels->lanes;
}

size_t addend_brgemm_padded(const addend_brgemm_kernels *kernels, size_t columns) {
  return vector_count(kernels, columns) * kernels->lanes;
}
