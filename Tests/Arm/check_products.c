#include <stdio.h>
#include <string.h>

#include "addend_bf16.h"
#include "addend_gemm.h"
#include "check_halves.h"

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

static addend_halves_rounding rounding_of(check_half_kind kind, int bits, size_t count,
                                          const float *x, const addend_halves_kernels *kernels,
                                          addend_halves_scale *scale) {
  if (kind != BFLOAT16) return addend_halves_fixed(kernels->largest(count, x), bits, scale);
  *scale = (addend_halves_scale){true, 0};
  return (addend_halves_rounding){.is_fixed = false};
}

static void run_halves(check_half_kind kind, product p, addend_isa set, const float *a,
                       const float *b, const float *bias, const float *residual, float *c) {
  const addend_brgemm_kernels *kernels = check_half_kernels(kind, set);
  const addend_halves_kernels *halves = addend_halves_select(set);
  const size_t words = (p.k + 1) / 2;
  addend_halves_scale left_scale, right_scale;
  const addend_halves_rounding left = rounding_of(kind, 15, p.m * p.k, a, halves, &left_scale);
  const addend_halves_rounding right =
      rounding_of(kind, kind == FIXED ? 14 : 15, p.k * p.n, b, halves, &right_scale);
  float factors[2];
  addend_halves_factors(left_scale, right_scale, factors);
  uint32_t *rows = check_room(p.m * words * sizeof *rows, 4);
  if (p.transposes_a) addend_halves_pair_rows(halves, &left, p.k, p.m, a, p.m, p.m, rows);
  else addend_halves_pair_channels(halves, &left, p.m, p.k, a, rows);
  addend_gemm gemm = gemm_of(p, words, kernels);
  float *packed = check_room(words * addend_brgemm_padded(kernels, p.n) * sizeof *packed, 4);
  if (p.transposes_b) {
    uint32_t *columns = check_room(p.n * words * sizeof *columns, 4);
    addend_halves_pair_channels(halves, &right, p.n, p.k, b, columns);
    addend_gemm_pack(kernels, true, p.n, words, (const float *)(const void *)columns, words, 0,
                     gemm.panels, packed);
  } else {
    for (size_t i = 0; i < gemm.panels; ++i) {
      const size_t start = addend_brgemm_panel_start(kernels, p.n, i);
      const size_t end = addend_brgemm_panel_start(kernels, p.n, i + 1);
      addend_halves_pair_rows(halves, &right, p.k, (end < p.n ? end : p.n) - start, b + start, p.n,
                              end - start, (uint32_t *)(void *)(packed + words * start));
    }
  }
  gemm.transposes_a = p.transposes_a;
  gemm.a = (const float *)(const void *)rows, gemm.lda = p.transposes_a ? p.m : words;
  gemm.b = packed, gemm.c = c, gemm.bias = bias, gemm.residual = residual, gemm.scale = factors;
  addend_bf16_run(kernels, &gemm);
}

static void check_16_bits(check_half_kind kind, const char *name, addend_isa set) {
  const addend_brgemm_kernels *definition = check_half_kernels(kind, ADDEND_ISA_SCALAR);
  check_begin(name, check_half_kernels(kind, set) != definition, false);
  for (size_t n = 0; n < 200; ++n) {
    product p = any_product();
    if (!p.k) continue;
    const float *a = check_floats(p.m * p.k), *b = check_floats(p.k * p.n);
    const float *before = check_floats(p.m * p.n);
    const float *bias = p.has_bias ? check_floats(p.n) : NULL;
    const float *residual = p.has_residual ? check_floats(p.m * p.n) : NULL;
    check_result c = check_results(p.m * p.n * sizeof(float));
    memcpy(c.wanted, before, c.bytes);
    memcpy(c.found, before, c.bytes);
    run_halves(kind, p, ADDEND_ISA_SCALAR, a, b, bias, residual, (float *)(void *)c.wanted);
    run_halves(kind, p, set, a, b, bias, residual, (float *)(void *)c.found);
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
  check_16_bits(BFLOAT16, "products of bfloat16", set);
  check_16_bits(FIXED, "products in dynamic fixed point", set);
  check_16_bits(WIDE_FIXED, "products in wide dynamic fixed point", set);
}
