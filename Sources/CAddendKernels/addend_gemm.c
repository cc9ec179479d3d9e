#include "addend_gemm.h"

#include <string.h>

#if defined(__x86_64__)
#include "addend_transpose.h"
#endif

// A product in the manner of Goto & van de Geijn (2008), with columns of b in panels and rows of a
// where they are.

static size_t smaller(size_t x, size_t y) { return x < y ? x : y; }

/// The length of the next block when `rest` are left and none may be longer than `most`.
static size_t next_block(size_t rest, size_t most) {
  return addend_brgemm_next_rows(rest, most);
}

enum {
  // A sum's tile is loaded and stored once for so many products: half as many cost 4 %.
  depth_limit = 512,
  // Rows of a that stay in the second-level cache, 96 KB at full depth.
  row_limit = 48,
  // Numbers of a that stay there while panels of b are copied past them: 640 KB.
  held_limit = 160 << 10,
  // The widest panel of any kernels.
  most_columns = 64,
};

/// A block of op(a): where its rows are, as the tiles take them.
typedef struct {
  bool is_transposed;
  const float *rows;
  size_t stride;
} block;

/// All tiles of `rows` rows from first_row of c on, and one panel.
static void run_panel(const addend_brgemm_kernels *kernels, const addend_gemm *g, block a,
                      size_t first_row, size_t rows, addend_brgemm_tile *tile) {
  const size_t vector = (tile->columns + kernels->lanes - 1) / kernels->lanes - 1;
  const addend_brgemm_fn *run =
      a.is_transposed ? kernels->transposed[vector] : kernels->straight[vector];
  const float *row[addend_brgemm_most_rows];
  tile->a = row;
  tile->c += first_row * g->ldc;
  if (tile->residual) tile->residual += first_row * g->ldc;
  for (size_t i = 0; i < rows; i += tile->rows) {
    tile->rows = addend_brgemm_next_rows(rows - i, kernels->row_limit[vector]);
    if (a.is_transposed)
      row[0] = a.rows + i;
    else
      for (size_t r = 0; r < tile->rows; ++r) row[r] = a.rows + (i + r) * a.stride;
    run[tile->rows - 1](tile);
    tile->c += tile->rows * g->ldc;
    if (tile->residual) tile->residual += tile->rows * g->ldc;
  }
}

bool addend_gemm_collides(size_t lda) {
  // Such rows fall on a few lines of the first-level cache.
  return lda % 512 == 0;
}

/// The block of op(a) from row `i` and place `q` of the sums on; copied where its lines would push
/// each other out of the caches and the columns are enough to repay it.
static block find_block(const addend_gemm *g, size_t i, size_t rows, size_t q, size_t depth,
                        float *copy) {
  const float *first = g->transposes_a ? g->a + q * g->lda + i : g->a + i * g->lda + q;
  if (g->n < 192 || !addend_gemm_collides(g->lda)) return (block){g->transposes_a, first, g->lda};
  const size_t lines = g->transposes_a ? depth : rows, length = g->transposes_a ? rows : depth;
  // Sixteen floats more, so that the copy's lines do not collide in turn.
  const size_t stride = length + (g->transposes_a ? 0 : 16);
  for (size_t line = 0; line < lines; ++line)
    memcpy(copy + line * stride, first + line * g->lda, length * sizeof *copy);
  return (block){g->transposes_a, copy, stride};
}

/// The tile of `panel` for `depth` places of the sums from `q` on, its rows of a still to be set.
static addend_brgemm_tile start_tile(const addend_brgemm_kernels *kernels, const addend_gemm *g,
                                     size_t panel, size_t q, size_t depth) {
  const size_t start = addend_brgemm_panel_start(kernels, g->n, panel);
  const size_t end = addend_brgemm_panel_start(kernels, g->n, panel + 1);
  const bool is_last = q + depth >= g->k;
  return (addend_brgemm_tile){
      // Of the last panel's padding nothing is wanted.
      .columns = smaller(end, g->n) - start,
      .taps = 1,
      .depth = depth,
      .b = g->ldb ? g->b + q * g->ldb + start : g->b + g->k * start + q * (end - start),
      .ldb = g->ldb ? g->ldb : end - start,
      .is_padded = g->ldb == 0,
      .c = g->c + start,
      .ldc = g->ldc,
      .bias = is_last && g->bias ? g->bias + start : NULL,
      .residual = is_last && g->residual ? g->residual + start : NULL,
      .scale = g->scale,
      .accumulates = g->accumulates || q > 0,
      .rectifies = is_last && g->rectifies,
  };
}

/// panel[p][j] = b[p·ldb + j] for j < columns, zeros up to `width`.
static void pack_straight(size_t columns, size_t width, size_t k, const float *restrict b,
                          size_t ldb, float *restrict panel) {
  for (size_t p = 0; p < k; ++p) {
    memcpy(panel + p * width, b + p * ldb, columns * sizeof *panel);
    memset(panel + p * width + columns, 0, (width - columns) * sizeof *panel);
  }
}

void addend_gemm_run_copying(const addend_brgemm_kernels *kernels, const addend_gemm *g) {
  float copy[depth_limit * most_columns];
  for (size_t q = 0, depth; q < g->k; q += depth) {
    depth = next_block(g->k - q, depth_limit);
    for (size_t first = 0, held; first < g->m; first += held) {
      held = next_block(g->m - first, held_limit / depth);
      const float *rows = g->transposes_a ? g->a + q * g->lda + first : g->a + first * g->lda + q;
      for (size_t panel = g->first_panel; panel < g->first_panel + g->panels; ++panel) {
        addend_brgemm_tile tile = start_tile(kernels, g, panel, q, depth);
        const size_t width = (tile.columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
        pack_straight(tile.columns, width, depth, tile.b, g->ldb, copy);
        tile.b = copy;
        tile.ldb = width;
        tile.is_padded = true;
        tile.lda = g->lda;
        run_panel(kernels, g, (block){g->transposes_a, rows, g->lda}, first, held, &tile);
      }
    }
  }
}

void addend_gemm_run(const addend_brgemm_kernels *kernels, const addend_gemm *g) {
  float copy[row_limit * (depth_limit + 16)];
  for (size_t q = 0, depth; q == 0 || q < g->k; q += depth) {
    depth = g->k ? next_block(g->k - q, depth_limit) : 0;
    for (size_t ii = 0, rows; ii < g->m; ii += rows) {
      rows = next_block(g->m - ii, row_limit);
      const block a = find_block(g, ii, rows, q, depth, copy);
      for (size_t panel = g->first_panel; panel < g->first_panel + g->panels; ++panel) {
        addend_brgemm_tile tile = start_tile(kernels, g, panel, q, depth);
        tile.lda = a.stride;
        run_panel(kernels, g, a, ii, rows, &tile);
      }
    }
    if (!depth) break;
  }
}

static void transpose_scalar(size_t rows, size_t columns, const float *restrict from,
                             size_t from_stride, float *restrict to, size_t to_stride) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) to[c * to_stride + r] = from[r * from_stride + c];
}

/// panel[p][j] = b[j·ldb + p] for j < columns, zeros up to `width`.
static void pack_transposed(bool has_avx2, size_t columns, size_t width, size_t k,
                            const float *restrict b, size_t ldb, float *restrict panel) {
  enum { side = 8 };
  for (size_t p = 0; p < k; p += side) {
    const size_t depth = smaller(side, k - p);
    for (size_t j = 0; j < columns; j += side) {
      const size_t across = smaller(side, columns - j);
      const float *from = b + j * ldb + p;
      float *to = panel + p * width + j;
#if defined(__x86_64__)
      if (has_avx2 && depth == side && across == side) {
        addend_transpose_8x8(from, ldb, to, width);
        continue;
      }
#endif
      transpose_scalar(across, depth, from, ldb, to, width);
    }
    for (size_t x = p; x < p + depth; ++x)
      memset(panel + x * width + columns, 0, (width - columns) * sizeof *panel);
  }
  (void)has_avx2;
}

void addend_gemm_pack(const addend_brgemm_kernels *kernels, bool transposes_b, size_t n, size_t k,
                      const float *restrict b, size_t ldb, size_t first_panel, size_t panels,
                      float *restrict packed) {
  for (size_t i = first_panel; i < first_panel + panels; ++i) {
    const size_t start = addend_brgemm_panel_start(kernels, n, i);
    const size_t end = addend_brgemm_panel_start(kernels, n, i + 1);
    const size_t columns = smaller(end, n) - start, width = end - start;
    float *panel = packed + k * start;
    if (transposes_b) {
      // Kernels with vectors of eight or more come with AVX2.
      pack_transposed(kernels->lanes >= 8, columns, width, k, b + start * ldb, ldb, panel);
      continue;
    }
    pack_straight(columns, width, k, b + start, ldb, panel);
  }
}
