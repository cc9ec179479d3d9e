// Part of addend_recurrent_tile.h: the gates' gradients, step by step.

/// Where one row of a step finds what its gradients are made of.
typedef struct {
  float *gates;
  size_t gates_step;
  /// What flows back from the step after; NULL for 0.
  float *carried;
  /// NULL for 0.
  const float *dy, *dlast;
  const float *output, *output_before, *memory, *memory_before;
  float *memory_gradient;
} ADDEND_VARIANT(gradient_row);

ADDEND_INLINE VECTOR ADDEND_VARIANT(output_gradient)(const ADDEND_VARIANT(gradient_row) *row,
                                                     size_t unit, MASK mask) {
  VECTOR dh = row->carried ? LOAD(row->carried + unit) : BROADCAST(0.0f);
  if (row->dy) dh += LOAD_PART(row->dy + unit, mask);
  if (row->dlast) dh += LOAD_PART(row->dlast + unit, mask);
  return dh;
}

/// From dh and the gates to the sums' gradients, one group.
ADDEND_INLINE void ADDEND_VARIANT(lstm_gradient)(const ADDEND_VARIANT(gradient_row) *row,
                                                 float *gates, size_t unit, MASK mask) {
  const VECTOR one = BROADCAST(1.0f);
  const VECTOR in = LOAD(gates), forget = LOAD(gates + LANES);
  const VECTOR out = LOAD(gates + 2 * LANES), candidate = LOAD(gates + 3 * LANES);
  const VECTOR dh = ADDEND_VARIANT(output_gradient)(row, unit, mask);
  const VECTOR squashed = ADDEND_VARIANT(tangent)(LOAD(row->memory + unit));
  const VECTOR ds = MULTIPLY_ADD(dh * out, one - squashed * squashed,
                                 LOAD(row->memory_gradient + unit));
  STORE(gates, ds * candidate * in * (one - in));
  STORE(gates + LANES, ds * LOAD_PART(row->memory_before + unit, mask) * forget * (one - forget));
  STORE(gates + 2 * LANES, dh * squashed * out * (one - out));
  STORE(gates + 3 * LANES, ds * in * (one - candidate * candidate));
  STORE(row->memory_gradient + unit, ds * forget);
}

/// `carried` takes what reaches the output before by z; the product is added to it later.
ADDEND_INLINE void ADDEND_VARIANT(gru_gradient)(const ADDEND_VARIANT(gradient_row) *row,
                                                float *carried, float *gates, size_t unit,
                                                MASK mask) {
  const VECTOR one = BROADCAST(1.0f);
  const VECTOR n = LOAD(gates), r = LOAD(gates + LANES), z = LOAD(gates + 2 * LANES);
  const VECTOR inner = LOAD(gates + 3 * LANES);
  const VECTOR dh = ADDEND_VARIANT(output_gradient)(row, unit, mask);
  const VECTOR dn = dh * (one - z) * (one - n * n);
  STORE(gates, dn);
  STORE(gates + LANES, dn * inner * r * (one - r));
  STORE(gates + 2 * LANES, dh * (LOAD_PART(row->output_before + unit, mask) - n) * z * (one - z));
  STORE(gates + 3 * LANES, dn * r);
  STORE(carried + unit, dh * z);
}

ADDEND_INLINE void ADDEND_VARIANT(elman_gradient)(const ADDEND_VARIANT(gradient_row) *row,
                                                  float *gates, size_t unit, MASK mask) {
  const VECTOR dh = ADDEND_VARIANT(output_gradient)(row, unit, mask);
  const VECTOR y = LOAD_PART(row->output + unit, mask);
  STORE(gates, dh * (BROADCAST(1.0f) - y * y));
}

static ADDEND_VARIANT(gradient_row)
    ADDEND_VARIANT(find_gradient_row)(const addend_recurrent_pass *pass,
                                      const addend_recurrent_gradients *gradients, size_t t,
                                      size_t r, bool has_after) {
  const size_t i = row_of(pass, r), padded = group_count(pass->size, LANES) * LANES;
  const size_t slots = SLOTS(pass->cell);
  const bool has_memory = pass->cell == ADDEND_CELL_LSTM;
  return (ADDEND_VARIANT(gradient_row)){
      .gates = pass->gates + (pass->starts[t] + r - pass->gate_origin) * slots,
      .gates_step = pass->gate_rows * slots,
      .carried = has_after ? gradients->carried + r * padded : NULL,
      .dy = gradients->output
                ? gradients->output + i * gradients->output_row + t * gradients->output_step
                : NULL,
      .dlast =
          gradients->last_output && !has_after ? gradients->last_output + i * pass->size : NULL,
      .output = output_at(pass, t, i),
      .output_before = output_before(pass, t, r),
      .memory = has_memory ? memory_at(pass, t, i, padded) : NULL,
      .memory_before = has_memory ? memory_before(pass, t, r, padded) : NULL,
      .memory_gradient = gradients->memory + r * padded};
}

/// One row's sums' gradients at step t, groups first ≤ g < end.
static void ADDEND_VARIANT(gradient_groups)(const addend_recurrent_pass *pass,
                                            const addend_recurrent_gradients *gradients, size_t t,
                                            size_t r, bool has_after, size_t first, size_t end) {
  const ADDEND_VARIANT(gradient_row) row =
      ADDEND_VARIANT(find_gradient_row)(pass, gradients, t, r, has_after);
  float *carried = gradients->carried + r * group_count(pass->size, LANES) * LANES;
  float *gates = row.gates + first * row.gates_step;
  for (size_t group = first; group < end; ++group, gates += row.gates_step) {
    const size_t unit = group * LANES;
    const MASK mask = FIRST(pass->size - unit < LANES ? pass->size - unit : LANES);
    switch (pass->cell) {
      case ADDEND_CELL_LSTM: ADDEND_VARIANT(lstm_gradient)(&row, gates, unit, mask); break;
      case ADDEND_CELL_GRU: ADDEND_VARIANT(gru_gradient)(&row, carried, gates, unit, mask); break;
      case ADDEND_CELL_ELMAN: ADDEND_VARIANT(elman_gradient)(&row, gates, unit, mask); break;
    }
  }
}

/// What `gradient_groups` will read of a tile's rows, to be fetched while the product runs: line after
/// line.
typedef struct {
  size_t count;
  const float *lines[8 * 4 * 8];
} ADDEND_VARIANT(coming_lines);

static void ADDEND_VARIANT(list_lines)(ADDEND_VARIANT(coming_lines) *coming,
                                       const addend_recurrent_pass *pass,
                                       const addend_recurrent_gradients *gradients, size_t t,
                                       size_t r, size_t first, size_t end) {
  const ADDEND_VARIANT(gradient_row) row =
      ADDEND_VARIANT(find_gradient_row)(pass, gradients, t, r, true);
  const size_t slots = SLOTS(pass->cell);
  const float *gates = row.gates + first * row.gates_step;
  const float **line = coming->lines + coming->count;
  for (size_t unit = first * LANES; unit < end * LANES; unit += LANES, gates += row.gates_step) {
    for (size_t v = 0; v < slots; v += 16) *line++ = gates + v;
    if (row.dy) *line++ = row.dy + unit;
    if (pass->cell == ADDEND_CELL_LSTM) {
      *line++ = row.memory + unit;
      *line++ = row.memory_before + unit;
      *line++ = row.memory_gradient + unit;
    } else {
      *line++ = (pass->cell == ADDEND_CELL_GRU ? row.output_before : row.output) + unit;
    }
  }
  coming->count = (size_t)(line - coming->lines);
}

// MARK: Products

/// Some rows of the gates' gradients times one panel of a transposed weight.
typedef struct {
  /// The first row's numbers of the first group; from row to row, and from group to group.
  const float *a;
  size_t a_row, a_step;
  /// Groups, and the numbers of each that are multiplied.
  size_t taps, depth;
  const float *b;
  ADDEND_VARIANT(fetch) fetch;
  /// The numbers that take a's place in the panels after this one, to be fetched, or NULL.
  const float *next_a;
  /// Lines that the tile's caller will read.
  const ADDEND_VARIANT(coming_lines) *coming;
  bool accumulates;
  float *c;
  /// The last vector of c's rows may be part of one.
  size_t c_row, columns;
} ADDEND_VARIANT(gradient_product);

ADDEND_INLINE void ADDEND_VARIANT(gradient_tile)(const ADDEND_VARIANT(gradient_product) *t,
                                                 const size_t rows, const size_t vectors) {
  VECTOR sums[8][4];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) {
      PREFETCH(t->c + i * t->c_row + v * LANES);
      sums[i][v] = BROADCAST(0.0f);
    }
  ADDEND_VARIANT(fetch) fetch = t->fetch;
  const float *b = t->b;
  const float *const *line = t->coming ? t->coming->lines : NULL;
  const float *const *const lines_end = t->coming ? line + t->coming->count : NULL;
  const size_t share = t->coming ? (t->coming->count + t->taps - 1) / t->taps : 0;
  for (size_t tap = 0; tap < t->taps; ++tap) {
    const float *a[8];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i) a[i] = t->a + tap * t->a_step + i * t->a_row;
    if (t->next_a)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; ++i)
        for (size_t p = 0; p < t->depth; p += 16)
          FETCH(t->next_a + tap * t->a_step + i * t->a_row + p);
    for (const float *const *end = line + share; line < end && line < lines_end; ++line)
      PREFETCH(*line);
    ADDEND_VARIANT(add_product)(sums, rows, vectors, a, t->depth, b, fetch);
    fetch.next += t->depth * fetch.step;
    b += t->depth * vectors * LANES;
  }
  const MASK whole = FIRST(LANES), part = FIRST(t->columns - (vectors - 1) * LANES);
  if (t->accumulates)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; ++v)
        sums[i][v] += LOAD_PART(t->c + i * t->c_row + v * LANES, v + 1 < vectors ? whole : part);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; ++i)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v)
      STORE_PART(t->c + i * t->c_row + v * LANES, sums[i][v], v + 1 < vectors ? whole : part);
}

/// The most rows of a tile that is so many vectors wide.
ADDEND_INLINE size_t ADDEND_VARIANT(row_limit)(size_t vectors) {
  return vectors == 4 ? ROWS_OF_4 : ROWS_OF_3;
}

static void ADDEND_VARIANT(multiply)(const ADDEND_VARIANT(gradient_product) *t, size_t rows,
                                     size_t vectors) {
#define BODY_4(n) ADDEND_VARIANT(gradient_tile)(t, n, 4)
#define BODY_3(n) ADDEND_VARIANT(gradient_tile)(t, n, 3)
#define BODY_2(n) ADDEND_VARIANT(gradient_tile)(t, n, 2)
#define BODY_1(n) ADDEND_VARIANT(gradient_tile)(t, n, 1)
  switch (vectors) {
#if PANEL_VECTORS == 4
    case 4: FOR_ROWS_OF_4(rows, BODY_4) break;
    case 3: FOR_ROWS_OF_3(rows, BODY_3) break;
#endif
    case 2: FOR_ROWS_OF_3(rows, BODY_2) break;
    case 1: FOR_ROWS_OF_3(rows, BODY_1) break;
  }
#undef BODY_4
#undef BODY_3
#undef BODY_2
#undef BODY_1
}

/// Groups whose numbers are summed at a time, `depth` of each: a panel's part of them and the rows'
/// stay in the second-level cache.
ADDEND_INLINE size_t ADDEND_VARIANT(taps_at_once)(size_t depth, size_t most) {
  return most / depth ? most / depth : 1;
}

/// Where the packed weight goes on after one panel's groups from `tap` on: at the next panel, or at
/// the first one's next groups.
ADDEND_INLINE const float *ADDEND_VARIANT(next_panel)(const float *weight, size_t columns,
                                                      size_t panel, size_t groups, size_t depth,
                                                      size_t tap, size_t taps) {
  if (panel + 1 == addend_brgemm_panel_count(BRGEMM, columns)) {
    panel = 0;
    tap = tap + taps < groups ? tap + taps : 0;
  } else {
    ++panel;
  }
  const size_t j = addend_brgemm_panel_start(BRGEMM, columns, panel);
  const size_t width = addend_brgemm_panel_start(BRGEMM, columns, panel + 1) - j;
  return weight + j * groups * depth + tap * depth * width;
}

/// The first `carried` of a part's rows at step t: what flows back into them from step `next`, panel
/// by panel, and at once their gradients.
static void ADDEND_VARIANT(carry)(const addend_recurrent_pass *pass,
                                  const addend_recurrent_gradients *gradients,
                                  addend_recurrent_rows part, size_t t, size_t next,
                                  size_t carried) {
  const size_t size = pass->size, groups = group_count(size, LANES), padded = groups * LANES;
  const size_t slots = SLOTS(pass->cell), depth = gate_count(pass->cell) * LANES;
  const size_t most = ADDEND_VARIANT(taps_at_once)(depth, 1024);
  const float *a = pass->gates +
                   (pass->starts[next] + part.first - pass->gate_origin) * slots +
                   (pass->cell == ADDEND_CELL_GRU ? LANES : 0);
  for (size_t tap = 0, taps; tap < groups; tap += taps) {
    taps = groups - tap < most ? groups - tap : most;
    const bool is_last = tap + taps == groups;
    for (size_t panel = 0, j, end; (j = addend_brgemm_panel_start(BRGEMM, size, panel)) < size;
         ++panel) {
      end = addend_brgemm_panel_start(BRGEMM, size, panel + 1);
      const size_t width = end - j, limit = ADDEND_VARIANT(row_limit)(width / LANES);
      const size_t tiles = (carried + limit - 1) / limit;
      const float *b = gradients->recurrent_weight + j * groups * depth + tap * depth * width;
      const float *then = ADDEND_VARIANT(next_panel)(gradients->recurrent_weight, size, panel, groups,
                                                     depth, tap, taps);
      for (size_t done = 0, tile = 0, rows; done < carried; done += rows, ++tile) {
        rows = addend_brgemm_next_rows(carried - done, limit);
        const size_t r = part.first + done * part.stride;
        ADDEND_VARIANT(coming_lines) coming;
        coming.count = 0;
        if (is_last)
          for (size_t i = 0; i < rows; ++i)
            ADDEND_VARIANT(list_lines)(&coming, pass, gradients, t, r + i * part.stride, j / LANES,
                                       end / LANES);
        const float *rows_a = a + tap * pass->gate_rows * slots + done * part.stride * slots;
        const ADDEND_VARIANT(gradient_product) product = {
            .a = rows_a, .next_a = end < size || is_last ? NULL : rows_a + taps * pass->gate_rows * slots,
            .a_row = part.stride * slots, .a_step = pass->gate_rows * slots, .taps = taps,
            .depth = depth, .b = b,
            .fetch = ADDEND_VARIANT(fetch_part)(then, width, taps * depth, tile, tiles),
            .coming = coming.count ? &coming : NULL,
            .accumulates = tap > 0 || pass->cell == ADDEND_CELL_GRU,
            .c = gradients->carried + r * padded + j, .c_row = part.stride * padded,
            .columns = width};
        ADDEND_VARIANT(multiply)(&product, rows, width / LANES);
        if (is_last)
          for (size_t i = 0; i < rows; ++i)
            ADDEND_VARIANT(gradient_groups)(pass, gradients, t, r + i * part.stride, true,
                                            j / LANES, end / LANES);
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
    if (carried) ADDEND_VARIANT(carry)(pass, gradients, part, t, next, carried);
    for (size_t j = carried; j < count; ++j)
      ADDEND_VARIANT(gradient_groups)(pass, gradients, t, part.first + j * part.stride, false, 0,
                                      group_count(pass->size, LANES));
  }
}
