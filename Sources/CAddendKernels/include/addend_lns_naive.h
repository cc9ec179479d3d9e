#ifndef ADDEND_LNS_NAIVE_H
#define ADDEND_LNS_NAIVE_H
#include <stddef.h>
#include <stdint.h>

// A rival for benchmarks: a training step on logarithms as one writes it down who has the C library's
// logarithm and exponential, an addition being log2(exp2(a) + exp2(b)).

/// x = s 2^l; s is 1, -1, or 0 for zero.
typedef struct {
  float l, s;
} addend_lns_naive_number;

typedef struct {
  size_t batch, inputs, hidden, outputs;
  const addend_lns_naive_number *x;  // [batch][inputs]
  const int32_t *classes;            // [batch]
  addend_lns_naive_number *w1, *b1;  // [inputs][hidden], [hidden]
  addend_lns_naive_number *w2, *b2;  // [hidden][outputs], [outputs]
  addend_lns_naive_number *h, *dh;   // [batch][hidden]
  addend_lns_naive_number *y;        // [batch][outputs]: the logits, then their gradient
  addend_lns_naive_number *g1, *g2;  // as w1, w2
  addend_lns_naive_number *c1, *c2;  // as b1, b2
  addend_lns_naive_number rate;
} addend_lns_naive;

addend_lns_naive_number addend_lns_naive_from(float x);
float addend_lns_naive_value(addend_lns_naive_number x);

/// The logits of a perceptron with one rectified hidden layer.
void addend_lns_naive_forward(const addend_lns_naive *step);
/// Forward, softmax and cross-entropy's gradient (the mean's over the batch), backward, and
/// w -= rate g.
void addend_lns_naive_step(const addend_lns_naive *step);
#endif
