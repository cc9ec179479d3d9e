#ifndef ADDEND_CHECK_IMAGES_H
#define ADDEND_CHECK_IMAGES_H
#include "addend_window.h"
#include "check.h"

// What the checks of families of convolutions share.

typedef struct {
  size_t batch, groups, outputs;  // outputs of a group
  addend_window window;           // with the channels of a group
  size_t image, result, filter;   // numbers in each
} check_convolution;

/// Small and odd extents; the window fits at least once.
check_convolution check_any_convolution(size_t groups, size_t channels, size_t outputs);

/// Calls `visit` with the places of the three factors of each product.
void check_for_products(const check_convolution *c,
                        void (*visit)(void *state, size_t x, size_t filter, size_t y),
                        void *state);

void check_describe(const check_convolution *c, char *what, size_t size);
#endif
