// Part of addend_recurrent_tile.h: the input's gradient.

/// Tiles of rows of one step, and where their results belong.
typedef struct {
  size_t t, r, rows;
} ADDEND_VARIANT(input_rows);

/// One tile's part of dx, columns j ≤ c < j + columns of it. Rows that lie anywhere go through a tile
/// of their own.
static void ADDEND_VARIANT(input_gradient_tile)(const addend_recurrent_pass *pass,
                                                const addend_recurrent_gradients *gradients,
                                                ADDEND_VARIANT(gradient_product) *product,
                                                size_t t, size_t r, size_t rows, size_t j,
                                                size_t width) {
  const size_t columns = product->columns;
  float scattered[8 * 4 * LANES], *x[8];
  for (size_t i = 0; i < rows; ++i)
    x[i] = gradients->x + row_of(pass, r + i) * gradients->x_row + t * gradients->x_step + j;
  if (!pass->order) {
    product->c = x[0];
    product->c_row = gradients->x_row;
    ADDEND_VARIANT(multiply)(product, rows, width / LANES);
    return;
  }
  product->c = scattered;
  product->c_row = width;
  if (product->accumulates)
    for (size_t i = 0; i < rows; ++i)
      memcpy(scattered + i * width, x[i], columns * sizeof(float));
  ADDEND_VARIANT(multiply)(product, rows, width / LANES);
  for (size_t i = 0; i < rows; ++i)
    memcpy(x[i], scattered + i * width, columns * sizeof(float));
}

/// One panel of dx for steps first ≤ t < end, summed over `taps` groups from `tap` on.
static void ADDEND_VARIANT(input_gradient_panel)(const addend_recurrent_pass *pass,
                                                 const addend_recurrent_gradients *gradients,
                                                 size_t first, size_t end, size_t panel, size_t tap,
                                                 size_t taps) {
  const size_t columns = pass->input_size, groups = group_count(pass->size, LANES);
  const size_t slots = SLOTS(pass->cell), depth = gate_count(pass->cell) * LANES;
  const size_t j = addend_brgemm_panel_start(BRGEMM, columns, panel);
  const size_t next = addend_brgemm_panel_start(BRGEMM, columns, panel + 1), width = next - j;
  const size_t limit = ADDEND_VARIANT(row_limit)(width / LANES);
  const float *then = ADDEND_VARIANT(next_panel)(gradients->input_weight, columns, panel, groups,
                                                 depth, tap, taps);
  const size_t tiles = (pass->starts[end] - pass->starts[first] + limit - 1) / limit;
  size_t tile = 0;
  // After the last panel come the next groups, or the first ones of the next steps.
  const size_t after =
      tap + taps < groups ? taps * pass->gate_rows
                          : pass->starts[end] - pass->starts[first] - tap * pass->gate_rows;
  for (size_t t = first; t < end; ++t)
    for (size_t r = 0, rows; r < rows_at(pass, t); r += rows, ++tile) {
      rows = addend_brgemm_next_rows(rows_at(pass, t) - r, limit);
      ADDEND_VARIANT(gradient_product) product = {
          .a = pass->gates +
               (tap * pass->gate_rows + pass->starts[t] + r - pass->gate_origin) * slots,
          .next_a = NULL, .a_row = slots, .a_step = pass->gate_rows * slots, .taps = taps, .depth = depth,
          .b = gradients->input_weight + j * groups * depth + tap * depth * width,
          .fetch = ADDEND_VARIANT(fetch_part)(then, width, taps * depth, tile, tiles),
          .accumulates = tap > 0, .columns = next < columns ? width : columns - j};
      if (next >= columns) product.next_a = product.a + after * slots;
      ADDEND_VARIANT(input_gradient_tile)(pass, gradients, &product, t, r, rows, j, width);
    }
}

static void ADDEND_VARIANT(input_gradient)(const addend_recurrent_pass *pass,
                                           const addend_recurrent_gradients *gradients,
                                           size_t first, size_t end) {
  const size_t groups = group_count(pass->size, LANES);
  const size_t panels = addend_brgemm_panel_count(BRGEMM, pass->input_size);
  const size_t most = ADDEND_VARIANT(taps_at_once)(gate_count(pass->cell) * LANES, 512);
  // Rows enough that a panel is worth its way from memory.
  for (size_t block = first, block_end; block < end; block = block_end) {
    for (block_end = block; block_end < end && pass->starts[block_end] < pass->starts[block] + 96;)
      ++block_end;
    for (size_t tap = 0, taps; tap < groups; tap += taps) {
      taps = groups - tap < most ? groups - tap : most;
      for (size_t panel = 0; panel < panels; ++panel)
        ADDEND_VARIANT(input_gradient_panel)(pass, gradients, block, block_end, panel, tap, taps);
    }
  }
}
