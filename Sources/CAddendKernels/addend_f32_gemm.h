// A product in the manner of Goto & van de Geijn (2008): panels of op(a), 6 rows wide, and of op(b),
// 16 columns wide, are packed contiguously, and a 6×16 tile of c stays in registers over a panel.

#if ADDEND_FUSED
#define MULTIPLY_ADD(x, y, z) __builtin_fmaf(x, y, z)
#else
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#endif

/// panel[p][i] = op(a)(i, p) for `width` rows of op(a); rows from `count` on are zeros.
ADDEND_INLINE void ADDEND_VARIANT(pack)(const size_t width, size_t count, size_t depth,
                                        size_t step, size_t along, const float *restrict a,
                                        float *restrict panel) {
  for (size_t p = 0; p < depth; ++p)
    for (size_t i = 0; i < width; ++i)
      panel[p * width + i] = i < count ? a[i * step + p * along] : 0.0f;
}

/// tile [6][16] = Σ_p left[p][·] right[p][·].
ADDEND_INLINE void ADDEND_VARIANT(tile_product)(size_t depth, const float *restrict left,
                                                const float *restrict right,
                                                float *restrict tile) {
  float sums[6][16] = {{0}};
  for (size_t p = 0; p < depth; ++p)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 6; ++i)
      for (size_t j = 0; j < 16; ++j)
        sums[i][j] = MULTIPLY_ADD(left[p * 6 + i], right[p * 16 + j], sums[i][j]);
  memcpy(tile, sums, sizeof sums);
}

static void ADDEND_VARIANT(gemm)(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                                 const float *restrict a, size_t lda, const float *restrict b,
                                 size_t ldb, bool accumulate, float *restrict c, size_t ldc,
                                 float *restrict scratch) {
  enum { depth_limit = 256, row_limit = 96, column_limit = 128 };
  float *left = scratch, *right = scratch + depth_limit * row_limit;
  const size_t a_row = transpose_a ? 1 : lda, a_depth = transpose_a ? lda : 1;
  const size_t b_column = transpose_b ? ldb : 1, b_depth = transpose_b ? 1 : ldb;
  if (!accumulate)
    for (size_t i = 0; i < m; ++i) memset(c + i * ldc, 0, n * sizeof *c);
  for (size_t q = 0; q < k; q += depth_limit) {
    const size_t depth = k - q < depth_limit ? k - q : depth_limit;
    for (size_t jj = 0; jj < n; jj += column_limit) {
      const size_t columns = n - jj < column_limit ? n - jj : column_limit;
      for (size_t j = 0; j < columns; j += 16)
        ADDEND_VARIANT(pack)(16, columns - j, depth, b_column, b_depth,
                             b + (jj + j) * b_column + q * b_depth, right + j * depth);
      for (size_t ii = 0; ii < m; ii += row_limit) {
        const size_t rows = m - ii < row_limit ? m - ii : row_limit;
        for (size_t i = 0; i < rows; i += 6)
          ADDEND_VARIANT(pack)(6, rows - i, depth, a_row, a_depth,
                               a + (ii + i) * a_row + q * a_depth, left + i * depth);
        for (size_t j = 0; j < columns; j += 16)
          for (size_t i = 0; i < rows; i += 6) {
            float tile[6 * 16];
            ADDEND_VARIANT(tile_product)(depth, left + i * depth, right + j * depth, tile);
            const size_t high = rows - i < 6 ? rows - i : 6;
            const size_t wide = columns - j < 16 ? columns - j : 16;
            float *corner = c + (ii + i) * ldc + jj + j;
            for (size_t r = 0; r < high; ++r)
              for (size_t s = 0; s < wide; ++s) corner[r * ldc + s] += tile[r * 16 + s];
          }
      }
    }
  }
}

#undef MULTIPLY_ADD
