// Part of addend_recurrent_tile.h: the weights' and biases' gradients.

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
  ADDEND_VARIANT(fetch) fetch;
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
  ADDEND_VARIANT(fetch) fetch = t->fetch;
  const size_t row = t->right_row, step = adjacent ? LANES : t->right_step, depth = t->depth;
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; ++p, left += rows) {
    VECTOR b[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; ++v) b[v] = LOAD(right + v * step);
    right += row;
    FETCH(fetch.next);
    fetch.next += fetch.step;
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

/// The row of number k = starts[t] + r of x or of the outputs before.
ADDEND_INLINE const float *ADDEND_VARIANT(left_row)(const addend_recurrent_pass *pass,
                                                    bool recurrent, size_t t, size_t r) {
  return recurrent ? output_before(pass, t, r)
                   : pass->x + row_of(pass, r) * pass->x_row + t * pass->x_step;
}

/// Lays columns first ≤ i < end of rows k, k + 1, … of x or of the outputs before out as tiles of
/// rows read them: tile after tile, each [depth][its rows]. Rows lie far from each other, so they are
/// fetched ahead.
static void ADDEND_VARIANT(pack_columns)(const addend_recurrent_pass *pass, bool recurrent,
                                         size_t first, size_t end, size_t limit, size_t k,
                                         size_t depth, float *packed) {
  enum { lead = 12 };
  const size_t columns = recurrent ? pass->size : pass->input_size;
  // The heights that addend_brgemm_next_rows gives one after another, without its divisions.
  const size_t tiles = (end - first + limit - 1) / limit;
  const size_t low = tiles ? (end - first) / tiles : 0, higher = tiles ? (end - first) % tiles : 0;
  size_t t = 0, coming = 0;
  for (size_t p = 0; p < depth; ++p) {
    if (p + lead < depth) {
      while (pass->starts[coming + 1] <= k + p + lead) ++coming;
      const float *row = ADDEND_VARIANT(left_row)(pass, recurrent, coming,
                                                  k + p + lead - pass->starts[coming]);
      for (size_t i = first; i < end; i += 16) FETCH(row + i);
    }
    while (pass->starts[t + 1] <= k + p) ++t;
    const float *row = ADDEND_VARIANT(left_row)(pass, recurrent, t, k + p - pass->starts[t]);
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

/// dW's rows first ≤ i < end, summed over some rows of the gates, for one panel.
static void ADDEND_VARIANT(weight_gradient_panel)(const addend_recurrent_pass *pass,
                                                  ADDEND_VARIANT(outer_product) *product,
                                                  const float *then, size_t vectors, size_t first,
                                                  size_t end) {
  const addend_cell cell = pass->cell;
  const size_t limit = cell == ADDEND_CELL_GRU ? ROWS_OF_3 : ROWS_OF_4;
  const size_t tiles = (end - first + limit - 1) / limit;
  for (size_t i = first, tile = 0, rows; i < end; i += rows, ++tile) {
    rows = addend_brgemm_next_rows(end - i, limit);
    product->fetch = ADDEND_VARIANT(fetch_part)(then, SLOTS(cell), product->depth, tile, tiles);
    ADDEND_VARIANT(outer_rows)(product, cell, vectors, i, rows);
    product->left += product->depth * rows;
  }
}

static void ADDEND_VARIANT(weight_gradient)(const addend_recurrent_pass *pass, bool recurrent,
                                            size_t first, size_t end, bool accumulates,
                                            float *gradient, float *scratch) {
  const addend_cell cell = pass->cell;
  const size_t size = pass->size, groups = group_count(size, LANES), gates = gate_count(cell);
  const size_t slots = SLOTS(cell), limit = cell == ADDEND_CELL_GRU ? ROWS_OF_3 : ROWS_OF_4;
  const size_t offset = recurrent && cell == ADDEND_CELL_GRU ? LANES : 0;
  size_t k = 0, all = pass->starts[pass->time];
  // Rows whose output before is zero add nothing.
  if (recurrent && pass->time && is_first_of_zeros(pass, pass->reversed ? pass->time - 1 : 0)) {
    if (pass->reversed)
      all = pass->starts[pass->time - 1];
    else
      k = pass->starts[1];
    if (k == all && !accumulates)
      for (size_t i = first; i < end; ++i)
        memset(gradient + i * gates * size, 0, gates * size * sizeof(float));
  }
  for (size_t depth; k < all; k += depth, accumulates = true) {
    depth = addend_brgemm_next_rows(all - k, addend_recurrent_most_depth);
    ADDEND_VARIANT(pack_columns)(pass, recurrent, first, end, limit, k, depth, scratch);
    for (size_t group = 0, vectors, wide; group < groups; group += wide) {
      wide = ADDEND_VARIANT(panel_groups)(cell, groups, group);
      vectors = gates * wide;
      const float *rows = pass->gates + (k - pass->gate_origin) * slots + offset;
      ADDEND_VARIANT(outer_product) product = {
          .left = scratch, .depth = depth, .right = rows + group * pass->gate_rows * slots,
          .right_row = slots, .right_step = pass->gate_rows * slots, .result_row = gates * size,
          .accumulates = accumulates};
      for (size_t v = 0; v < vectors; ++v) {
        const size_t unit = (cell == ADDEND_CELL_ELMAN ? group + v : group) * LANES;
        product.result[v] = gradient + ADDEND_VARIANT(gate_of)(cell, recurrent, v) * size + unit;
        product.units[v] = size - unit < LANES ? size - unit : LANES;
      }
      const float *then = group + wide < groups ? product.right + wide * pass->gate_rows * slots
                                                : rows + depth * slots;
      ADDEND_VARIANT(weight_gradient_panel)(pass, &product, then, vectors, first, end);
    }
  }
}

/// db (or GRU's db′) of groups first ≤ g < end.
static void ADDEND_VARIANT(bias_gradient)(const addend_recurrent_pass *pass, bool recurrent,
                                          size_t first, size_t end, bool accumulates,
                                          float *gradient) {
  const addend_cell cell = pass->cell;
  const size_t size = pass->size, gates = gate_count(cell), slots = SLOTS(cell);
  for (size_t group = first; group < end; ++group) {
    const size_t unit = group * LANES;
    const MASK mask = FIRST(size - unit < LANES ? size - unit : LANES);
    const float *row = pass->gates + (group * pass->gate_rows - pass->gate_origin) * slots +
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
