#ifndef ADDEND_SPACE_SELECT_H
#define ADDEND_SPACE_SELECT_H
#include "addend_space.h"
#include <string.h>

/// The widest scan that `isa` allows.
addend_space_scan_fn addend_space_scan_select(addend_isa isa);

/// x · 2^exponent, as addend_space.h has it; without branches, so that loops of it become vectors.
static inline __attribute__((always_inline)) float addend_space_shifted(float x, int32_t exponent) {
  uint32_t pattern;
  memcpy(&pattern, &x, sizeof pattern);
  const int32_t own = (int32_t)(pattern >> 23 & 255), sum = own + exponent;
  const uint32_t sign = pattern & 0x80000000;
  uint32_t shifted = pattern + ((uint32_t)exponent << 23);
  shifted = sum > 254 ? sign | 0x7F800000 : shifted;
  shifted = sum < 1 || own == 0 ? sign : shifted;
  shifted = own == 255 ? pattern : shifted;
  memcpy(&x, &shifted, sizeof x);
  return x;
}
#endif
