// Made by Scripts/k-tanh-table.py, which says how; do not edit.
#ifndef ADDEND_KTANH_TABLE_H
#define ADDEND_KTANH_TABLE_H
#include <stdint.h>

enum {
  addend_ktanh_least = 0x3E80,   // 1/4: below, y = x
  addend_ktanh_most = 0x4070,    // 15/4: above, y = 1
  addend_ktanh_origin = 0x3E81,  // the smallest first output of a row
};

/// E, r and b of row t.
static const struct {
  uint8_t exponent, shift;
  int8_t offset;
} addend_ktanh_rows[32] = {
  {126, 2, 119}, {126, 3, 121}, {126, 3, 121}, {126, 3, 120},
  {126, 4, 123}, {126, 4, 122}, {127, 4, -6}, {127, 0, -112},
  {125, 1, 1}, {125, 0, -5}, {125, 0, -6}, {125, 0, -7},
  {125, 1, 26}, {125, 0, -12}, {125, 1, 37}, {125, 0, -18},
  {125, 0, 112}, {126, 1, -4}, {126, 1, 0}, {126, 1, 2},
  {126, 1, 3}, {126, 1, 4}, {126, 1, 4}, {126, 2, 34},
  {126, 0, 65}, {126, 1, 73}, {126, 1, 74}, {126, 1, 73},
  {126, 2, 89}, {126, 2, 89}, {126, 2, 89}, {126, 3, 103},
};

// The same for look-ups of bytes: with the mantissa's lower bits L, y = origin + firsts[t] +
// (L >> shifts[t]).
#define ADDEND_KTANH_FIRSTS \
  246, 250, 252, 253, 254, 254, 255, 255, 0, 10, 25, 40, 57, 67, 84, 93, \
  111, 131, 143, 153, 162, 171, 179, 189, 192, 208, 217, 224, 232, 236, 240, 244
#define ADDEND_KTANH_SHIFTS \
  2, 3, 3, 3, 4, 4, 4, 0, 1, 0, 0, 0, 1, 0, 1, 0, \
  0, 1, 1, 1, 1, 1, 1, 2, 0, 1, 1, 1, 2, 2, 2, 3
#endif
