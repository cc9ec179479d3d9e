#ifndef ADDEND_DIRECT_PARTS_H
#define ADDEND_DIRECT_PARTS_H
#include <stddef.h>

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
/// How many parts of `size` make `count`.
static inline size_t parts_of(size_t count, size_t size) { return (count + size - 1) / size; }
#endif
