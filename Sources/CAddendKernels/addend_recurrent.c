#include "addend_recurrent.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>

#include "addend_transpose.h"
#endif

#include "addend_brgemm.h"

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

static size_t gate_count(addend_cell cell) {
  return cell == ADDEND_CELL_LSTM ? 4 : cell == ADDEND_CELL_GRU ? 3 : 1;
}

static size_t group_count(size_t size, size_t lanes) { return (size + lanes - 1) / lanes; }

static inline size_t row_of(const addend_recurrent_pass *pass, size_t r) {
  return pass->order ? pass->order[r] : r;
}

static inline size_t rows_at(const addend_recurrent_pass *pass, size_t t) {
  return pass->starts[t + 1] - pass->starts[t];
}

/// How many of a part's rows step t has.
static inline size_t rows_in_part(const addend_recurrent_pass *pass, addend_recurrent_rows part,
                                  size_t t) {
  const size_t all = rows_at(pass, t), end = part.end < all ? part.end : all;
  return end > part.first ? (end - part.first + part.stride - 1) / part.stride : 0;
}

/// Whether the step before t, in the pass's direction, has row r.
static inline bool has_step_before(const addend_recurrent_pass *pass, size_t t, size_t r) {
  return pass->reversed ? t + 1 < pass->time && r < rows_at(pass, t + 1) : t > 0;
}

/// Whether t is the pass's first step and the outputs before it are zeros. (A row of a reversed pass
/// may begin at an earlier step; its product is taken.)
static inline bool is_first_of_zeros(const addend_recurrent_pass *pass, size_t t) {
  return pass->starts_at_zero && t == (pass->reversed ? pass->time - 1 : 0);
}

static inline float *output_at(const addend_recurrent_pass *pass, size_t t, size_t i) {
  return pass->output + i * pass->output_row + t * pass->output_step;
}

static inline const float *output_before(const addend_recurrent_pass *pass, size_t t, size_t r) {
  const size_t i = row_of(pass, r);
  return has_step_before(pass, t, r) ? output_at(pass, pass->reversed ? t + 1 : t - 1, i)
                                     : pass->first_output + i * pass->first_output_row;
}

static inline float *memory_at(const addend_recurrent_pass *pass, size_t t, size_t i,
                               size_t padded) {
  return pass->memory + t * pass->memory_step + i * padded;
}

static inline const float *memory_before(const addend_recurrent_pass *pass, size_t t, size_t r,
                                         size_t padded) {
  const size_t i = row_of(pass, r);
  return has_step_before(pass, t, r) ? memory_at(pass, pass->reversed ? t + 1 : t - 1, i, padded)
                                     : pass->first_memory + i * pass->first_memory_row;
}

// Calls `body` with a number of rows that the compiler knows.
#define ROW_CASE(r, body) \
  case r:                 \
    body(r);              \
    break;
#define FOR_ROWS_3(rows, body) \
  switch (rows) { ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) }
#define FOR_ROWS_4(rows, body) \
  switch (rows) { ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body) }
#define FOR_ROWS_6(rows, body)                                                           \
  switch (rows) {                                                                        \
    ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body)              \
    ROW_CASE(5, body) ROW_CASE(6, body)                                                  \
  }
#define FOR_ROWS_8(rows, body)                                                           \
  switch (rows) {                                                                        \
    ROW_CASE(1, body) ROW_CASE(2, body) ROW_CASE(3, body) ROW_CASE(4, body)              \
    ROW_CASE(5, body) ROW_CASE(6, body) ROW_CASE(7, body) ROW_CASE(8, body)              \
  }

// For reading soon, into the second-level cache.
#define FETCH(p) __builtin_prefetch(p, 0, 2)

#define ADDEND_SOURCE "addend_recurrent_tile.h"
#include "addend_sets.h"

bool addend_recurrent_starts_at_zero(const addend_recurrent_pass *pass) {
  for (size_t i = 0; i < pass->batch; ++i) {
    const float *row = pass->first_output + i * pass->first_output_row;
    int32_t bits = 0;
    for (size_t j = 0; j < pass->size; ++j) bits |= f32_to_bits(row[j]) & 0x7FFFFFFF;
    if (bits) return false;
  }
  return true;
}

const addend_recurrent_kernels *addend_recurrent_select(addend_isa isa) {
  return ADDEND_SELECT(isa, recurrent);
}
