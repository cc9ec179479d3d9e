#ifndef ADDEND_CHECK_HALVES_H
#define ADDEND_CHECK_HALVES_H
#include "addend_brgemm.h"
#include "addend_halves.h"
#include "check.h"

/// Kinds of products of 16-bit numbers.
typedef enum { BFLOAT16, FIXED, WIDE_FIXED } check_half_kind;
extern const char *const check_half_names[];

const addend_brgemm_kernels *check_half_kernels(check_half_kind kind, addend_isa set);
#endif
