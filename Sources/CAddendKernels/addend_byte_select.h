#ifndef ADDEND_BYTE_SELECT_H
#define ADDEND_BYTE_SELECT_H
#include "addend_byte.h"

// The definition's walk of row r through block j's tree.
static inline uint8_t addend_byte_code(const addend_byte_layer *restrict layer,
                                       const uint8_t *restrict x, size_t j, size_t r) {
  size_t i = 1;
  for (size_t l = 0; l < 4; ++l) {
    const uint8_t value = x[(size_t)layer->columns[4 * j + l] * ADDEND_BYTE_TILE + r];
    i = 2 * i + (value > layer->thresholds[16 * j + i]);
  }
  return (uint8_t)(i - 16);
}

// The rows of tile t out of `rows`, those that fill up its last 64 with them.
static inline size_t addend_byte_tile_rows(size_t rows, size_t t) {
  const size_t left = rows - t * ADDEND_BYTE_TILE;
  return left < ADDEND_BYTE_TILE ? (left + 63) & ~(size_t)63 : ADDEND_BYTE_TILE;
}

static inline uint8_t addend_byte_cut(int32_t sum, uint8_t shift) {
  const int32_t y = sum >> shift;
  return (uint8_t)(y < 0 ? 0 : y > 255 ? 255 : y);
}

// What `isa` adds to `kernels`.
void addend_byte_use_neon(addend_byte_kernels *kernels);
void addend_byte_use_avx2(addend_byte_kernels *kernels);
void addend_byte_use_vnni(addend_byte_kernels *kernels);
#endif
