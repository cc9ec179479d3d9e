#include "addend_xsmm.h"

#ifdef ADDEND_LIBXSMM
#include <libxsmm.h>

// LIBXSMM's matrices lie by columns: to it, our rows are columns, and c = a b is cᵀ = bᵀ aᵀ. Its first
// operand is our panel, its second our rows of a.

enum {
  // The longest block of the sums.
  depth_limit = 512,
  extent_limit = 1 << 24,
};

/// A panel: which kind of kernel it takes, where it starts, its width in memory and that of the result.
typedef struct {
  size_t kind, start, width, columns;
} panel;

static panel find_panel(const addend_xsmm *p, size_t index) {
  const size_t start = addend_brgemm_panel_start(p->panels, p->n, index);
  const size_t width = addend_brgemm_panel_start(p->panels, p->n, index + 1) - start;
  const size_t rest = p->n - start;
  const bool is_widest = width == addend_brgemm_panel_start(p->panels, p->n, 1);
  return (panel){rest < width ? 2 : !is_widest, start, width, rest < width ? rest : width};
}

/// The kernel for `rows` rows of a panel.
static addend_xsmm_fn write_kernel(const addend_xsmm *p, size_t rows, const panel *x, size_t depth,
                                   bool accumulates) {
  const libxsmm_blasint lda = (libxsmm_blasint)x->width, ldb = (libxsmm_blasint)p->k;
  const libxsmm_blasint ldc = (libxsmm_blasint)p->n;
  const float alpha = 1, beta = accumulates ? 1 : 0;
  const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  return (addend_xsmm_fn)libxsmm_smmdispatch_reducebatch_strd(
      (libxsmm_blasint)x->columns, (libxsmm_blasint)rows, (libxsmm_blasint)depth,
      (libxsmm_blasint)(depth * x->width * sizeof(float)),
      (libxsmm_blasint)(depth * sizeof(float)), &lda, &ldb, &ldc, &alpha, &beta, &flags,
      &prefetch);
}

bool addend_xsmm_init(addend_xsmm *product, addend_isa isa, size_t m, size_t n, size_t k) {
  if (!m || !n || !k || m > extent_limit || n > extent_limit || k > extent_limit) return false;
  const size_t blocks = (k + depth_limit - 1) / depth_limit;
  *product = (addend_xsmm){.panels = addend_brgemm_select(isa),
                           .elements = addend_f32_select(isa),
                           .n = n,
                           .k = k,
                           .depth = (k + blocks - 1) / blocks};
  const size_t rest = k % product->depth, panels = addend_brgemm_panel_count(product->panels, n);
  for (size_t i = 0; i < panels; ++i) {
    const panel x = find_panel(product, i);
    for (size_t is_last = 0; is_last < 2; ++is_last) {
      const size_t rows = is_last ? m % addend_xsmm_rows : addend_xsmm_rows;
      addend_xsmm_fn *batch = &product->batch[is_last][x.kind];
      if (!rows || rows > m || *batch) continue;
      *batch = write_kernel(product, rows, &x, product->depth, false);
      if (!*batch) return false;
      if (!rest) continue;
      product->rest[is_last][x.kind] = write_kernel(product, rows, &x, rest, true);
      if (!product->rest[is_last][x.kind]) return false;
    }
  }
  return true;
}

/// Bias, residual and rectifier of rows of c, while they are near.
static void finish(const addend_gemm *g, size_t first_row, size_t rows, size_t start, size_t end,
                   const addend_f32_kernels *kernels) {
  if (!g->bias && !g->residual && !g->rectifies) return;
  const float *bias = g->bias ? g->bias + start : NULL;
  // Whole rows are one piece of memory.
  const bool is_whole = end - start == g->ldc;
  for (size_t i = first_row; i < first_row + rows; i += is_whole ? rows : 1) {
    const size_t at = i * g->ldc + start;
    kernels->finish_rows(is_whole ? rows : 1, end - start, bias,
                         g->residual ? g->residual + at : NULL, g->rectifies, g->c + at);
  }
}

void addend_xsmm_run(const addend_xsmm *product, const addend_gemm *g) {
  const unsigned long long count = g->k / product->depth, one = 1;
  const size_t whole = count * product->depth, end_panel = g->first_panel + g->panels;
  const size_t start = addend_brgemm_panel_start(product->panels, g->n, g->first_panel);
  for (size_t i = 0; i < g->m; i += addend_xsmm_rows) {
    const bool is_last = g->m - i < addend_xsmm_rows;
    const size_t rows = is_last ? g->m - i : addend_xsmm_rows;
    const float *a = g->a + i * g->lda;
    size_t end = 0;
    for (size_t j = g->first_panel; j < end_panel; ++j) {
      const panel x = find_panel(product, j);
      const float *b = g->b + g->k * x.start;
      float *c = g->c + i * g->ldc + x.start;
      end = x.start + x.columns;
      product->batch[is_last][x.kind](b, a, c, &count);
      if (product->rest[is_last][x.kind])
        product->rest[is_last][x.kind](b + whole * x.width, a + whole, c, &one);
    }
    finish(g, i, rows, start, end, product->elements);
  }
}
#else
bool addend_xsmm_init(addend_xsmm *product, addend_isa isa, size_t m, size_t n, size_t k) {
  (void)product, (void)isa, (void)m, (void)n, (void)k;
  return false;
}

void addend_xsmm_run(const addend_xsmm *product, const addend_gemm *gemm) {
  (void)product, (void)gemm;
}
#endif
