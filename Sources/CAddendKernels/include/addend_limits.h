#ifndef ADDEND_LIMITS_H
#define ADDEND_LIMITS_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// What one thread can do at most, for kernels to be measured against: loops in which nothing waits
// for memory.

/// Runs `rounds` of independent fused float multiply-adds and returns how many there were in all (a
/// multiply-add counts once); *result depends on all of them.
uint64_t addend_limit_multiply_adds(addend_isa isa, size_t rounds, float *restrict result);

/// Runs `rounds` of the widest byte look-ups in registers and returns how many bytes were looked up;
/// *result depends on all of them.
uint64_t addend_limit_byte_lookups(addend_isa isa, size_t rounds, uint32_t *restrict result);
#endif
