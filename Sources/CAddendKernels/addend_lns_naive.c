#include "addend_lns_naive.h"

#include <math.h>
#include <string.h>

typedef addend_lns_naive_number number;

number addend_lns_naive_from(float x) {
  return x == 0 ? (number){0, 0} : (number){log2f(fabsf(x)), copysignf(1, x)};
}

float addend_lns_naive_value(number x) { return x.s * exp2f(x.l); }

static inline number product(number a, number b) { return (number){a.l + b.l, a.s * b.s}; }

static inline number sum(number a, number b) {
  if (a.s == 0) return b;
  if (b.s == 0) return a;
  const float value = a.s * exp2f(a.l) + b.s * exp2f(b.l);
  return value == 0 ? (number){0, 0} : (number){log2f(fabsf(value)), copysignf(1, value)};
}

// c[i][j] += Σ_p a[i][p] b[p][j], either operand with strides of its own; terms that are zero are
// skipped.
static void multiply(size_t m, size_t n, size_t k, const number *a, size_t a_row, size_t a_column,
                     const number *b, size_t b_row, size_t b_column, number *c) {
  for (size_t i = 0; i < m; ++i)
    for (size_t p = 0; p < k; ++p) {
      const number left = a[i * a_row + p * a_column];
      if (left.s == 0) continue;
      for (size_t j = 0; j < n; ++j)
        c[i * n + j] = sum(c[i * n + j], product(left, b[p * b_row + j * b_column]));
    }
}

static void clear(number *x, size_t count) { memset(x, 0, count * sizeof *x); }

void addend_lns_naive_forward(const addend_lns_naive *s) {
  for (size_t r = 0; r < s->batch; ++r) {
    memcpy(s->h + r * s->hidden, s->b1, s->hidden * sizeof *s->h);
    memcpy(s->y + r * s->outputs, s->b2, s->outputs * sizeof *s->y);
  }
  multiply(s->batch, s->hidden, s->inputs, s->x, s->inputs, 1, s->w1, s->hidden, 1, s->h);
  for (size_t i = 0; i < s->batch * s->hidden; ++i)
    if (s->h[i].s < 0) s->h[i].s = 0;
  multiply(s->batch, s->outputs, s->hidden, s->h, s->hidden, 1, s->w2, s->outputs, 1, s->y);
}

// The logits' row to its gradient.
static void differentiate(const addend_lns_naive *s, size_t row) {
  number *const y = s->y + row * s->outputs;
  float largest = addend_lns_naive_value(y[0]);
  for (size_t j = 1; j < s->outputs; ++j) largest = fmaxf(largest, addend_lns_naive_value(y[j]));
  number total = {0, 0};
  for (size_t j = 0; j < s->outputs; ++j) {
    y[j] = (number){(addend_lns_naive_value(y[j]) - largest) * 1.44269504f, 1};
    total = sum(total, y[j]);
  }
  for (size_t j = 0; j < s->outputs; ++j) {
    y[j].l -= total.l;
    if ((int32_t)j == s->classes[row]) y[j] = sum(y[j], (number){0, -1});
    y[j].l -= log2f((float)s->batch);
  }
}

static void add_rows(size_t rows, size_t n, const number *x, number *sums) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t j = 0; j < n; ++j) sums[j] = sum(sums[j], x[r * n + j]);
}

static void update(size_t count, number rate, const number *g, number *w) {
  for (size_t i = 0; i < count; ++i) {
    number step = product(rate, g[i]);
    step.s = -step.s;
    w[i] = sum(w[i], step);
  }
}

void addend_lns_naive_step(const addend_lns_naive *s) {
  const size_t first = s->inputs * s->hidden, second = s->hidden * s->outputs;
  addend_lns_naive_forward(s);
  for (size_t r = 0; r < s->batch; ++r) differentiate(s, r);
  clear(s->g1, first), clear(s->g2, second), clear(s->dh, s->batch * s->hidden);
  clear(s->c1, s->hidden), clear(s->c2, s->outputs);
  multiply(s->hidden, s->outputs, s->batch, s->h, 1, s->hidden, s->y, s->outputs, 1, s->g2);
  add_rows(s->batch, s->outputs, s->y, s->c2);
  multiply(s->batch, s->hidden, s->outputs, s->y, s->outputs, 1, s->w2, 1, s->outputs, s->dh);
  for (size_t i = 0; i < s->batch * s->hidden; ++i)
    if (s->h[i].s == 0) s->dh[i].s = 0;
  multiply(s->inputs, s->hidden, s->batch, s->x, 1, s->inputs, s->dh, s->hidden, 1, s->g1);
  add_rows(s->batch, s->hidden, s->dh, s->c1);
  update(first, s->rate, s->g1, s->w1), update(s->hidden, s->rate, s->c1, s->b1);
  update(second, s->rate, s->g2, s->w2), update(s->outputs, s->rate, s->c2, s->b2);
}
