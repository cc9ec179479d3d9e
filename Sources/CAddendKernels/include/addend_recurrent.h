#ifndef ADDEND_RECURRENT_H
#define ADDEND_RECURRENT_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_isa.h"

// Recurrent layers over whole sequences: the time loop is in here. With x_t and h_t rows of a batch,
//
//   ELMAN  h_t = tanh(b + x_t W + h_{t−1} R)
//   LSTM   i, f, o = σ(·), c = tanh(·) of the four parts of b + x_t W + h_{t−1} R,
//          s_t = f s_{t−1} + i c,  h_t = o tanh s_t
//   GRU    r, z = σ(u + v), n = tanh(u + r v) with u of b + x_t W and v of b′ + h_{t−1} R,
//          h_t = n + z (h_{t−1} − n)
//
// Units are taken `lanes` at a time, the kernels' vector: a group. The weights are packed so that one
// panel holds all gates of a group, and a tile of rows leaves the product with everything that its
// units' functions need in registers.

typedef enum { ADDEND_CELL_ELMAN, ADDEND_CELL_LSTM, ADDEND_CELL_GRU } addend_cell;

/// How gates' functions are computed.
typedef enum { ADDEND_GATES_EXACT } addend_gate_functions;

/// One pass over the sequences of a batch.
///
/// Rows are numbered by falling length: row r is the batch's order[r], and step t has the rows below
/// starts[t + 1] − starts[t]. So a row of one step has the number k = starts[t] + r.
typedef struct {
  addend_cell cell;
  addend_gate_functions functions;
  size_t batch, time, input_size, size;
  /// Time runs from the last step back.
  bool reversed;
  /// [batch], or NULL where it is 0, 1, 2, ….
  const size_t *order;
  /// [time + 1].
  const size_t *starts;

  /// x_t of the batch's row i: x[i·x_row + t·x_step].
  const float *x;
  size_t x_row, x_step;
  /// h_t: output[i·output_row + t·output_step].
  float *output;
  size_t output_row, output_step;
  /// s_t: memory[t·memory_step + i·padded]; LSTM only. `padded` is `size` rounded up to whole groups,
  /// here and below. Without a way back a step may take the place of the one before: memory_step is 0.
  float *memory;
  size_t memory_step;
  /// The state before the first step. `starts_at_zero` says that all its outputs are zeros, so that
  /// the products with them are left out.
  bool starts_at_zero;
  const float *first_output, *first_memory;
  size_t first_output_row, first_memory_row;

  /// Per group [gate_rows][gate_slots · lanes], where gate_slots is 1 for ELMAN and 4 otherwise; the
  /// row of number k is k − gate_origin. LSTM: i, f, o, c; GRU: n, r, z and the part of v that n
  /// takes. Before that the slots may hold the sums b + x_t W; afterwards their gradients.
  float *gates;
  size_t gate_rows, gate_origin;
  /// Whether `gates` holds b + x_t W; otherwise the products of x_t are taken in each step. GRU needs
  /// it, ELMAN cannot have it.
  bool has_input_sums;
  /// Whether gates are stored.
  bool keeps_gates;

  /// Packed; `recurrent_bias` is GRU's.
  const float *input_weight, *recurrent_weight, *bias, *recurrent_bias;
} addend_recurrent_pass;

/// The gradients of a pass, which has kept gates, outputs and memories.
typedef struct {
  /// Towards h_t: [i·output_row + t·output_step]; NULL for 0.
  const float *output;
  size_t output_row, output_step;
  /// Towards the output of each row's last step alone: [batch, size]; NULL for 0.
  const float *last_output;
  /// Scratch, [batch, padded] each: what flows back into h and s. `memory` begins as zeros.
  float *carried, *memory;
  /// Packed transposed.
  const float *input_weight, *recurrent_weight;
  /// Towards x_t: [i·x_row + t·x_step], or NULL.
  float *x;
  size_t x_row, x_step;
} addend_recurrent_gradients;

/// Some of a pass's rows: first, first + stride, …, below the batch's size.
typedef struct { size_t first, stride, end; } addend_recurrent_rows;

/// The longest sums of a weight's gradient that are taken at once.
enum { addend_recurrent_most_depth = 640 };

typedef struct {
  size_t lanes;
  /// Floats of the packed form of [depth, gates · size], and of its transposed form.
  size_t (*packed_count)(addend_cell cell, size_t depth, size_t size);
  size_t (*transposed_count)(addend_cell cell, size_t depth, size_t size);
  /// Packs rows first ≤ p < end of a weight; the parts of the packed form that different rows fill
  /// do not overlap. `recurrent` says which of the two weights it is: GRU orders their gates in
  /// different ways.
  void (*pack)(addend_cell cell, bool recurrent, size_t depth, size_t size, size_t first, size_t end,
               const float *weight, float *packed);
  /// Packs one of `panel_count(depth)` panels of the transposed form.
  void (*pack_transposed)(addend_cell cell, bool recurrent, size_t depth, size_t size, size_t panel,
                          const float *weight, float *packed);
  size_t (*panel_count)(size_t depth);
  /// b + x_t W of steps first ≤ t < end for some rows.
  void (*input_sums)(const addend_recurrent_pass *pass, addend_recurrent_rows rows, size_t first,
                     size_t end);
  /// All steps first ≤ t < end in the pass's direction, for some rows and some groups (all of them
  /// but where groups wait for each other after each step).
  void (*forward)(const addend_recurrent_pass *pass, addend_recurrent_rows rows, size_t first,
                  size_t end, size_t first_group, size_t end_group);
  /// All steps back: turns `gates` into the sums' gradients.
  void (*backward)(const addend_recurrent_pass *pass, const addend_recurrent_gradients *gradients,
                   addend_recurrent_rows rows);
  /// dx of steps first ≤ t < end.
  void (*input_gradient)(const addend_recurrent_pass *pass,
                         const addend_recurrent_gradients *gradients, size_t first, size_t end);
  /// Rows first ≤ i < end of dW (or dR): adds to the row-major [·, gates · size], or replaces it.
  /// Sums run over k. `scratch` holds (end − first) · addend_recurrent_most_depth floats.
  void (*weight_gradient)(const addend_recurrent_pass *pass, bool recurrent, size_t first,
                          size_t end, bool accumulates, float *gradient, float *scratch);
  /// db (or GRU's db′) of groups first ≤ g < end.
  void (*bias_gradient)(const addend_recurrent_pass *pass, bool recurrent, size_t first, size_t end,
                        bool accumulates, float *gradient);
} addend_recurrent_kernels;

/// Whether `first_output` holds zeros alone, which is what `starts_at_zero` promises.
bool addend_recurrent_starts_at_zero(const addend_recurrent_pass *pass);

/// The kernels of the widest set that `isa` contains.
const addend_recurrent_kernels *addend_recurrent_select(addend_isa isa);
#endif
