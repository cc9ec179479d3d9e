#ifndef ADDEND_LIMITS_H
#define ADDEND_LIMITS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// What one thread can do at most, for kernels to be measured against: loops that do nothing but one
// kind of operation. First those in which nothing waits for memory. Each runs `rounds` of
// operations that do not wait for each other and returns how many there were in all; *result
// depends on all of them.

/// Fused float multiply-adds; each counts once.
uint64_t addend_limit_multiply_adds(addend_isa isa, size_t rounds, float *restrict result);

/// Multiply-adds of bfloat16 pairs into float sums: by the processor's dot products where it has
/// them, elsewhere by widening and a float multiply-add.
uint64_t addend_limit_bfloat16_multiply_adds(addend_isa isa, size_t rounds, float *restrict result);

/// Multiply-adds of bytes, unsigned by signed, into 32-bit sums.
uint64_t addend_limit_byte_multiply_adds(addend_isa isa, size_t rounds, int32_t *restrict result);

/// The widest byte look-ups in registers; each byte counts once.
uint64_t addend_limit_byte_lookups(addend_isa isa, size_t rounds, uint32_t *restrict result);

/// Population counts of 64-bit words; each bit counts once.
uint64_t addend_limit_counted_bits(addend_isa isa, size_t rounds, uint64_t *restrict result);

// Then those that do little but wait for memory.

typedef enum {
  ADDEND_STREAM_READ,   // sum += a[i]: one array
  ADDEND_STREAM_COPY,   // b[i] = a[i]: two arrays
  ADDEND_STREAM_TRIAD,  // c[i] = a[i] + 3 b[i]: three arrays
} addend_stream;

/// Passes `rounds` times over arrays of `count` floats, a multiple of 128, each on a 64-byte
/// border, and returns how many bytes were read and written. As in McCalpin's STREAM, what a cache
/// reads in order to write is not counted. With `bypasses_caches`, results are written past the
/// caches where the processor can. Arrays that the kind does not use may be NULL; none overlap.
uint64_t addend_limit_stream(addend_isa isa, addend_stream kind, bool bypasses_caches,
                             size_t rounds, size_t count, const float *a, float *b, float *c,
                             float *restrict result);

/// Makes one ring of all `lines` lines of 64 bytes in an order drawn from `seed` (Sattolo, 1986):
/// the first word of each is the number of the next. lines < 2³².
void addend_limit_link(size_t lines, uint64_t seed, uint64_t *restrict memory);

/// Follows a ring from `chains` (1 to 64) lines at once, `rounds` steps each, and returns how many
/// lines were read. With one chain each read waits for the one before.
uint64_t addend_limit_random_reads(size_t chains, size_t rounds, size_t lines,
                                   const uint64_t *restrict memory, uint64_t *restrict result);
#endif
