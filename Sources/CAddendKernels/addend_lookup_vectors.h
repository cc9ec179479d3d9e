#ifndef ADDEND_LOOKUP_VECTORS_H
#define ADDEND_LOOKUP_VECTORS_H
#include <stddef.h>

// What the training kernels share. Each is written once, in vectors of 16 floats, and compiled for
// each instruction set: in one register, in two, or in four. Lanes never meet, so all agree.

enum {
  addend_lookup_tile = 64,  // outputs that a kernel works on at a time: 4 registers of AVX-512
  addend_lookup_lanes = 16,
  addend_lookup_vectors = addend_lookup_tile / addend_lookup_lanes,
};

typedef float addend_floats __attribute__((vector_size(64), aligned(4), may_alias));

#define ADDEND_INLINE static inline __attribute__((always_inline))

// Runs over the vectors of a tile, of which `vectors` is known when compiled.
#define ADDEND_EACH(v, vectors) \
  _Pragma("clang loop unroll(full)") for (size_t v = 0; v < (vectors); ++v)

ADDEND_INLINE size_t addend_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Reads `count` numbers as a tile; the others are zero.
ADDEND_INLINE void addend_read_tile(const float *restrict from, size_t count, float *restrict to) {
  if (count == addend_lookup_tile) {
    ADDEND_EACH(v, addend_lookup_vectors)
      ((addend_floats *)to)[v] = ((const addend_floats *)from)[v];
  } else {
    for (size_t m = 0; m < addend_lookup_tile; ++m) to[m] = m < count ? from[m] : 0;
  }
}

/// Writes the first `count` numbers of a tile.
ADDEND_INLINE void addend_write_tile(const float *restrict from, size_t count,
                                     float *restrict to) {
  if (count == addend_lookup_tile) {
    ADDEND_EACH(v, addend_lookup_vectors)
      ((addend_floats *)to)[v] = ((const addend_floats *)from)[v];
  } else {
    for (size_t m = 0; m < count; ++m) to[m] = from[m];
  }
}
#endif
