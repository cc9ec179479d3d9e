#include "addend_gemm.h"

#include <string.h>

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
};

/// All tiles of `rows` rows and one panel.
static void run_panel(const addend_brgemm_kernels *kernels, const addend_gemm *g, size_t first_row,
                      size_t rows, addend_brgemm_tile *tile) {
  const size_t vector = (tile->columns + kernels->lanes - 1) / kernels->lanes - 1;
  const addend_brgemm_fn *run =
      g->transposes_a ? kernels->transposed[vector] : kernels->straight[vector];
  float *const corner = tile->c;
  const float *row[addend_brgemm_most_rows];
  for (size_t i = first_row; i < first_row + rows; i += tile->rows) {
    tile->rows = addend_brgemm_next_rows(first_row + rows - i, kernels->row_limit[vector]);
    if (g->transposes_a)
      row[0] = g->a + i;
    else
      for (size_t r = 0; r < tile->rows; ++r) row[r] = g->a + (i + r) * g->lda;
    tile->a = row;
    tile->c = corner + i * g->ldc;
    run[tile->rows - 1](tile);
  }
  tile->c = corner;
}

void addend_gemm_run(const addend_brgemm_kernels *kernels, const addend_gemm *g) {
  const size_t panels = addend_brgemm_panel_count(kernels, g->n);
  if (g->k == 0 && g->accumulates && !g->bias && !g->rectifies) return;
  for (size_t q = 0, depth; q == 0 || q < g->k; q += depth) {
    depth = g->k ? next_block(g->k - q, depth_limit) : 0;
    const bool is_last = q + depth >= g->k;
    for (size_t ii = 0, rows; ii < g->m; ii += rows) {
      rows = next_block(g->m - ii, row_limit);
      for (size_t panel = 0; panel < panels; ++panel) {
        const size_t start = addend_brgemm_panel_start(kernels, g->n, panel);
        const size_t end = addend_brgemm_panel_start(kernels, g->n, panel + 1);
        // Of the last panel's padding nothing is wanted.
        const size_t columns = smaller(end, g->n) - start;
        addend_brgemm_tile tile = {
            .columns = columns,
            .taps = 1,
            .depth = depth,
            .a_offset = g->transposes_a ? q * g->lda : q,
            .lda = g->lda,
            .b = g->ldb ? g->b + q * g->ldb + start : g->b + g->k * start + q * (end - start),
            .ldb = g->ldb ? g->ldb : end - start,
            .is_padded = g->ldb == 0,
            .c = g->c + start,
            .ldc = g->ldc,
            .bias = is_last && g->bias ? g->bias + start : NULL,
            .accumulates = g->accumulates || q > 0,
            .rectifies = is_last && g->rectifies,
        };
        run_panel(kernels, g, ii, rows, &tile);
      }
    }
    if (!depth) break;
  }
}

/// panel[p][j] = b[j·ldb + p], in squares that stay in the first-level cache.
static void pack_transposed(size_t columns, size_t width, size_t k, const float *restrict b,
                            size_t ldb, float *restrict panel) {
  enum { side = 16 };
  for (size_t p = 0; p < k; p += side) {
    const size_t depth = smaller(side, k - p);
    for (size_t j = 0; j < columns; j += side) {
      const size_t across = smaller(side, columns - j);
      for (size_t x = 0; x < depth; ++x)
        for (size_t y = 0; y < across; ++y)
          panel[(p + x) * width + j + y] = b[(j + y) * ldb + p + x];
    }
    for (size_t x = p; x < p + depth; ++x)
      memset(panel + x * width + columns, 0, (width - columns) * sizeof *panel);
  }
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
      pack_transposed(columns, width, k, b + start * ldb, ldb, panel);
      continue;
    }
    for (size_t p = 0; p < k; ++p) {
      memcpy(panel + p * width, b + p * ldb + start, columns * sizeof *panel);
      memset(panel + p * width + columns, 0, (width - columns) * sizeof *panel);
    }
  }
}
