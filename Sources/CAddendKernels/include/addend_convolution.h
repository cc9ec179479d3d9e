#ifndef ADDEND_CONVOLUTION_H
#define ADDEND_CONVOLUTION_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_window.h"

/// A convolution that oneDNN has compiled: x [batch][height][width][channels],
/// filter [filter_height][filter_width][channels][outputs],
/// y [batch][output_height][output_width][outputs].
///
/// Once created it does not change, and any number of threads may run it at once.
typedef struct addend_convolution addend_convolution;

/// Whether oneDNN is linked.
bool addend_convolution_is_linked(void);

/// NULL where oneDNN is not linked, or has no fast implementation of it on this machine.
addend_convolution *addend_convolution_create(size_t batch, const addend_window *window,
                                              size_t outputs);
void addend_convolution_destroy(addend_convolution *convolution);

/// Floats of the filter in the order that the implementation wants, zeros filled in.
size_t addend_convolution_packed_count(const addend_convolution *convolution);
/// Bytes of scratch memory that `addend_convolution_run` needs.
size_t addend_convolution_scratch_bytes(const addend_convolution *convolution);

/// filter → packed. Nothing overlaps, here and below.
void addend_convolution_pack(const addend_convolution *convolution, const float *restrict filter,
                             float *restrict packed);
/// y from x and packed. Runs on the calling thread. scratch lies on a 64-byte border.
void addend_convolution_run(const addend_convolution *convolution, const float *x,
                            const float *packed, float *y, void *scratch);
#endif
