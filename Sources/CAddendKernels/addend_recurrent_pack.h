// Part of addend_recurrent_tile.h: weights as the products take them.

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

/// Some rows of the weight at a time: what they write in one panel lies side by side, and their
/// lines, which often fall into one set of a cache, are fetched a group ahead.
static void ADDEND_VARIANT(pack)(addend_cell cell, bool recurrent, size_t depth, size_t size,
                                 size_t first, size_t end, const float *weight, float *packed) {
  enum { block = 8 };
  const size_t gates = gate_count(cell), groups = group_count(size, LANES), width = gates * size;
  for (size_t p0 = first; p0 < end; p0 += block) {
    const size_t rows = end - p0 < block ? end - p0 : block;
    for (size_t group = 0, wide; group < groups; group += wide) {
      wide = ADDEND_VARIANT(panel_groups)(cell, groups, group);
      const size_t panel_width = gates * wide * LANES;
      float *to = packed + group * gates * LANES * depth + p0 * panel_width;
      for (size_t p = p0; p < p0 + rows; ++p)
        for (size_t v = 0; v < gates * wide; ++v, to += LANES) {
          const size_t gate = ADDEND_VARIANT(gate_of)(cell, recurrent, v);
          const size_t unit = (gates > 1 ? group : group + v) * LANES;
          const float *from = weight + p * width + gate * size + unit;
          FETCH(from + 2 * wide * LANES);
          const MASK mask = FIRST(size - unit < LANES ? size - unit : LANES);
          STORE(to, LOAD_PART(from, mask));
        }
    }
  }
}

static size_t ADDEND_VARIANT(panel_count)(size_t depth) {
  return addend_brgemm_panel_count(BRGEMM, depth);
}

static void ADDEND_VARIANT(pack_transposed)(addend_cell cell, bool recurrent, size_t depth,
                                            size_t size, size_t panel, const float *weight,
                                            float *packed) {
  const size_t gates = gate_count(cell), groups = group_count(size, LANES);
  const size_t j = addend_brgemm_panel_start(BRGEMM, depth, panel);
  const size_t width = addend_brgemm_panel_start(BRGEMM, depth, panel + 1) - j;
  packed += j * groups * gates * LANES;
  for (size_t group = 0; group < groups; ++group)
    for (size_t slot = 0; slot < gates; ++slot, packed += LANES * width) {
      const size_t unit = group * LANES;
      const size_t units = size - unit < LANES ? size - unit : LANES;
      const float *from = weight + ADDEND_VARIANT(gate_of)(cell, recurrent, slot) * size + unit;
      size_t c = 0;
#if LANES >= 8
      if (units == LANES)
        for (; c + 8 <= width && j + c + 8 <= depth; c += 8) {
          const float *rows = from + (j + c) * gates * size;
          for (size_t r = 0; r < 8; ++r) FETCH(rows + r * gates * size + LANES);
          for (size_t u = 0; u < LANES; u += 8)
            addend_transpose_8x8(rows + u, gates * size, packed + u * width + c, width);
        }
#endif
      for (; c < width; ++c)
        for (size_t u = 0; u < LANES; ++u)
          packed[u * width + c] =
              u < units && j + c < depth ? from[(j + c) * gates * size + u] : 0.0f;
    }
}
