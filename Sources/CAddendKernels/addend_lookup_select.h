#ifndef ADDEND_LOOKUP_SELECT_H
#define ADDEND_LOOKUP_SELECT_H
#include "addend_lookup.h"
#include "addend_lookup_image.h"

// The widest kernel that `isa` allows, family by family.
addend_lookup_encode_fn addend_lookup_encode_select(addend_isa isa);
addend_lookup_product_fn addend_lookup_product_select(addend_isa isa);
addend_lookup_gradients_fn addend_lookup_gradients_select(addend_isa isa);
addend_lookup_learn_fn addend_lookup_learn_select(addend_isa isa);
addend_lookup_scan_fn addend_lookup_scan_select(addend_isa isa);
addend_lookup_scan_wide_fn addend_lookup_scan_wide_select(addend_isa isa);
addend_lookup_image_adjoint_fn addend_lookup_image_adjoint_select(addend_isa isa);
addend_lookup_image_scan_fn addend_lookup_image_scan_select(addend_isa isa);

/// As `scan_wide` does, for rows too few to fill a register with.
void addend_lookup_scan_wide_few(const uint8_t *restrict codes, size_t code_stride, size_t rows,
                                 const int8_t *restrict tables, size_t blocks, size_t entries,
                                 size_t outputs, const float *restrict scales,
                                 const float *restrict offsets, float *restrict y);

#if defined(__aarch64__)
// The variants for Arm, each in a file of its own.
addend_lookup_encode_fn addend_lookup_encode_neon(void);
addend_lookup_scan_fn addend_lookup_scan_neon(void);
addend_lookup_scan_wide_fn addend_lookup_scan_wide_neon(void);
#endif
#endif
