// Part of addend_recurrent_tile.h: the pass forward.

/// The most rows of a tile forward. A GRU's has 7: with 8, and its functions behind the product, the
/// compiler runs out of registers and keeps sums in memory.
ADDEND_INLINE size_t ADDEND_VARIANT(forward_limit)(addend_cell cell) {
  return cell != ADDEND_CELL_GRU ? ROWS_OF_4 : ROWS_OF_3 < 7 ? ROWS_OF_3 : 7;
}

/// The panel that begins at a group has this many groups.
static size_t ADDEND_VARIANT(panel_groups)(addend_cell cell, size_t groups, size_t group) {
  if (cell != ADDEND_CELL_ELMAN) return 1;
  return groups - group >= 4 ? 4 : 1;
}

/// What a tile's rows read and write in one step.
typedef struct {
  const float *x[8], *output[8], *memory[8];
  float *next_output[8], *next_memory[8], *gates[8];
  size_t count;
  /// Terms of the recurrent product: none where the outputs before are zeros.
  size_t recurrent_depth;
  ADDEND_VARIANT(fetch) input_fetch, recurrent_fetch;
} ADDEND_VARIANT(step_rows);

ADDEND_INLINE void ADDEND_VARIANT(find_rows)(ADDEND_VARIANT(step_rows) *rows,
                                             const addend_recurrent_pass *pass, size_t t,
                                             size_t first, size_t stride, size_t count) {
  const size_t padded = (pass->size + LANES - 1) / LANES * LANES;
  rows->count = count;
  rows->recurrent_depth = is_first_of_zeros(pass, t) ? 0 : pass->size;
  for (size_t j = 0; j < count; ++j) {
    const size_t r = first + j * stride, i = row_of(pass, r);
    rows->x[j] = pass->x + i * pass->x_row + t * pass->x_step;
    rows->output[j] = output_before(pass, t, r);
    rows->next_output[j] = output_at(pass, t, i);
    if (pass->cell == ADDEND_CELL_LSTM) {
      rows->memory[j] = memory_before(pass, t, r, padded);
      rows->next_memory[j] = memory_at(pass, t, i, padded);
    }
    if (pass->gates)
      rows->gates[j] = pass->gates + (pass->starts[t] + r - pass->gate_origin) * SLOTS(pass->cell);
  }
}

/// The gates of one group, once their sums are known: σ, σ, σ and tanh, the memory and the output.
ADDEND_INLINE void ADDEND_VARIANT(finish_lstm)(const addend_recurrent_pass *pass,
                                               const ADDEND_VARIANT(step_rows) *r, size_t group,
                                               const size_t rows, VECTOR sums[8][4]) {
  const size_t panel = group * pass->gate_rows * 4 * LANES, unit = group * LANES;
  const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
  // One function for all rows, then the next: many short chains, none of which waits for another.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    sums[i][0] = ADDEND_VARIANT(logistic)(sums[i][0]);
    sums[i][1] = ADDEND_VARIANT(logistic)(sums[i][1]);
    sums[i][3] = ADDEND_VARIANT(tangent)(sums[i][3]);
  }
  VECTOR memory[8];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    memory[i] = MULTIPLY_ADD(sums[i][1], LOAD_PART(r->memory[i] + unit, mask),
                             sums[i][0] * sums[i][3]);
    STORE(r->next_memory[i] + unit, memory[i]);
    if (pass->keeps_gates) {
      float *gates = r->gates[i] + panel;
      STORE(gates, sums[i][0]);
      STORE(gates + LANES, sums[i][1]);
      STORE(gates + 3 * LANES, sums[i][3]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    sums[i][2] = ADDEND_VARIANT(logistic)(sums[i][2]);
    if (pass->keeps_gates) STORE(r->gates[i] + panel + 2 * LANES, sums[i][2]);
    STORE_PART(r->next_output[i] + unit, sums[i][2] * ADDEND_VARIANT(tangent)(memory[i]), mask);
  }
}

/// Σ over x and h of one panel; over h alone where the other sums are there already, which are added
/// at the end, when they have come from memory.
ADDEND_INLINE void ADDEND_VARIANT(lstm_tile)(const addend_recurrent_pass *pass,
                                             const ADDEND_VARIANT(step_rows) *r, size_t group,
                                             const size_t rows) {
  VECTOR sums[8][4];
  const size_t panel = group * pass->gate_rows * 4 * LANES;
  if (pass->keeps_gates || pass->has_input_sums)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4 * LANES; v += 16) PREFETCH(r->gates[i] + panel + v);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    PREFETCH(r->memory[i] + group * LANES);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; ++v) sums[i][v] = BROADCAST(0.0f);
  }
  if (!pass->has_input_sums) {
    const float *bias = pass->bias + group * 4 * LANES;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; ++v) sums[i][v] = LOAD(bias + v * LANES);
    ADDEND_VARIANT(add_product)(sums, rows, 4, r->x, pass->input_size,
                                pass->input_weight + group * pass->input_size * 4 * LANES,
                                r->input_fetch);
  }
  ADDEND_VARIANT(add_product)(sums, rows, 4, r->output, r->recurrent_depth,
                              pass->recurrent_weight + group * pass->size * 4 * LANES,
                              r->recurrent_fetch);
  if (pass->has_input_sums)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; ++v) sums[i][v] += LOAD(r->gates[i] + panel + v * LANES);
  ADDEND_VARIANT(finish_lstm)(pass, r, group, rows, sums);
}

/// v of one panel, then the units' functions.
ADDEND_INLINE void ADDEND_VARIANT(gru_tile)(const addend_recurrent_pass *pass,
                                            const ADDEND_VARIANT(step_rows) *r, size_t group,
                                            const size_t rows) {
  VECTOR sums[8][4];
  const size_t panel = group * pass->gate_rows * 4 * LANES;
  const float *bias = pass->recurrent_bias + group * 3 * LANES;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 3; ++v) {
      PREFETCH(r->gates[i] + panel + v * LANES);
      sums[i][v] = LOAD(bias + v * LANES);
    }
  ADDEND_VARIANT(add_product)(sums, rows, 3, r->output, r->recurrent_depth,
                              pass->recurrent_weight + group * pass->size * 3 * LANES,
                              r->recurrent_fetch);
  const size_t unit = group * LANES;
  const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
  // Products: r, z, n; sums of x: n, r, z. One function for all rows, then the next.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    const float *input = r->gates[i] + panel;
    sums[i][0] = ADDEND_VARIANT(logistic)(sums[i][0] + LOAD(input + LANES));
    sums[i][1] = ADDEND_VARIANT(logistic)(sums[i][1] + LOAD(input + 2 * LANES));
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    float *gates = r->gates[i] + panel;
    const VECTOR reset = sums[i][0], update = sums[i][1], inner = sums[i][2];
    const VECTOR candidate = ADDEND_VARIANT(tangent)(MULTIPLY_ADD(reset, inner, LOAD(gates)));
    const VECTOR before = LOAD_PART(r->output[i] + unit, mask);
    STORE_PART(r->next_output[i] + unit, MULTIPLY_ADD(update, before - candidate, candidate), mask);
    if (pass->keeps_gates) {
      STORE(gates, candidate);
      STORE(gates + LANES, reset);
      STORE(gates + 2 * LANES, update);
      STORE(gates + 3 * LANES, inner);
    }
  }
}

/// A panel of `vectors` groups.
ADDEND_INLINE void ADDEND_VARIANT(elman_tile)(const addend_recurrent_pass *pass,
                                              const ADDEND_VARIANT(step_rows) *r, size_t group,
                                              const size_t rows, const size_t vectors) {
  VECTOR sums[8][4];
  const float *bias = pass->bias + group * LANES;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) sums[i][v] = LOAD(bias + v * LANES);
  ADDEND_VARIANT(add_product)(sums, rows, vectors, r->x, pass->input_size,
                              pass->input_weight + group * pass->input_size * LANES,
                              r->input_fetch);
  ADDEND_VARIANT(add_product)(sums, rows, vectors, r->output, r->recurrent_depth,
                              pass->recurrent_weight + group * pass->size * LANES,
                              r->recurrent_fetch);
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; ++v) {
    const size_t unit = (group + v) * LANES;
    const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
      STORE_PART(r->next_output[i] + unit, ADDEND_VARIANT(tangent)(sums[i][v]), mask);
  }
}

/// One panel of a tile.
static void ADDEND_VARIANT(forward_tile)(const addend_recurrent_pass *pass,
                                         const ADDEND_VARIANT(step_rows) *r, size_t group,
                                         size_t vectors) {
  if (pass->cell == ADDEND_CELL_LSTM) {
#define BODY(n) ADDEND_VARIANT(lstm_tile)(pass, r, group, n)
    FOR_ROWS_OF_4(r->count, BODY)
#undef BODY
  } else if (pass->cell == ADDEND_CELL_GRU) {
#define BODY(n) ADDEND_VARIANT(gru_tile)(pass, r, group, n)
    FOR_ROWS_OF_3(r->count, BODY)
#undef BODY
  } else if (vectors == 4) {
#define BODY(n) ADDEND_VARIANT(elman_tile)(pass, r, group, n, 4)
    FOR_ROWS_OF_4(r->count, BODY)
#undef BODY
  } else {
#define BODY(n) ADDEND_VARIANT(elman_tile)(pass, r, group, n, 1)
    FOR_ROWS_OF_4(r->count, BODY)
#undef BODY
  }
}

/// Lets a tile fetch its part of the panels that begin at group `next`.
ADDEND_INLINE void ADDEND_VARIANT(fetch_panels)(ADDEND_VARIANT(step_rows) *r,
                                                const addend_recurrent_pass *pass, size_t width,
                                                size_t next, size_t tile, size_t tiles) {
  const size_t group = gate_count(pass->cell) * LANES;
  r->input_fetch = ADDEND_VARIANT(fetch_part)(
      pass->input_weight + next * group * pass->input_size, width, pass->input_size, tile, tiles);
  r->recurrent_fetch = ADDEND_VARIANT(fetch_part)(
      pass->recurrent_weight + next * group * pass->size, width, pass->size, tile, tiles);
}

static void ADDEND_VARIANT(forward)(const addend_recurrent_pass *pass, addend_recurrent_rows part,
                                    size_t first, size_t end, size_t first_group,
                                    size_t end_group) {
  enum { most_tiles = 16 };
  ADDEND_VARIANT(step_rows) tiles[most_tiles];
  const addend_cell cell = pass->cell;
  const size_t limit = ADDEND_VARIANT(forward_limit)(cell);
  const size_t groups = group_count(pass->size, LANES), width = gate_count(cell) * LANES;
  for (size_t s = first; s < end; ++s) {
    const size_t t = pass->reversed ? first + end - 1 - s : s;
    const size_t count = rows_in_part(pass, part, t);
    for (size_t done = 0; done < count;) {
      size_t tile_count = 0;
      for (; tile_count < most_tiles && done < count; ++tile_count) {
        const size_t rows = addend_brgemm_next_rows(count - done, limit);
        ADDEND_VARIANT(find_rows)(&tiles[tile_count], pass, t, part.first + done * part.stride,
                                  part.stride, rows);
        done += rows;
      }
      for (size_t group = first_group, vectors; group < end_group; group += vectors) {
        vectors = ADDEND_VARIANT(panel_groups)(cell, groups, group);
        const size_t next = group + vectors < end_group ? group + vectors : first_group;
        for (size_t tile = 0; tile < tile_count; ++tile) {
          ADDEND_VARIANT(fetch_panels)(&tiles[tile], pass, vectors * width, next, tile, tile_count);
          ADDEND_VARIANT(forward_tile)(pass, &tiles[tile], group, vectors);
        }
      }
    }
  }
}

// MARK: Sums of the inputs

/// b + x_t W of one panel.
ADDEND_INLINE void ADDEND_VARIANT(input_tile)(const addend_recurrent_pass *pass,
                                              const ADDEND_VARIANT(step_rows) *r, size_t group,
                                              const size_t rows, const size_t vectors) {
  VECTOR sums[8][4];
  const size_t width = vectors * LANES;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) sums[i][v] = LOAD(pass->bias + group * width + v * LANES);
  ADDEND_VARIANT(add_product)(sums, rows, vectors, r->x, pass->input_size,
                              pass->input_weight + group * width * pass->input_size,
                              r->input_fetch);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v)
      STORE(r->gates[i] + group * pass->gate_rows * 4 * LANES + v * LANES, sums[i][v]);
}

static void ADDEND_VARIANT(input_sums)(const addend_recurrent_pass *pass,
                                       addend_recurrent_rows part, size_t first, size_t end) {
  // Rows enough that a panel is worth its way from memory.
  enum { most_tiles = 32 };
  ADDEND_VARIANT(step_rows) tiles[most_tiles];
  const size_t groups = group_count(pass->size, LANES), width = gate_count(pass->cell) * LANES;
  const size_t limit = pass->cell == ADDEND_CELL_GRU ? ROWS_OF_3 : ROWS_OF_4;
  for (size_t t = first, done = 0; t < end;) {
    size_t tile_count = 0;
    while (tile_count < most_tiles && t < end) {
      const size_t count = rows_in_part(pass, part, t);
      if (done == count) {
        ++t, done = 0;
        continue;
      }
      const size_t rows = addend_brgemm_next_rows(count - done, limit);
      ADDEND_VARIANT(find_rows)(&tiles[tile_count++], pass, t, part.first + done * part.stride,
                                part.stride, rows);
      done += rows;
    }
    for (size_t group = 0; group < groups; ++group)
      for (size_t tile = 0; tile < tile_count; ++tile) {
        ADDEND_VARIANT(step_rows) *r = &tiles[tile];
        ADDEND_VARIANT(fetch_panels)(r, pass, width, group + 1 < groups ? group + 1 : 0, tile,
                                     tile_count);
        if (pass->cell == ADDEND_CELL_LSTM) {
#define BODY(n) ADDEND_VARIANT(input_tile)(pass, r, group, n, 4)
          FOR_ROWS_OF_4(r->count, BODY)
#undef BODY
        } else {
#define BODY(n) ADDEND_VARIANT(input_tile)(pass, r, group, n, 3)
          FOR_ROWS_OF_3(r->count, BODY)
#undef BODY
        }
      }
  }
}
