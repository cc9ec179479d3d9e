#include "addend_rivals_onednn.h"

#ifdef ADDEND_ONEDNN
#include <string.h>

/// The layouts of a recurrent layer's operands as its primitive is asked for, weights left open.
typedef struct {
  dnnl_memory_desc_t x, state, y, input, recurrent, bias;
} recurrent_layouts;

/// The descriptor of a pass; of a pass back where `forward` is given.
static dnnl_primitive_desc_t describe_recurrent(addend_rival_cell cell, dnnl_prop_kind_t direction,
                                                const recurrent_layouts *l,
                                                const_dnnl_primitive_desc_t forward) {
  dnnl_rnn_desc_t operation;
  dnnl_status_t status = dnnl_unimplemented;
  const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
  if (!forward) {
    if (cell == ADDEND_RIVAL_LSTM)
      status = dnnl_lstm_forward_desc_init(&operation, direction, way, &l->x, &l->state, &l->state,
                                           &l->input, &l->recurrent, &l->bias, &l->y, NULL, NULL,
                                           0);
    else if (cell == ADDEND_RIVAL_GRU)
      status = dnnl_lbr_gru_forward_desc_init(&operation, direction, way, &l->x, &l->state,
                                              &l->input, &l->recurrent, &l->bias, &l->y, NULL, 0);
    else
      status = dnnl_vanilla_rnn_forward_desc_init(&operation, direction, dnnl_eltwise_tanh, way,
                                                  &l->x, &l->state, &l->input, &l->recurrent,
                                                  &l->bias, &l->y, NULL, 0, 0, 0);
  } else if (cell == ADDEND_RIVAL_LSTM) {
    status = dnnl_lstm_backward_desc_init(
        &operation, direction, way, &l->x, &l->state, &l->state, &l->input, &l->recurrent, &l->bias,
        &l->y, NULL, NULL, &l->x, &l->state, &l->state, &l->input, &l->recurrent, &l->bias, &l->y,
        NULL, NULL, 0);
  } else if (cell == ADDEND_RIVAL_GRU) {
    status = dnnl_lbr_gru_backward_desc_init(
        &operation, direction, way, &l->x, &l->state, &l->input, &l->recurrent, &l->bias, &l->y,
        NULL, &l->x, &l->state, &l->input, &l->recurrent, &l->bias, &l->y, NULL, 0);
  } else {
    status = dnnl_vanilla_rnn_backward_desc_init(
        &operation, direction, dnnl_eltwise_tanh, way, &l->x, &l->state, &l->input, &l->recurrent,
        &l->bias, &l->y, NULL, &l->x, &l->state, &l->input, &l->recurrent, &l->bias, &l->y, NULL, 0,
        0, 0);
  }
  dnnl_primitive_desc_t chosen = NULL;
  if (status ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, addend_rival_engine(), forward))
    return NULL;
  return chosen;
}

/// The states that a layer starts from. Without them, oneDNN 2.6.3 gives wrong gradients of the
/// recurrent weights of an LSTM and of a simple layer.
static bool add_states(addend_rival *rival, addend_rival_cell cell, bool goes_back,
                       const dnnl_memory_desc_t *state) {
  static const int numbers[] = {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C, DNNL_ARG_DIFF_SRC_ITER,
                                DNNL_ARG_DIFF_SRC_ITER_C};
  for (size_t i = 0; i < (goes_back ? 4 : 2); ++i) {
    if (i % 2 && cell != ADDEND_RIVAL_LSTM) continue;
    if (!addend_rival_hold(&rival->states[i], state, state)) return false;
    rival->arguments[rival->argument_count++] =
        (dnnl_exec_arg_t){numbers[i], rival->states[i].memory};
  }
  return true;
}

static bool add_workspace(addend_rival *rival, const_dnnl_primitive_desc_t forward) {
  const dnnl_memory_desc_t *workspace =
      dnnl_primitive_desc_query_md(forward, dnnl_query_workspace_md, 0);
  if (!workspace || dnnl_memory_create(&rival->workspace, workspace, addend_rival_engine(),
                                       DNNL_MEMORY_ALLOCATE)) {
    rival->workspace = NULL;
    return false;
  }
  rival->arguments[rival->argument_count++] =
      (dnnl_exec_arg_t){DNNL_ARG_WORKSPACE, rival->workspace};
  return true;
}

/// The pass forward that a pass back goes back through, on the same x, biases and y.
static bool add_first(addend_rival *rival, dnnl_primitive_desc_t forward,
                      const dnnl_memory_desc_t *input, const dnnl_memory_desc_t *recurrent) {
  const addend_rival_operand *o = rival->operands;
  if (!addend_rival_hold(&rival->first_weights[0], input,
                         dnnl_primitive_desc_query_md(forward, dnnl_query_weights_md, 0)) ||
      !addend_rival_hold(&rival->first_weights[1], recurrent,
                         dnnl_primitive_desc_query_md(forward, dnnl_query_weights_md, 1)))
    return false;
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC_LAYER, o[0].memory},
                                       {DNNL_ARG_WEIGHTS_LAYER, rival->first_weights[0].memory},
                                       {DNNL_ARG_WEIGHTS_ITER, rival->first_weights[1].memory},
                                       {DNNL_ARG_BIAS, o[3].memory},
                                       {DNNL_ARG_DST_LAYER, o[4].memory},
                                       {DNNL_ARG_WORKSPACE, rival->workspace},
                                       {DNNL_ARG_SRC_ITER, rival->states[0].memory},
                                       {DNNL_ARG_SRC_ITER_C, rival->states[1].memory}};
  // Only an LSTM has the last.
  rival->first_argument_count = sizeof arguments / sizeof *arguments - !rival->states[1].memory;
  memcpy(rival->first_arguments, arguments, sizeof arguments);
  return !dnnl_primitive_create(&rival->first, forward);
}

static recurrent_layouts describe_layouts(addend_rival_cell cell, size_t batch, size_t steps,
                                          size_t inputs, size_t size) {
  const dnnl_dim_t gates = cell == ADDEND_RIVAL_LSTM ? 4 : cell == ADDEND_RIVAL_GRU ? 3 : 1;
  const dnnl_dim_t biases = cell == ADDEND_RIVAL_GRU ? 4 : gates;
  const dnnl_dim_t t = (dnnl_dim_t)steps, n = (dnnl_dim_t)batch, c = (dnnl_dim_t)inputs,
                   h = (dnnl_dim_t)size;
  const dnnl_dims_t x = {t, n, c}, y = {t, n, h}, state = {1, 1, n, h},
                    input = {1, 1, c, gates, h}, recurrent = {1, 1, h, gates, h},
                    bias = {1, 1, biases, h};
  return (recurrent_layouts){
      .x = addend_rival_layout(3, x, dnnl_f32, dnnl_tnc),
      .state = addend_rival_layout(4, state, dnnl_f32, dnnl_ldnc),
      .y = addend_rival_layout(3, y, dnnl_f32, dnnl_tnc),
      .input = addend_rival_layout(5, input, dnnl_f32, dnnl_ldigo),
      .recurrent = addend_rival_layout(5, recurrent, dnnl_f32, dnnl_ldigo),
      .bias = addend_rival_layout(4, bias, dnnl_f32, dnnl_ldgo),
  };
}

/// The same extents in a layout of oneDNN's choice.
static dnnl_memory_desc_t left_open(const dnnl_memory_desc_t *l) {
  return addend_rival_layout(l->ndims, l->dims, l->data_type, dnnl_format_tag_any);
}

/// Adds the operands in their order, and what a pass needs beside them.
static bool add_operands(addend_rival *rival, addend_rival_cell cell, addend_rival_pass pass,
                         const recurrent_layouts *l, const_dnnl_primitive_desc_t chosen) {
  const struct {
    const dnnl_memory_desc_t *outside;
    dnnl_query_t query;
    int index, argument;
  } operands[] = {
      {&l->x, dnnl_query_src_md, 0, DNNL_ARG_SRC_LAYER},
      {&l->input, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS_LAYER},
      {&l->recurrent, dnnl_query_weights_md, 1, DNNL_ARG_WEIGHTS_ITER},
      {&l->bias, dnnl_query_weights_md, 2, DNNL_ARG_BIAS},
      {&l->y, dnnl_query_dst_md, 0, DNNL_ARG_DST_LAYER},
      {&l->y, dnnl_query_diff_dst_md, 0, DNNL_ARG_DIFF_DST_LAYER},
      {&l->x, dnnl_query_diff_src_md, 0, DNNL_ARG_DIFF_SRC_LAYER},
      {&l->input, dnnl_query_diff_weights_md, 0, DNNL_ARG_DIFF_WEIGHTS_LAYER},
      {&l->recurrent, dnnl_query_diff_weights_md, 1, DNNL_ARG_DIFF_WEIGHTS_ITER},
      {&l->bias, dnnl_query_diff_weights_md, 2, DNNL_ARG_DIFF_BIAS},
  };
  const bool goes_back = pass == ADDEND_RIVAL_BACKWARD;
  for (size_t i = 0; i < (goes_back ? 10 : 5); ++i)
    if (!addend_rival_add(rival, operands[i].outside, chosen, operands[i].query, operands[i].index,
                          operands[i].argument))
      return false;
  return add_states(rival, cell, goes_back, &l->state);
}

addend_rival *addend_rival_recurrent(addend_rival_cell cell, addend_rival_pass pass, size_t threads,
                                     size_t batch, size_t steps, size_t inputs, size_t size) {
  addend_rival *rival = addend_rival_start(threads);
  if (!rival) return addend_rival_finish(rival, false);
  const recurrent_layouts outside = describe_layouts(cell, batch, steps, inputs, size);
  recurrent_layouts own = outside;
  own.input = left_open(&outside.input);
  own.recurrent = left_open(&outside.recurrent);
  const bool goes_back = pass == ADDEND_RIVAL_BACKWARD;
  dnnl_primitive_desc_t forward = describe_recurrent(
      cell, pass == ADDEND_RIVAL_INFERENCE ? dnnl_forward_inference : dnnl_forward_training, &own,
      NULL);
  if (!forward) return addend_rival_finish(rival, false);
  dnnl_primitive_desc_t chosen =
      goes_back ? describe_recurrent(cell, dnnl_backward, &own, forward) : forward;
  if (!chosen) {
    dnnl_primitive_desc_destroy(forward);
    return addend_rival_finish(rival, false);
  }
  bool is_ready = add_operands(rival, cell, pass, &outside, chosen);
  if (pass != ADDEND_RIVAL_INFERENCE) is_ready = is_ready && add_workspace(rival, forward);
  if (goes_back) {
    is_ready = is_ready && add_first(rival, forward, &outside.input, &outside.recurrent);
    dnnl_primitive_desc_destroy(forward);
  }
  return addend_rival_finish(rival, addend_rival_adopt(rival, chosen) && is_ready);
}
#else
addend_rival *addend_rival_recurrent(addend_rival_cell cell, addend_rival_pass pass, size_t threads,
                                     size_t batch, size_t steps, size_t inputs, size_t size) {
  (void)cell, (void)pass, (void)threads, (void)batch, (void)steps, (void)inputs, (void)size;
  return NULL;
}
#endif
