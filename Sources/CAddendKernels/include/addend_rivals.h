#ifndef ADDEND_RIVALS_H
#define ADDEND_RIVALS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_window.h"

/// Which of a convolution's three tensors is computed from the other two.
typedef enum {
  ADDEND_CONVOLVE_OUTPUT,
  ADDEND_CONVOLVE_INPUT,   // the input's gradient
  ADDEND_CONVOLVE_FILTER,  // the filter's gradient
} addend_convolution_pass;

// Other libraries, for benchmarks. Row-major, contiguous; each returns false, having done nothing,
// where its library is not there.

/// c = a b in float32 by oneDNN's product in BLAS's form: a is [m][k], b is [k][n], c is [m][n].
bool addend_rival_onednn_f32(size_t threads, size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c);

/// c = a b in oneDNN's integers, on one thread.
bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c);

/// c = a b in float32 by OpenBLAS, which is looked for when first called.
bool addend_rival_openblas_f32(size_t threads, size_t m, size_t n, size_t k,
                               const float *restrict a, const float *restrict b,
                               float *restrict c);

/// The processor that OpenBLAS has chosen its kernels for; empty where it is not there or does not
/// say.
const char *addend_rival_openblas_core(void);

/// y = tanh(x) by the C library's vector functions, on the calling thread.
bool addend_rival_vector_tanh(size_t count, const float *restrict x, float *restrict y);

/// An operation that oneDNN has compiled for a number of threads, with memory for its operands in
/// the layouts that it works on. Used by one thread at a time; threads of oneDNN's own help it
/// while it runs.
typedef struct addend_rival addend_rival;

/// Which of oneDNN's algorithms for a convolution.
typedef enum {
  ADDEND_RIVAL_AUTO,
  ADDEND_RIVAL_DIRECT,
  ADDEND_RIVAL_WINOGRAD,
} addend_rival_algorithm;

typedef enum {
  ADDEND_RIVAL_LSTM,
  ADDEND_RIVAL_GRU,  // with the reset gate after the product
  ADDEND_RIVAL_RNN,  // with tanh
} addend_rival_cell;

typedef enum {
  ADDEND_RIVAL_INFERENCE,
  ADDEND_RIVAL_TRAINING,  // inference, and what going back needs
  ADDEND_RIVAL_BACKWARD,
} addend_rival_pass;

// What makes one returns NULL where oneDNN is not linked or has no such implementation.

/// Operands 0 to 2: image, filter, y, as `addend_convolution` lays them out. With
/// `keeps_channels_last` images stay so while it works; otherwise their layouts, like the filter's
/// in any case, are oneDNN's choice.
addend_rival *addend_rival_convolution(addend_convolution_pass pass,
                                       addend_rival_algorithm algorithm, bool keeps_channels_last,
                                       size_t threads, size_t batch, const addend_window *window,
                                       size_t outputs);

/// Operands 0 to 2: a [m][k], b [k][n], c [m][n]. Plain layouts, or oneDNN's choice for b.
addend_rival *addend_rival_product(bool is_bfloat16, bool packs_b, size_t threads, size_t m,
                                   size_t n, size_t k);

/// As `addend_rival_product`, of bytes and int8 numbers with sums in 32-bit integers; float32 outside.
addend_rival *addend_rival_product_int8(bool packs_b, size_t threads, size_t m, size_t n, size_t k);

/// A convolution as a network's inference has it: with a bias, the result's old numbers added where
/// `adds`, and rectified where `rectifies`. In float32 on layouts that oneDNN chooses, or, with
/// `is_int8`, from bytes to bytes that lie as `addend_convolution` lays them out, each output
/// scaled by a factor of its own. Operands 0 to 3: image, filter, bias, y; float32 outside.
addend_rival *addend_rival_layer(bool is_int8, bool adds, bool rectifies, size_t threads,
                                 size_t batch, const addend_window *window, size_t outputs);

/// One layer from zero states, forward in time. Operands: 0 x [steps][batch][inputs],
/// 1 input weights [inputs][gates][size], 2 recurrent weights [size][gates][size], 3 biases
/// [gates][size] (of a GRU [4][size]: the last is added to the candidate's recurrent product),
/// 4 y [steps][batch][size]; going back also 5 dy, 6 dx, and 7 to 9 the gradients of 1 to 3, to
/// which each run adds. Gates of an LSTM: i, f, candidate, o; of a GRU: update, reset, candidate.
addend_rival *addend_rival_recurrent(addend_rival_cell cell, addend_rival_pass pass, size_t threads,
                                     size_t batch, size_t steps, size_t inputs, size_t size);

/// Operands 0 and 1: x and y = tanh(x), [count].
addend_rival *addend_rival_tanh(bool is_bfloat16, size_t threads, size_t count);

void addend_rival_destroy(addend_rival *rival);

/// Numbers in an operand.
size_t addend_rival_count(const addend_rival *rival, size_t operand);
/// Lays an operand out as the operation wants it, or back as described above.
void addend_rival_set(addend_rival *rival, size_t operand, const float *restrict values);
void addend_rival_get(addend_rival *rival, size_t operand, float *restrict values);
/// Does what must come before the first run: for a pass back, the pass it goes back through.
void addend_rival_settle(addend_rival *rival);
void addend_rival_run(addend_rival *rival);
/// What oneDNN calls its implementation.
const char *addend_rival_implementation(const addend_rival *rival);
/// Whether both are the same implementation on the same layouts.
bool addend_rival_is_same(const addend_rival *a, const addend_rival *b);
#endif
