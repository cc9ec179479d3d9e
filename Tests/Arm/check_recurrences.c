#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_recurrent.h"
#include "addend_steps.h"
#include "check.h"

static const size_t gate_counts[] = {[ADDEND_CELL_ELMAN] = 1, [ADDEND_CELL_LSTM] = 4,
                                     [ADDEND_CELL_GRU] = 3};
static const char *names[] = {
    [ADDEND_CELL_ELMAN] = "elman", [ADDEND_CELL_LSTM] = "lstm", [ADDEND_CELL_GRU] = "gru"};

typedef struct {
  addend_cell cell;
  size_t batch, time, inputs, size;
  bool is_reversed, sums_first;
  const float *x, *start, *w, *r, *b, *c;
} recurrence;

/// Numbers within ±1, so that functions are not at their limits.
static float *small(size_t count) {
  float *numbers = check_floats(count);
  for (size_t i = 0; i < count; ++i) numbers[i] *= 0.125f;
  return numbers;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// One row through time by the equations.
static void follow(const recurrence *p, size_t row, double *outputs) {
  const size_t gates = gate_counts[p->cell], size = p->size, wide = gates * size;
  double h[64], s[64] = {0}, u[256], v[256];
  for (size_t j = 0; j < size; ++j) h[j] = (double)p->start[row * size + j], s[j] = 0;
  for (size_t step = 0; step < p->time; ++step) {
    const size_t t = p->is_reversed ? p->time - 1 - step : step;
    const float *x = p->x + (row * p->time + t) * p->inputs;
    for (size_t g = 0; g < wide; ++g) {
      u[g] = (double)p->b[g], v[g] = p->cell == ADDEND_CELL_GRU ? (double)p->c[g] : 0;
      for (size_t i = 0; i < p->inputs; ++i) u[g] += (double)x[i] * (double)p->w[i * wide + g];
      for (size_t i = 0; i < size; ++i) v[g] += h[i] * (double)p->r[i * wide + g];
    }
    for (size_t j = 0; j < size; ++j) {
      const double a = u[j] + v[j];
      if (p->cell == ADDEND_CELL_ELMAN) {
        h[j] = tanh(a);
      } else if (p->cell == ADDEND_CELL_LSTM) {
        const double f = sigmoid(u[size + j] + v[size + j]);
        const double o = sigmoid(u[2 * size + j] + v[2 * size + j]);
        s[j] = f * s[j] + sigmoid(a) * tanh(u[3 * size + j] + v[3 * size + j]);
        h[j] = o * tanh(s[j]);
      } else {
        const double z = sigmoid(u[size + j] + v[size + j]);
        const double n = tanh(u[2 * size + j] + sigmoid(a) * v[2 * size + j]);
        h[j] = n + z * (h[j] - n);
      }
      outputs[t * size + j] = h[j];
    }
  }
}

/// Forward, then backward from gradients `dy` of all outputs.
static void run(const recurrence *p, addend_isa set, const float *dy, float *output, float *dx,
                float *dw) {
  const addend_recurrent_kernels *kernels = addend_recurrent_select(set);
  const size_t groups = (p->size + kernels->lanes - 1) / kernels->lanes;
  const size_t padded = groups * kernels->lanes, slots = p->cell == ADDEND_CELL_ELMAN ? 1 : 4;
  const size_t rows = p->batch * p->time;
  size_t *starts = check_room((p->time + 1) * sizeof *starts, 8);
  for (size_t t = 0; t <= p->time; ++t) starts[t] = t * p->batch;
  float *packed[4], *turned[2];
  const float *weights[] = {p->w, p->r, p->b, p->c};
  const size_t depths[] = {p->inputs, p->size, 1, 1};
  for (size_t i = 0; i < 4; ++i) {
    packed[i] = check_room(kernels->packed_count(p->cell, depths[i], p->size) * sizeof(float), 64);
    kernels->pack(p->cell, i % 2, depths[i], p->size, 0, depths[i], weights[i], packed[i]);
  }
  for (size_t i = 0; i < 2; ++i) {
    turned[i] =
        check_room(kernels->transposed_count(p->cell, depths[i], p->size) * sizeof(float), 64);
    for (size_t panel = 0; panel < kernels->panel_count(depths[i]); ++panel)
      kernels->pack_transposed(p->cell, i % 2, depths[i], p->size, panel, weights[i], turned[i]);
  }
  const size_t state_count = p->batch * padded;
  float *memory = check_room(rows * padded * sizeof *memory, 64);
  float *zeros = check_room(2 * state_count * sizeof *zeros, 64);
  memset(zeros, 0, 2 * state_count * sizeof *zeros);
  float *first_memory = check_room(p->batch * p->size * sizeof *memory, 4);
  memset(first_memory, 0, p->batch * p->size * sizeof *memory);
  const addend_recurrent_pass pass = {.cell = p->cell,
                                      .batch = p->batch,
                                      .time = p->time,
                                      .input_size = p->inputs,
                                      .size = p->size,
                                      .reversed = p->is_reversed,
                                      .starts = starts,
                                      .x = p->x,
                                      .x_row = p->time * p->inputs,
                                      .x_step = p->inputs,
                                      .output = output,
                                      .output_row = p->time * p->size,
                                      .output_step = p->size,
                                      .memory = memory,
                                      .memory_step = state_count,
                                      .first_output = p->start,
                                      .first_memory = first_memory,
                                      .first_output_row = p->size,
                                      .first_memory_row = p->size,
                                      .gates = check_room(rows * padded * slots * sizeof(float), 64),
                                      .gate_rows = rows,
                                      .has_input_sums = p->sums_first,
                                      .keeps_gates = true,
                                      .input_weight = packed[0],
                                      .recurrent_weight = packed[1],
                                      .bias = packed[2],
                                      .recurrent_bias = packed[3]};
  const addend_recurrent_rows every = {0, 1, p->batch};
  if (p->sums_first) kernels->input_sums(&pass, every, 0, p->time);
  kernels->forward(&pass, every, 0, p->time, 0, groups);
  const addend_recurrent_gradients gradients = {.output = dy,
                                                .output_row = p->time * p->size,
                                                .output_step = p->size,
                                                .carried = zeros,
                                                .memory = zeros + state_count,
                                                .input_weight = turned[0],
                                                .recurrent_weight = turned[1],
                                                .x = dx,
                                                .x_row = p->time * p->inputs,
                                                .x_step = p->inputs};
  kernels->backward(&pass, &gradients, every);
  kernels->input_gradient(&pass, &gradients, 0, p->time);
  const size_t wide = gate_counts[p->cell] * p->size;
  const size_t most = p->inputs > p->size ? p->inputs : p->size;
  float *scratch = check_room(most * addend_recurrent_most_depth * sizeof *scratch, 64);
  kernels->weight_gradient(&pass, false, 0, p->inputs, false, dw, scratch);
  kernels->weight_gradient(&pass, true, 0, p->size, false, dw + p->inputs * wide, scratch);
  kernels->bias_gradient(&pass, false, 0, groups, false, dw + (p->inputs + p->size) * wide);
}

// Outputs beside the equations; the gradients' bits, which have their own check in Double, must be those
// of other machines.
static void check_sequences(addend_isa set) {
  const bool is_own =
      addend_recurrent_select(set) == addend_recurrent_select(ADDEND_ISA_SCALAR);
  check_begin("recurrent layers", true, false);
  for (size_t n = 0; n < 90; ++n) {
    const addend_cell cell = (addend_cell)(n % 3);
    recurrence p = {.cell = cell,
                    .batch = CHECK_ONE_OF(1, 2, 3, 7, 13),
                    .time = CHECK_ONE_OF(1, 2, 5),
                    .inputs = CHECK_ONE_OF(1, 4, 11),
                    .size = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 37),
                    .is_reversed = check_below(2),
                    // ELMAN takes its inputs' products in each step.
                    .sums_first = cell == ADDEND_CELL_GRU ||
                                  (cell == ADDEND_CELL_LSTM && check_below(2))};
    const size_t wide = gate_counts[cell] * p.size, rows = p.batch * p.time;
    p.x = small(rows * p.inputs), p.start = small(p.batch * p.size);
    p.w = small(p.inputs * wide), p.r = small(p.size * wide), p.b = small(wide), p.c = small(wide);
    const float *dy = small(rows * p.size);
    const size_t parameters = (p.inputs + p.size + 1) * wide;
    check_result output = check_results(rows * p.size * sizeof(float));
    check_result dx = check_results(rows * p.inputs * sizeof(float));
    check_result dw = check_results(parameters * sizeof(float));
    run(&p, ADDEND_ISA_SCALAR, dy, (float *)(void *)output.wanted, (float *)(void *)dx.wanted,
        (float *)(void *)dw.wanted);
    run(&p, set, dy, (float *)(void *)output.found, (float *)(void *)dx.found,
        (float *)(void *)dw.found);
    char what[80];
    snprintf(what, sizeof what, "%s, %zu of %zu steps, %zu to %zu", names[cell], p.batch, p.time,
             p.inputs, p.size);
    double *wanted = check_room(rows * p.size * sizeof *wanted, 8);
    for (size_t row = 0; row < p.batch; ++row) follow(&p, row, wanted + row * p.time * p.size);
    // Sums of at most 49 terms within ±1, functions within a few ulp, five steps.
    check_near(what, (const float *)(const void *)output.found, wanted, rows * p.size, 0x1p-15);
    if (is_own) {
      check_compare(what, output);
      check_compare(what, dx);
      check_compare(what, dw);
    }
    check_free();
  }
  check_end();
}

static void check_steps(addend_isa set, addend_step_functions functions) {
  const addend_step_kernels definition = addend_steps_select(ADDEND_ISA_SCALAR, functions);
  const addend_step_kernels variant = addend_steps_select(set, functions);
  check_begin(functions == ADDEND_STEPS_EXACT ? "recurrent steps" : "recurrent steps, K-TanH",
              variant.lstm != definition.lstm, false);
  for (size_t n = 0; n < 60; ++n) {
    const size_t rows = CHECK_ONE_OF(1, 2, 5), size = CHECK_ONE_OF(1, 3, 16, 17, 85, 300);
    const size_t count = rows * size;
    const float *input = check_floats(4 * count), *recurrent = check_floats(4 * count);
    const float *state = check_floats(count), *dh = check_floats(count);
    check_result results[8];
    for (size_t i = 0; i < 8; ++i)
      results[i] = check_results((i == 0 || i == 3 || i == 5 || i == 7 ? 4 : 1) * count * 4);
    for (size_t side = 0; side < 2; ++side) {
      const addend_step_kernels *kernels = side ? &variant : &definition;
      float *to[8];
      for (size_t i = 0; i < 8; ++i)
        to[i] = (float *)(void *)(side ? results[i].found : results[i].wanted);
      kernels->lstm(rows, size, input, recurrent, state, to[0], to[1], to[2]);
      memcpy(to[4], dh, count * 4);
      kernels->lstm_gradient(rows, size, to[0], state, to[1], dh, to[4], to[3]);
      kernels->gru(rows, size, input, recurrent, state, to[5], to[6]);
      kernels->elman(4 * count, input, recurrent, to[7]);
    }
    char what[80];
    snprintf(what, sizeof what, "%zu rows of %zu", rows, size);
    for (size_t i = 0; i < 8; ++i) check_compare(what, results[i]);
    check_free();
  }
  check_end();
}

void check_recurrences(addend_isa set) {
  check_sequences(set);
  check_steps(set, ADDEND_STEPS_EXACT);
  check_steps(set, ADDEND_STEPS_KTANH);
}
