#ifndef ADDEND_DIRECT_PARTS_H
#define ADDEND_DIRECT_PARTS_H
#include <stddef.h>

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
/// How many parts of `size` make `count`.
static inline size_t parts_of(size_t count, size_t size) { return (count + size - 1) / size; }
/// Where part i begins when `count` is cut into `parts` as equal as can be; `count` for i = parts.
static inline size_t part_start(size_t count, size_t parts, size_t i) {
  const size_t size = count / parts, longer = count % parts;
  return i * size + smaller(i, longer);
}
/// The largest power of two that is not above count, which is positive.
static inline size_t power_below(size_t count) {
  size_t power = 1;
  while (2 * power <= count) power *= 2;
  return power;
}
#endif
