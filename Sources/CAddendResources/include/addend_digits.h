#ifndef ADDEND_DIGITS_H
#define ADDEND_DIGITS_H
#include <stddef.h>
#include <stdint.h>

/// The handwritten digits of the UCI repository, as gzip: 1,797 images of 8·8 pixels from 0 to 16,
/// row by row, then 1,797 labels from 0 to 9, a byte each. Lives as long as the process.
const uint8_t *addend_digits(size_t *count);
#endif
