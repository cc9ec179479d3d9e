#ifndef ADDEND_GIANT_H
#define ADDEND_GIANT_H
#include "addend_isa.h"
#include <stddef.h>
#include <stdint.h>

// Look-ups in tables of indices that are much larger than the caches: table [rows][columns], an entry
// naming the word that row's matrix makes of the column's vector. Behind the last entry lie two more
// bytes, which vector variants read and drop.

/// result[k] = table[rows[k]][codes[k]] for k < count: reads that do not wait for each other.
typedef void (*addend_giant_read_fn)(const uint16_t *restrict table, size_t columns,
                                     const uint32_t *restrict rows,
                                     const uint16_t *restrict codes, size_t count,
                                     uint16_t *restrict result);

/// result[q][b] = table[rows[q]][codes[b]] for q < count, b < batch; rows of result lie
/// `batch` apart. The next row comes into the cache while this one is read.
typedef void (*addend_giant_group_fn)(const uint16_t *restrict table, size_t columns,
                                      const uint32_t *restrict rows, size_t count,
                                      const uint16_t *restrict codes, size_t batch,
                                      uint16_t *restrict result);

/// sums[b][c] = Σ_q words[indices[q][b]][c] for first ≤ b < last, c < dimension; terms ≤ 65,536, so that
/// 32 bits hold the sum. words [·][dimension]; indices [terms][batch]; sums [batch][dimension].
typedef void (*addend_giant_sum_fn)(const int16_t *restrict words, size_t dimension,
                                    const uint16_t *restrict indices, size_t terms, size_t batch,
                                    size_t first, size_t last, int32_t *restrict sums);

/// result[k] = table[codes[k]] for k < count: one row of a table of at most 256 words.
/// table [256].
typedef void (*addend_closed_read_fn)(const uint8_t *restrict table,
                                      const uint8_t *restrict codes, size_t count,
                                      uint8_t *restrict result);

/// The four as one instruction set computes them: every set gives the same bits.
typedef struct {
  addend_giant_read_fn read;
  addend_giant_group_fn group;
  addend_giant_sum_fn sum;
  addend_closed_read_fn closed_read;
} addend_giant_kernels;

/// The widest kernels that `isa`, which must be available, allows.
addend_giant_kernels addend_giant_select(addend_isa isa);

/// The code after `count` steps code ← table[rows[k]][code] from `code`: each waits for the one
/// before. A code beyond the columns ends the chain.
uint16_t addend_giant_chain(const uint16_t *restrict table, size_t columns,
                            const uint32_t *restrict rows, size_t count, uint16_t code);

/// table[k] = a number below `limit` drawn from `seed` and k alone, for first ≤ k < last; limit ≤ 65,536.
void addend_giant_fill(uint16_t *restrict table, size_t first, size_t last, uint32_t limit,
                       uint64_t seed);
#endif
