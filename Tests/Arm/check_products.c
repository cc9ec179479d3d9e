#include <stdio.h>
#include <string.h>

#include "addend_bf16.h"
#include "addend_gemm.h"
#include "check.h"

// Products of whole numbers are exact in any order, so that plain sums say what is wanted; the bits of
// others are the definition's alone.

typedef struct {
  size_t m, n, k;
  bool transposes_a, transposes_b, packs, accumulates, rectifies, has_bias, has_residual;
} product;

static product any_product(void) {
  return (product){.m = CHECK_ONE_OF(1, 2, 5, 6, 7, 13, 49),
                   .n = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 33, 65),
                   .k = CHECK_ONE_OF(0, 1, 2, 7, 64, 513),
                   .transposes_a = check_below(2),
                   .transposes_b = check_below(2),
                   .packs = check_below(2),
                   .accumulates = check_below(2),
                   .rectifies = check_below(2),
                   .has_bias = check_below(2),
                   .has_residual = check_below(2)};
}

static void describe(product p, char *what, size_t size) {
  snprintf(what, size, "%zux%zux%zu%s%s%s", p.m, p.n, p.k, p.transposes_a ? ", a transposed" : "",
           p.transposes_b ? ", b transposed" : "", p.packs ? ", packed" : "");
}

static addend_gemm gemm_of(product p, size_t k, const addend_brgemm_kernels *kernels) {
  return (addend_gemm){.m = p.m,
                       .n = p.n,
                       .k = k,
                       .panels = addend_brgemm_panel_count(kernels, p.n),
                       .ldc = p.n,
                       .accumulates = p.accumulates,
                       .rectifies = p.rectifies};
}

static void finish(const product *p, const float *before, const float *bias, const float *residual,
                   float *sums) {
  for (size_t i = 0; i < p->m * p->n; ++i) {
    if (p->accumulates) sums[i] += before[i];
    if (bias) sums[i] += bias[i % p->n];
    if (residual) sums[i] += residual[i];
    if (p->rectifies && !(sums[i] > 0)) sums[i] = 0;
  }
}

static void run(product p, const addend_brgemm_kernels *kernels, const float *a, const float *b,
                const float *bias, const float *residual, float *c) {
  addend_gemm gemm = gemm_of(p, p.k, kernels);
  gemm.a = a, gemm.c = c, gemm.bias = bias, gemm.residual = residual;
  gemm.transposes_a = p.transposes_a;
  gemm.lda = p.transposes_a ? p.m : p.k;
  if (p.packs || p.transposes_b) {
    float *packed = check_room(p.k * addend_brgemm_padded(kernels, p.n) * sizeof *packed, 4);
    addend_gemm_pack(kernels, p.transposes_b, p.n, p.k, b, p.transposes_b ? p.k : p.n, 0,
                     gemm.panels, packed);
    gemm.b = packed;
  } else {
    gemm.b = b, gemm.ldb = p.n;
  }
  addend_gemm_run(kernels, &gemm);
}

static void check_f32(addend_isa set, bool is_whole) {
  const addend_brgemm_kernels *definition = addend_brgemm_select(ADDEND_ISA_SCALAR);
  const addend_brgemm_kernels *variant = addend_brgemm_select(set);
  // Sets with a fused unit round elsewhere.
  if (!is_whole && variant != definition) return;
  check_begin(is_whole ? "products, whole numbers" : "products", is_whole, false);
  for (size_t n = 0; n < 300; ++n) {
    const product p = any_product();
    float *(*const numbers)(size_t) = is_whole ? check_whole_floats : check_floats;
    const float *a = numbers(p.m * p.k), *b = numbers(p.k * p.n), *before = numbers(p.m * p.n);
    const float *bias = p.has_bias ? numbers(p.n) : NULL;
    const float *residual = p.has_residual ? numbers(p.m * p.n) : NULL;
    check_result c = check_results(p.m * p.n * sizeof(float));
    float *wanted = (float *)(void *)c.wanted, *found = (float *)(void *)c.found;
    memcpy(found, before, c.bytes);
    run(p, variant, a, b, bias, residual, found);
    if (is_whole) {
      for (size_t i = 0; i < p.m * p.n; ++i) wanted[i] = 0;
      for (size_t i = 0; i < p.m; ++i)
        for (size_t q = 0; q < p.k; ++q)
          for (size_t j = 0; j < p.n; ++j)
            wanted[i * p.n + j] += a[p.transposes_a ? q * p.m + i : i * p.k + q] *
                                   b[p.transposes_b ? j * p.k + q : q * p.n + j];
      finish(&p, before, bias, residual, wanted);
    } else {
      memcpy(wanted, before, c.bytes);
      run(p, definition, a, b, bias, residual, wanted);
    }
    char what[80];
    describe(p, what, sizeof what);
    check_compare(what, c);
    check_free();
  }
  check_end();
}

/// Rows of bfloat16 numbers, each filled up to a whole number of words.
static uint16_t *rows_of_bf16(size_t rows, size_t columns, size_t wide) {
  uint16_t *numbers = check_room(rows * wide * sizeof *numbers, 4);
  addend_bf16_round(rows, columns, check_floats(rows * columns), wide, numbers);
  return numbers;
}

static void run_bf16(product p, addend_isa set, const uint16_t *a, const uint16_t *b,
                     const float *bias, const float *residual, float *c) {
  const addend_brgemm_kernels *kernels = addend_bf16_select(set);
  const size_t words = (p.k + 1) / 2;
  addend_gemm gemm = gemm_of(p, words, kernels);
  float *packed = check_room(words * addend_brgemm_padded(kernels, p.n) * sizeof *packed, 4);
  addend_bf16_pack(kernels, p.transposes_b, p.n, p.k, b, p.transposes_b ? p.k : p.n, 0,
                   gemm.panels, packed);
  gemm.a = (const float *)(const void *)a, gemm.lda = words;
  gemm.b = packed, gemm.c = c, gemm.bias = bias, gemm.residual = residual;
  addend_bf16_run(kernels, &gemm);
}

static void check_bf16(addend_isa set) {
  check_begin("products of bfloat16",
              addend_bf16_select(set) != addend_bf16_select(ADDEND_ISA_SCALAR), false);
  for (size_t n = 0; n < 200; ++n) {
    product p = any_product();
    p.transposes_a = false;
    const uint16_t *a = rows_of_bf16(p.m, p.k, (p.k + 1) / 2 * 2);
    const uint16_t *b = rows_of_bf16(1, p.k * p.n, p.k * p.n);
    const float *before = check_floats(p.m * p.n);
    const float *bias = p.has_bias ? check_floats(p.n) : NULL;
    const float *residual = p.has_residual ? check_floats(p.m * p.n) : NULL;
    check_result c = check_results(p.m * p.n * sizeof(float));
    memcpy(c.wanted, before, c.bytes);
    memcpy(c.found, before, c.bytes);
    run_bf16(p, ADDEND_ISA_SCALAR, a, b, bias, residual, (float *)(void *)c.wanted);
    run_bf16(p, set, a, b, bias, residual, (float *)(void *)c.found);
    char what[80];
    describe(p, what, sizeof what);
    check_compare(what, c);
    check_free();
  }
  check_end();
}

void check_products(addend_isa set) {
  check_f32(set, true);
  check_f32(set, false);
  check_bf16(set);
}
