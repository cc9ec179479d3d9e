#ifndef ADDEND_CHECK_H
#define ADDEND_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// What the checks of the families share. Every operand ends where memory does, so that reading on
// ends the program; every result has a border that no kernel may touch.

/// A seeded generator, the same on every machine.
uint64_t check_random(void);
/// A number below `limit`.
size_t check_below(size_t limit);
/// One of the numbers.
size_t check_one_of(const size_t *numbers, size_t count);
#define CHECK_ONE_OF(...)                                       \
  check_one_of((const size_t[]){__VA_ARGS__},                   \
               sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))
/// A number of eighths within ±8: sums and products differ where they are taken in another order.
float check_float(void);

/// `bytes` that end, but for the alignment, where readable memory does; freed by `check_free`.
void *check_room(size_t bytes, size_t alignment);
void check_free(void);
/// Operands of `check_float`s, of whole numbers within ±4, and of bytes below `limit`.
float *check_floats(size_t count);
float *check_whole_floats(size_t count);
uint8_t *check_bytes_below(size_t count, size_t limit);

/// What a kernel writes: `bytes`, and a border behind them.
typedef struct {
  uint8_t *wanted, *found;
  size_t bytes;
} check_result;

check_result check_results(size_t bytes);
/// Compares the two with their borders; counts the definition's towards the family's line.
void check_compare(const char *what, check_result result);

/// Makes all of float32's NaNs the same, where any will do.
void check_forget_nans(check_result result);

/// Compares numbers that are not promised to the bit: none may be further than `bound` from what is
/// wanted, nor be NaN.
void check_near(const char *what, const float *found, const double *wanted, size_t count,
                double bound);

/// Begins a family; `is_written` says whether `set` has a variant other than the definition, which
/// is an error where `must_be` has it.
void check_begin(const char *family, bool is_written, bool must_be);
/// Prints the family's line.
void check_end(void);

void check_lookups(addend_isa set);
void check_bytes(addend_isa set);
void check_spaces(addend_isa set);
void check_products(addend_isa set);
void check_convolutions(addend_isa set);
void check_recurrences(addend_isa set);
void check_functions(addend_isa set);
void check_codebooks(addend_isa set);
void check_binary(addend_isa set);
void check_int8(addend_isa set);
void check_halves(addend_isa set);
void check_half_convolutions(addend_isa set);
void check_roundings(addend_isa set);
void check_quantize(addend_isa set);
void check_logarithms(addend_isa set);
#endif
