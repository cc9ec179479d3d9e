// The recurrent kernels of one instruction set, named by ADDEND_VARIANT. No include guard:
// addend_recurrent.c includes this file once for each, with the set's vectors behind the macros.

// Elementary functions on vectors, as in addend_f32_math.h but in one piece each: no branch to blend.

/// 2^n and q with e^x = 2^n (1 + q); |x| < 88.
ADDEND_INLINE void ADDEND_VARIANT(exponential)(VECTOR x, VECTOR *power, VECTOR *q) {
  // Adding 1.5 · 2^23 leaves the nearest integer in the sum's low bits.
  const VECTOR magic = BROADCAST(12582912.0f);
  const VECTOR shifted = MULTIPLY_ADD(x, BROADCAST(1.44269504088896341f), magic);
  const VECTOR n = shifted - magic;
  *power = (VECTOR)(((INTEGERS)shifted << 23) + 0x3F800000);
  // ln 2 in two parts, the first of few enough bits that n times it is exact.
  VECTOR r = MULTIPLY_ADD(n, BROADCAST(-0.693359375f), x);
  r = MULTIPLY_ADD(n, BROADCAST(2.12194440e-4f), r);
  // (e^r − 1 − r) / r² within 1.4e−8 of e^r − 1, fitted for the least greatest error.
  VECTOR p = BROADCAST(1.39466685e-3f);
  p = MULTIPLY_ADD(p, r, BROADCAST(8.36671051e-3f));
  p = MULTIPLY_ADD(p, r, BROADCAST(4.16662805e-2f));
  p = MULTIPLY_ADD(p, r, BROADCAST(1.66665420e-1f));
  p = MULTIPLY_ADD(p, r, BROADCAST(0.5f));
  *q = MULTIPLY_ADD(p, r * r, r);
}

/// 1 / (1 + e^−x) within 3 ulp for −87 ≤ x; below that as for −87.
ADDEND_INLINE VECTOR ADDEND_VARIANT(logistic)(VECTOR x) {
  VECTOR power, q;
  const VECTOR limit = BROADCAST(87.0f);
  ADDEND_VARIANT(exponential)(-MAXIMUM(-limit, MINIMUM(limit, x)), &power, &q);
  return RECIPROCAL(MULTIPLY_ADD(power, q, power) + 1.0f);
}

/// tanh x within 4 ulp: with m = e^−2|x| − 1, |tanh x| = −m / (2 + m).
ADDEND_INLINE VECTOR ADDEND_VARIANT(tangent)(VECTOR x) {
  VECTOR power, q;
  const INTEGERS sign = (INTEGERS)x & (int32_t)0x80000000;
  // From 10 on tanh rounds to 1.
  const VECTOR size = MINIMUM(BROADCAST(10.0f), (VECTOR)((INTEGERS)x ^ sign));
  ADDEND_VARIANT(exponential)(size * -2.0f, &power, &q);
  const VECTOR m = MULTIPLY_ADD(power, q, power - 1.0f);
  return (VECTOR)((INTEGERS)(-m * RECIPROCAL(m + 2.0f)) | sign);
}

/// sums[i][v] += Σ_p a_i[p] b[p][v], b packed `width` vectors wide from its vector on.
ADDEND_INLINE void ADDEND_VARIANT(add_product)(VECTOR sums[8][4], const size_t rows,
                                               const size_t vectors, const float *const a[8],
                                               size_t depth, const float *b) {
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; ++p) {
    VECTOR right[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) right[v] = LOAD(b + v * LANES);
    b += vectors * LANES;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      const VECTOR left = BROADCAST(a[i][p]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v) sums[i][v] = MULTIPLY_ADD(left, right[v], sums[i][v]);
    }
  }
}

// MARK: Forward

/// Floats of a row of the gates in one group.
#define SLOTS(cell) ((cell) == ADDEND_CELL_ELMAN ? LANES : 4 * LANES)

/// The panel that begins at a group has this many vectors.
static size_t ADDEND_VARIANT(panel_groups)(addend_cell cell, size_t groups, size_t group) {
  if (cell != ADDEND_CELL_ELMAN) return 1;
  return groups - group >= 4 ? 4 : 1;
}

/// What a tile's rows read and write in one step.
typedef struct {
  const float *x[8], *output[8], *memory[8];
  float *next_output[8], *next_memory[8], *gates[8];
  size_t count;
} ADDEND_VARIANT(step_rows);

ADDEND_INLINE void ADDEND_VARIANT(find_rows)(ADDEND_VARIANT(step_rows) *rows,
                                             const addend_recurrent_pass *pass, size_t t,
                                             size_t first, size_t stride, size_t count) {
  const size_t padded = (pass->size + LANES - 1) / LANES * LANES;
  rows->count = count;
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

/// Σ over x and h of one panel, or over h where the other sums are there already.
ADDEND_INLINE void ADDEND_VARIANT(lstm_tile)(const addend_recurrent_pass *pass,
                                             const ADDEND_VARIANT(step_rows) *r, size_t group,
                                             const size_t rows) {
  VECTOR sums[8][4];
  const size_t panel = group * pass->gate_rows * 4 * LANES;
  if (pass->has_input_sums) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; ++v) sums[i][v] = LOAD(r->gates[i] + panel + v * LANES);
  } else {
    if (pass->keeps_gates)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < 4 * LANES; v += 16) PREFETCH(r->gates[i] + panel + v);
    const float *bias = pass->bias + group * 4 * LANES;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; ++v) sums[i][v] = LOAD(bias + v * LANES);
    ADDEND_VARIANT(add_product)(sums, rows, 4, r->x, pass->input_size,
                                pass->input_weight + group * pass->input_size * 4 * LANES);
  }
  ADDEND_VARIANT(add_product)(sums, rows, 4, r->output, pass->size,
                              pass->recurrent_weight + group * pass->size * 4 * LANES);
  const size_t unit = group * LANES;
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
  ADDEND_VARIANT(add_product)(sums, rows, 3, r->output, pass->size,
                              pass->recurrent_weight + group * pass->size * 3 * LANES);
  const size_t unit = group * LANES;
  const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
  // Products: r, z, n; sums of x: n, r, z.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i) {
    const float *input = r->gates[i] + panel;
    const VECTOR inner = sums[i][2];
    const VECTOR reset = ADDEND_VARIANT(logistic)(sums[i][0] + LOAD(input + LANES));
    const VECTOR update = ADDEND_VARIANT(logistic)(sums[i][1] + LOAD(input + 2 * LANES));
    const VECTOR candidate = ADDEND_VARIANT(tangent)(MULTIPLY_ADD(reset, inner, LOAD(input)));
    const VECTOR before = LOAD_PART(r->output[i] + unit, mask);
    STORE_PART(r->next_output[i] + unit, MULTIPLY_ADD(update, before - candidate, candidate), mask);
    if (pass->keeps_gates) {
      float *gates = r->gates[i] + panel;
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
                              pass->input_weight + group * pass->input_size * LANES);
  ADDEND_VARIANT(add_product)(sums, rows, vectors, r->output, pass->size,
                              pass->recurrent_weight + group * pass->size * LANES);
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

static void ADDEND_VARIANT(forward)(const addend_recurrent_pass *pass, addend_recurrent_rows part,
                                    size_t first, size_t end, size_t first_group,
                                    size_t end_group) {
  enum { most_tiles = 16 };
  ADDEND_VARIANT(step_rows) tiles[most_tiles];
  const addend_cell cell = pass->cell;
  const size_t limit = cell == ADDEND_CELL_GRU ? ROWS_OF_3 : ROWS_OF_4;
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
        vectors = ADDEND_VARIANT(panel_groups)(cell, group_count(pass->size, LANES), group);
        for (size_t tile = 0; tile < tile_count; ++tile)
          ADDEND_VARIANT(forward_tile)(pass, &tiles[tile], group, vectors);
      }
    }
  }
}

static void ADDEND_VARIANT(input_sums)(const addend_recurrent_pass *pass,
                                       addend_recurrent_rows part, size_t first, size_t end) {
  const size_t width = gate_count(pass->cell) * LANES, groups = group_count(pass->size, LANES);
  const size_t slots = SLOTS(pass->cell);
  const addend_brgemm_kernels *kernels = BRGEMM;
  const size_t step = kernels->vectors * LANES;
  // Rows enough that a panel is worth its way from memory.
  for (size_t block = first, next; block < end; block = next) {
    size_t rows_here = 0;
    for (next = block; next < end && rows_here < 96; ++next)
      rows_here += rows_in_part(pass, part, next);
    for (size_t group = 0; group < groups; ++group)
      for (size_t t = block; t < next; ++t) {
        const size_t count = rows_in_part(pass, part, t);
        for (size_t j = 0; j < width; j += step) {
          const size_t columns = width - j < step ? width - j : step;
          const size_t limit = kernels->row_limit[(columns + LANES - 1) / LANES - 1];
          for (size_t done = 0, rows; done < count; done += rows) {
            rows = addend_brgemm_next_rows(count - done, limit);
            const float *x[8];
            for (size_t i = 0; i < rows; ++i)
              x[i] = pass->x + t * pass->x_step +
                     row_of(pass, part.first + (done + i) * part.stride) * pass->x_row;
            const size_t k = pass->starts[t] - pass->gate_origin + part.first + done * part.stride;
            const addend_brgemm_tile tile = {
                .rows = rows, .columns = columns, .taps = 1, .depth = pass->input_size, .a = x,
                .b = pass->input_weight + group * width * pass->input_size + j, .ldb = width,
                .c = pass->gates + (group * pass->gate_rows + k) * slots + j,
                .ldc = part.stride * slots, .bias = pass->bias + group * width + j};
            kernels->straight[(columns + LANES - 1) / LANES - 1][rows - 1](&tile);
          }
        }
      }
  }
}

// MARK: Packing

/// The gate whose part of the weight fills a slot: GRU's are n, r, z for x and r, z, n for h.
static size_t ADDEND_VARIANT(gate_of)(addend_cell cell, bool recurrent, size_t slot) {
  if (cell == ADDEND_CELL_ELMAN) return 0;
  return cell == ADDEND_CELL_GRU && !recurrent ? (slot + 2) % 3 : slot;
}

static size_t ADDEND_VARIANT(packed_count)(addend_cell cell, size_t depth, size_t size) {
  return gate_count(cell) * depth * group_count(size, LANES) * LANES;
}

static size_t ADDEND_VARIANT(transposed_count)(addend_cell cell, size_t depth, size_t size) {
  return gate_count(cell) * group_count(size, LANES) * LANES * group_count(depth, LANES) * LANES;
}

static void ADDEND_VARIANT(pack)(addend_cell cell, bool recurrent, size_t depth, size_t size,
                                 const float *weight, float *packed) {
  const size_t gates = gate_count(cell), groups = group_count(size, LANES);
  for (size_t group = 0, wide; group < groups; group += wide) {
    wide = ADDEND_VARIANT(panel_groups)(cell, groups, group);
    for (size_t p = 0; p < depth; ++p)
      for (size_t v = 0; v < gates * wide; ++v) {
        const size_t gate = ADDEND_VARIANT(gate_of)(cell, recurrent, v);
        const size_t unit = (gates > 1 ? group : group + v) * LANES;
        const MASK mask = FIRST(size - unit < LANES ? size - unit : LANES);
        STORE(packed, LOAD_PART(weight + (p * gates + gate) * size + unit, mask));
        packed += LANES;
      }
  }
}

static void ADDEND_VARIANT(pack_transposed)(addend_cell cell, bool recurrent, size_t depth,
                                            size_t size, const float *weight, float *packed) {
  const size_t gates = gate_count(cell), groups = group_count(size, LANES);
  const addend_brgemm_kernels *kernels = BRGEMM;
  for (size_t panel = 0, j, next; (j = addend_brgemm_panel_start(kernels, depth, panel)) < depth;
       ++panel) {
    next = addend_brgemm_panel_start(kernels, depth, panel + 1);
    const size_t width = next - j;
    for (size_t group = 0; group < groups; ++group)
      for (size_t slot = 0; slot < gates; ++slot, packed += LANES * width) {
        const size_t unit = group * LANES;
        const size_t units = size - unit < LANES ? size - unit : LANES;
        const float *from = weight + ADDEND_VARIANT(gate_of)(cell, recurrent, slot) * size + unit;
        size_t c = 0;
#if LANES >= 8
        if (units == LANES)
          for (; c + 8 <= width && j + c + 8 <= depth; c += 8)
            for (size_t u = 0; u < LANES; u += 8)
              addend_transpose_8x8(from + (j + c) * gates * size + u, gates * size,
                                   packed + u * width + c, width);
#endif
        for (; c < width; ++c)
          for (size_t u = 0; u < LANES; ++u)
            packed[u * width + c] =
                u < units && j + c < depth ? from[(j + c) * gates * size + u] : 0.0f;
      }
  }
}

// MARK: Backward

/// From dh (what flows back from the step after it, and dy) and the gates to the sums' gradients.
ADDEND_INLINE void ADDEND_VARIANT(lstm_gradient)(const addend_recurrent_pass *pass, float *gates,
                                                 size_t gates_step, const float *carried,
                                                 const float *dy, const float *dlast,
                                                 const float *before, const float *memory,
                                                 float *memory_gradient) {
  const VECTOR one = BROADCAST(1.0f);
  for (size_t unit = 0; unit < pass->size; unit += LANES, gates += gates_step) {
    const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
    const VECTOR in = LOAD(gates), forget = LOAD(gates + LANES);
    const VECTOR out = LOAD(gates + 2 * LANES), candidate = LOAD(gates + 3 * LANES);
    VECTOR dh = carried ? LOAD(carried + unit) : BROADCAST(0.0f);
    if (dy) dh += LOAD_PART(dy + unit, mask);
    if (dlast) dh += LOAD_PART(dlast + unit, mask);
    const VECTOR squashed = ADDEND_VARIANT(tangent)(LOAD(memory + unit));
    const VECTOR ds = MULTIPLY_ADD(dh * out, one - squashed * squashed,
                                   LOAD(memory_gradient + unit));
    STORE(gates, ds * candidate * in * (one - in));
    STORE(gates + LANES, ds * LOAD_PART(before + unit, mask) * forget * (one - forget));
    STORE(gates + 2 * LANES, dh * squashed * out * (one - out));
    STORE(gates + 3 * LANES, ds * in * (one - candidate * candidate));
    STORE(memory_gradient + unit, ds * forget);
  }
}

ADDEND_INLINE void ADDEND_VARIANT(gru_gradient)(const addend_recurrent_pass *pass, float *gates,
                                                size_t gates_step, bool has_carried,
                                                float *carried, const float *dy,
                                                const float *dlast, const float *before) {
  const VECTOR one = BROADCAST(1.0f);
  for (size_t unit = 0; unit < pass->size; unit += LANES, gates += gates_step) {
    const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
    const VECTOR n = LOAD(gates), r = LOAD(gates + LANES), z = LOAD(gates + 2 * LANES);
    const VECTOR inner = LOAD(gates + 3 * LANES);
    VECTOR dh = has_carried ? LOAD(carried + unit) : BROADCAST(0.0f);
    if (dy) dh += LOAD_PART(dy + unit, mask);
    if (dlast) dh += LOAD_PART(dlast + unit, mask);
    const VECTOR dn = dh * (one - z) * (one - n * n);
    STORE(gates, dn);
    STORE(gates + LANES, dn * inner * r * (one - r));
    STORE(gates + 2 * LANES, dh * (LOAD_PART(before + unit, mask) - n) * z * (one - z));
    STORE(gates + 3 * LANES, dn * r);
    STORE(carried + unit, dh * z);
  }
}

ADDEND_INLINE void ADDEND_VARIANT(elman_gradient)(const addend_recurrent_pass *pass, float *gates,
                                                  size_t gates_step, const float *carried,
                                                  const float *dy, const float *dlast,
                                                  const float *output) {
  for (size_t unit = 0; unit < pass->size; unit += LANES, gates += gates_step) {
    const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
    VECTOR dh = carried ? LOAD(carried + unit) : BROADCAST(0.0f);
    if (dy) dh += LOAD_PART(dy + unit, mask);
    if (dlast) dh += LOAD_PART(dlast + unit, mask);
    const VECTOR y = LOAD_PART(output + unit, mask);
    STORE(gates, dh * (BROADCAST(1.0f) - y * y));
  }
}

/// One row's sums' gradients at step t.
static void ADDEND_VARIANT(gradient_row)(const addend_recurrent_pass *pass,
                                         const addend_recurrent_gradients *gradients, size_t t,
                                         size_t r, bool has_after) {
  const size_t i = row_of(pass, r), padded = group_count(pass->size, LANES) * LANES;
  const size_t slots = SLOTS(pass->cell), gates_step = pass->gate_rows * slots;
  float *gates = pass->gates + (pass->starts[t] + r - pass->gate_origin) * slots;
  float *carried = gradients->carried + r * padded;
  const float *dy = gradients->output
                        ? gradients->output + i * gradients->output_row + t * gradients->output_step
                        : NULL;
  const float *dlast =
      gradients->last_output && !has_after ? gradients->last_output + i * pass->size : NULL;
  switch (pass->cell) {
    case ADDEND_CELL_LSTM:
      ADDEND_VARIANT(lstm_gradient)(pass, gates, gates_step, has_after ? carried : NULL, dy, dlast,
                                    memory_before(pass, t, r, padded),
                                    memory_at(pass, t, i, padded), gradients->memory + r * padded);
      break;
    case ADDEND_CELL_GRU:
      ADDEND_VARIANT(gru_gradient)(pass, gates, gates_step, has_after, carried, dy, dlast,
                                   output_before(pass, t, r));
      break;
    case ADDEND_CELL_ELMAN:
      ADDEND_VARIANT(elman_gradient)(pass, gates, gates_step, has_after ? carried : NULL, dy, dlast,
                                     output_at(pass, t, i));
      break;
  }
}

/// Where `count` rows' sums lie that a product of gradients takes as its left side.
typedef struct {
  /// The groups of one piece of the sums, at most as many as there are pointers.
  size_t first_group, groups;
  /// Floats of one group in the product, and where they begin in the row.
  size_t depth, offset;
  bool recurrent;
} ADDEND_VARIANT(gradient_sums);

enum { ADDEND_VARIANT(most_taps) = 64 };

/// The piece of sums from a group on: some 1024 long, so that a panel's part stays in the
/// second-level cache.
ADDEND_INLINE ADDEND_VARIANT(gradient_sums)
    ADDEND_VARIANT(sums_from)(const addend_recurrent_pass *pass, bool recurrent, size_t group) {
  const size_t depth = gate_count(pass->cell) * LANES, all = group_count(pass->size, LANES);
  size_t most = 1024 / depth;
  if (most > ADDEND_VARIANT(most_taps)) most = ADDEND_VARIANT(most_taps);
  return (ADDEND_VARIANT(gradient_sums)){
      .first_group = group, .groups = all - group < most ? all - group : most, .depth = depth,
      .offset = recurrent && pass->cell == ADDEND_CELL_GRU ? LANES : 0, .recurrent = recurrent};
}

/// c (+)= dG · op(weight) for rows k, k + stride, … of the gates and one panel of columns.
static void ADDEND_VARIANT(gradient_tile)(const addend_recurrent_pass *pass,
                                          const ADDEND_VARIANT(gradient_sums) *sums, size_t k,
                                          size_t stride, size_t rows, const float *panel,
                                          size_t width, size_t columns, bool accumulates, float *c,
                                          size_t ldc) {
  const size_t slots = SLOTS(pass->cell);
  const addend_brgemm_kernels *kernels = BRGEMM;
  const float *a[ADDEND_VARIANT(most_taps) * 8];
  for (size_t tap = 0; tap < sums->groups; ++tap)
    for (size_t i = 0; i < rows; ++i)
      a[tap * rows + i] =
          pass->gates + sums->offset +
          ((sums->first_group + tap) * pass->gate_rows + k - pass->gate_origin + i * stride) * slots;
  const addend_brgemm_tile tile = {
      .rows = rows, .columns = columns, .taps = sums->groups, .depth = sums->depth, .a = a,
      .a_step = rows, .b = panel + sums->first_group * sums->depth * width,
      .b_step = sums->depth * width, .ldb = width, .is_padded = true, .c = c, .ldc = ldc,
      .accumulates = accumulates};
  kernels->straight[width / LANES - 1][rows - 1](&tile);
}

/// carried (+)= dG_next Rᵀ for the first `count` rows of a part.
static void ADDEND_VARIANT(carry)(const addend_recurrent_pass *pass,
                                  const addend_recurrent_gradients *gradients,
                                  addend_recurrent_rows part, size_t next, size_t count) {
  const size_t size = pass->size, groups = group_count(size, LANES), padded = groups * LANES;
  const addend_brgemm_kernels *kernels = BRGEMM;
  const size_t panel_depth = groups * gate_count(pass->cell) * LANES;
  ADDEND_VARIANT(gradient_sums) sums;
  for (size_t group = 0; group < groups; group += sums.groups) {
    sums = ADDEND_VARIANT(sums_from)(pass, true, group);
    for (size_t panel = 0, j, end; (j = addend_brgemm_panel_start(kernels, size, panel)) < size;
         ++panel) {
      end = addend_brgemm_panel_start(kernels, size, panel + 1);
      const size_t limit = kernels->row_limit[(end - j) / LANES - 1];
      for (size_t done = 0, rows; done < count; done += rows) {
        rows = addend_brgemm_next_rows(count - done, limit);
        const size_t r = part.first + done * part.stride;
        ADDEND_VARIANT(gradient_tile)(pass, &sums, pass->starts[next] + r, part.stride, rows,
                                      gradients->recurrent_weight + j * panel_depth, end - j,
                                      end - j, group > 0 || pass->cell == ADDEND_CELL_GRU,
                                      gradients->carried + r * padded + j, part.stride * padded);
      }
    }
  }
}

static void ADDEND_VARIANT(backward)(const addend_recurrent_pass *pass,
                                     const addend_recurrent_gradients *gradients,
                                     addend_recurrent_rows part) {
  for (size_t s = pass->time; s-- > 0;) {
    const size_t t = pass->reversed ? pass->time - 1 - s : s;
    const size_t count = rows_in_part(pass, part, t);
    const bool is_final = pass->reversed ? t == 0 : t + 1 == pass->time;
    const size_t next = pass->reversed ? t - 1 : t + 1;
    size_t carried = is_final ? 0 : rows_in_part(pass, part, next);
    if (carried > count) carried = count;
    if (carried) ADDEND_VARIANT(carry)(pass, gradients, part, next, carried);
    for (size_t j = 0; j < count; ++j)
      ADDEND_VARIANT(gradient_row)(pass, gradients, t, part.first + j * part.stride, j < carried);
  }
}

static void ADDEND_VARIANT(input_gradient)(const addend_recurrent_pass *pass,
                                           const addend_recurrent_gradients *gradients,
                                           size_t first, size_t end) {
  const size_t depth = pass->input_size, groups = group_count(pass->size, LANES);
  const addend_brgemm_kernels *kernels = BRGEMM;
  const size_t panel_depth = groups * gate_count(pass->cell) * LANES;
  // Rows enough that a panel is worth its way from memory.
  for (size_t block = first, block_end; block < end; block = block_end) {
    for (block_end = block; block_end < end && pass->starts[block_end] < pass->starts[block] + 96;)
      ++block_end;
    ADDEND_VARIANT(gradient_sums) sums;
    for (size_t group = 0; group < groups; group += sums.groups) {
      sums = ADDEND_VARIANT(sums_from)(pass, false, group);
      for (size_t panel = 0, j, next; (j = addend_brgemm_panel_start(kernels, depth, panel)) < depth;
           ++panel) {
        next = addend_brgemm_panel_start(kernels, depth, panel + 1);
        const size_t width = next - j, columns = next < depth ? width : depth - j;
        for (size_t t = block; t < block_end; ++t)
          for (size_t r = 0, rows; r < rows_at(pass, t); r += rows) {
            rows = addend_brgemm_next_rows(rows_at(pass, t) - r,
                                           kernels->row_limit[width / LANES - 1]);
            // Rows that lie anywhere go through a tile of their own.
            float scattered[8 * 4 * LANES], *x[8];
            for (size_t i = 0; i < rows; ++i)
              x[i] = gradients->x + row_of(pass, r + i) * gradients->x_row +
                     t * gradients->x_step + j;
            if (pass->order && group)
              for (size_t i = 0; i < rows; ++i)
                memcpy(scattered + i * width, x[i], columns * sizeof(float));
            ADDEND_VARIANT(gradient_tile)(
                pass, &sums, pass->starts[t] + r, 1, rows, gradients->input_weight + j * panel_depth,
                width, columns, group > 0, pass->order ? scattered : x[0],
                pass->order ? width : gradients->x_row);
            if (pass->order)
              for (size_t i = 0; i < rows; ++i)
                memcpy(x[i], scattered + i * width, columns * sizeof(float));
          }
      }
    }
  }
}

// MARK: Weight gradients

/// A tile's result, which is scattered over the gates' parts of the gradient.
typedef struct {
  /// A(i, p) = left[p·rows + i].
  const float *left;
  size_t depth;
  /// B(p, v) = right[p·right_row + v·right_step].
  const float *right;
  size_t right_row, right_step;
  /// Row i, vector v of the result is result[v][i·result_row], the first units[v] of its lanes.
  float *result[4];
  size_t units[4], result_row;
  bool accumulates;
} ADDEND_VARIANT(outer_product);

/// `adjacent`: B's vectors lie side by side.
ADDEND_INLINE void ADDEND_VARIANT(outer_tile)(const ADDEND_VARIANT(outer_product) *t, size_t first,
                                              const size_t rows, const size_t vectors,
                                              const bool adjacent) {
  VECTOR sums[8][4];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) {
      PREFETCH(t->result[v] + (first + i) * t->result_row);
      sums[i][v] = BROADCAST(0.0f);
    }
  const float *right = t->right, *left = t->left;
  const size_t row = t->right_row, step = adjacent ? LANES : t->right_step, depth = t->depth;
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; ++p, left += rows) {
    VECTOR b[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) b[v] = LOAD(right + v * step);
    right += row;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) {
      const VECTOR a = BROADCAST(left[i]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v) sums[i][v] = MULTIPLY_ADD(a, b[v], sums[i][v]);
    }
  }
  if (t->accumulates)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; ++i)
        sums[i][v] += LOAD_PART(t->result[v] + (first + i) * t->result_row, FIRST(t->units[v]));
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; ++v)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
      STORE_PART(t->result[v] + (first + i) * t->result_row, sums[i][v], FIRST(t->units[v]));
}

/// `rows` rows of one panel's result, from row `first` on.
static void ADDEND_VARIANT(outer_rows)(const ADDEND_VARIANT(outer_product) *t, addend_cell cell,
                                       size_t vectors, size_t first, size_t rows) {
  if (cell == ADDEND_CELL_LSTM) {
#define BODY(n) ADDEND_VARIANT(outer_tile)(t, first, n, 4, true)
    FOR_ROWS_OF_4(rows, BODY)
#undef BODY
  } else if (cell == ADDEND_CELL_GRU) {
#define BODY(n) ADDEND_VARIANT(outer_tile)(t, first, n, 3, true)
    FOR_ROWS_OF_3(rows, BODY)
#undef BODY
  } else if (vectors == 4) {
#define BODY(n) ADDEND_VARIANT(outer_tile)(t, first, n, 4, false)
    FOR_ROWS_OF_4(rows, BODY)
#undef BODY
  } else {
#define BODY(n) ADDEND_VARIANT(outer_tile)(t, first, n, 1, false)
    FOR_ROWS_OF_4(rows, BODY)
#undef BODY
  }
}

/// Lays columns first ≤ i < end of rows k, k + 1, … of x or of the outputs before out as tiles of
/// rows read them: tile after tile, each [depth][its rows].
static void ADDEND_VARIANT(pack_columns)(const addend_recurrent_pass *pass, bool recurrent,
                                         size_t first, size_t end, size_t limit, size_t k,
                                         size_t depth, float *packed) {
  const size_t columns = recurrent ? pass->size : pass->input_size;
  // The heights that addend_brgemm_next_rows gives one after another, without its divisions.
  const size_t tiles = (end - first + limit - 1) / limit;
  const size_t low = tiles ? (end - first) / tiles : 0, higher = tiles ? (end - first) % tiles : 0;
  size_t t = 0;
  for (size_t p = 0; p < depth; ++p) {
    while (pass->starts[t + 1] <= k + p) ++t;
    const size_t r = k + p - pass->starts[t];
    const float *row = recurrent ? output_before(pass, t, r)
                                 : pass->x + row_of(pass, r) * pass->x_row + t * pass->x_step;
    float *tile = packed;
    for (size_t i = first, rows, left = higher; i < end; i += rows, tile += depth * rows) {
      rows = left ? low + 1 : low;
      left -= left > 0;
      // A whole vector where what follows is written later, or is not to be read.
      if (LANES >= 8 && i + LANES <= columns && (p + LANES) < depth)
        STORE(tile + p * rows, LOAD(row + i));
      else
        for (size_t j = 0; j < rows; ++j) tile[p * rows + j] = row[i + j];
    }
  }
}

static void ADDEND_VARIANT(weight_gradient)(const addend_recurrent_pass *pass, bool recurrent,
                                            size_t first, size_t end, bool accumulates,
                                            float *gradient, float *scratch) {
  const addend_cell cell = pass->cell;
  const size_t size = pass->size, groups = group_count(size, LANES), gates = gate_count(cell);
  const size_t slots = SLOTS(cell), all = pass->starts[pass->time];
  const size_t limit = cell == ADDEND_CELL_GRU ? ROWS_OF_3 : ROWS_OF_4;
  for (size_t k = 0, depth; k < all; k += depth, accumulates = true) {
    depth = addend_brgemm_next_rows(all - k, addend_recurrent_most_depth);
    ADDEND_VARIANT(pack_columns)(pass, recurrent, first, end, limit, k, depth, scratch);
    for (size_t group = 0, vectors; group < groups;
         group += cell == ADDEND_CELL_ELMAN ? vectors : 1) {
      vectors = cell == ADDEND_CELL_ELMAN ? ADDEND_VARIANT(panel_groups)(cell, groups, group) : gates;
      ADDEND_VARIANT(outer_product) product = {
          .left = scratch, .depth = depth,
          .right = pass->gates + (group * pass->gate_rows + k - pass->gate_origin) * slots +
                   (recurrent && cell == ADDEND_CELL_GRU ? LANES : 0),
          .right_row = slots, .right_step = pass->gate_rows * slots, .result_row = gates * size,
          .accumulates = accumulates};
      for (size_t v = 0; v < vectors; ++v) {
        const size_t unit = (cell == ADDEND_CELL_ELMAN ? group + v : group) * LANES;
        product.result[v] = gradient + ADDEND_VARIANT(gate_of)(cell, recurrent, v) * size + unit;
        product.units[v] = size - unit < LANES ? size - unit : LANES;
      }
      for (size_t i = first, rows; i < end; i += rows, product.left += depth * rows) {
        rows = addend_brgemm_next_rows(end - i, limit);
        ADDEND_VARIANT(outer_rows)(&product, cell, vectors, i, rows);
      }
    }
  }
}

static void ADDEND_VARIANT(bias_gradient)(const addend_recurrent_pass *pass, bool recurrent,
                                          bool accumulates, float *gradient) {
  const addend_cell cell = pass->cell;
  const size_t size = pass->size, gates = gate_count(cell), slots = SLOTS(cell);
  for (size_t unit = 0; unit < size; unit += LANES) {
    const MASK mask = FIRST(size - unit < LANES ? size - unit : LANES);
    const float *row = pass->gates + (unit / LANES * pass->gate_rows - pass->gate_origin) * slots +
                       (recurrent && cell == ADDEND_CELL_GRU ? LANES : 0);
    VECTOR sums[4] = {BROADCAST(0.0f), BROADCAST(0.0f), BROADCAST(0.0f), BROADCAST(0.0f)};
    for (size_t k = 0; k < pass->starts[pass->time]; ++k, row += slots)
      for (size_t gate = 0; gate < gates; ++gate) sums[gate] += LOAD(row + gate * LANES);
    for (size_t gate = 0; gate < gates; ++gate) {
      float *result = gradient + ADDEND_VARIANT(gate_of)(cell, recurrent, gate) * size + unit;
      STORE_PART(result, accumulates ? LOAD_PART(result, mask) + sums[gate] : sums[gate], mask);
    }
  }
}

static const addend_recurrent_kernels ADDEND_VARIANT(recurrent) = {
    .lanes = LANES,
    .packed_count = ADDEND_VARIANT(packed_count),
    .transposed_count = ADDEND_VARIANT(transposed_count),
    .pack = ADDEND_VARIANT(pack),
    .pack_transposed = ADDEND_VARIANT(pack_transposed),
    .input_sums = ADDEND_VARIANT(input_sums),
    .forward = ADDEND_VARIANT(forward),
    .backward = ADDEND_VARIANT(backward),
    .input_gradient = ADDEND_VARIANT(input_gradient),
    .weight_gradient = ADDEND_VARIANT(weight_gradient),
    .bias_gradient = ADDEND_VARIANT(bias_gradient),
};
