// For RTLD_DEFAULT.
#define _GNU_SOURCE
#include "addend_rivals.h"

#ifdef ADDEND_ONEDNN
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "addend_onednn.h"

enum { operand_limit = 10 };

typedef struct {
  dnnl_memory_desc_t outside, own;  // as the caller lays it out, and as the operation wants it
  dnnl_memory_t memory;
} operand;

struct addend_rival {
  size_t threads, operand_count, argument_count, first_argument_count;
  operand operands[operand_limit];
  dnnl_exec_arg_t arguments[20], first_arguments[20];
  dnnl_primitive_t primitive, first;
  // Of the pass before: weights in its own layouts, and what it hands over.
  operand first_weights[2];
  dnnl_memory_t workspace;
  // A recurrent layer's states before the first step, which are zero, and the gradients towards them.
  operand states[4];
  dnnl_stream_t stream;
  char implementation[64];
};

static dnnl_engine_t engine;
static void (*set_openmp_threads)(int);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  set_openmp_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
}

/// Lets oneDNN use so many threads from this one on, until `stay_alone`.
static void spread(size_t threads) {
  pthread_once(&once, find_engine);
  // Once this is done, no kernel of ours does it again and undoes what follows.
  addend_onednn_single_thread();
  if (set_openmp_threads) set_openmp_threads((int)threads);
}

static void stay_alone(void) {
  if (set_openmp_threads) set_openmp_threads(1);
}

bool addend_rival_onednn_f32(size_t threads, size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c) {
  spread(threads);
  const dnnl_status_t status =
      dnnl_sgemm('N', 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a, (dnnl_dim_t)k, b,
                 (dnnl_dim_t)n, 0, c, (dnnl_dim_t)n);
  stay_alone();
  return status == dnnl_success;
}

bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c) {
  addend_onednn_single_thread();
  const int32_t offset = 0;
  return dnnl_gemm_u8s8s32('N', 'N', 'F', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a,
                           (dnnl_dim_t)k, 0, b, (dnnl_dim_t)n, 0, 0, c, (dnnl_dim_t)n,
                           &offset) == dnnl_success;
}

static addend_rival *start(size_t threads) {
  spread(threads);
  addend_rival *rival = engine ? calloc(1, sizeof *rival) : NULL;
  if (rival && dnnl_stream_create(&rival->stream, engine, dnnl_stream_default_flags)) {
    free(rival);
    rival = NULL;
  }
  if (rival) rival->threads = threads;
  return rival;
}

/// What every making ends with.
static addend_rival *finish(addend_rival *rival, bool is_ready) {
  stay_alone();
  if (is_ready || !rival) return rival;
  addend_rival_destroy(rival);
  return NULL;
}

static dnnl_memory_desc_t layout(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                                 dnnl_format_tag_t tag) {
  dnnl_memory_desc_t description;
  if (dnnl_memory_desc_init_by_tag(&description, rank, dims, type, tag)) abort();
  return description;
}

static bool hold(operand *o, const dnnl_memory_desc_t *outside, const dnnl_memory_desc_t *own) {
  o->outside = *outside;
  o->own = *own;
  if (dnnl_memory_create(&o->memory, own, engine, DNNL_MEMORY_ALLOCATE)) {
    o->memory = NULL;
    return false;
  }
  void *data = NULL;
  if (dnnl_memory_get_data_handle(o->memory, &data) || !data) return false;
  memset(data, 0, dnnl_memory_desc_get_size(own));
  return true;
}

/// Adds the next operand, in the layout that `query` finds in `descriptor`, as argument `number`.
static bool add(addend_rival *rival, const dnnl_memory_desc_t *outside,
                const_dnnl_primitive_desc_t descriptor, dnnl_query_t query, int index, int number) {
  const dnnl_memory_desc_t *own = dnnl_primitive_desc_query_md(descriptor, query, index);
  if (!own || !own->ndims) return false;
  operand *o = &rival->operands[rival->operand_count++];
  if (!hold(o, outside, own)) return false;
  rival->arguments[rival->argument_count++] = (dnnl_exec_arg_t){number, o->memory};
  return true;
}

/// Makes the primitive and destroys the descriptor.
static bool adopt(addend_rival *rival, dnnl_primitive_desc_t descriptor) {
  const char *name = "";
  dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name);
  strncpy(rival->implementation, name, sizeof rival->implementation - 1);
  if (dnnl_primitive_create(&rival->primitive, descriptor)) rival->primitive = NULL;
  dnnl_primitive_desc_destroy(descriptor);
  return rival->primitive;
}

addend_rival *addend_rival_convolution(addend_convolution_pass pass,
                                       addend_rival_algorithm algorithm, bool keeps_channels_last,
                                       size_t threads, size_t batch, const addend_window *w,
                                       size_t outputs) {
  addend_rival *rival = start(threads);
  if (!rival) return finish(rival, false);
  const dnnl_dim_t n = (dnnl_dim_t)batch, c = (dnnl_dim_t)w->channels, k = (dnnl_dim_t)outputs;
  const dnnl_dims_t x_dims = {n, c, (dnnl_dim_t)w->height, (dnnl_dim_t)w->width};
  const dnnl_dims_t filter_dims = {k, c, (dnnl_dim_t)w->filter_height, (dnnl_dim_t)w->filter_width};
  const dnnl_dims_t y_dims = {n, k, (dnnl_dim_t)w->output_height, (dnnl_dim_t)w->output_width};
  const dnnl_memory_desc_t x = layout(4, x_dims, dnnl_f32, dnnl_nhwc),
                           filter = layout(4, filter_dims, dnnl_f32, dnnl_hwio),
                           y = layout(4, y_dims, dnnl_f32, dnnl_nhwc);
  const dnnl_format_tag_t images = keeps_channels_last ? dnnl_nhwc : dnnl_format_tag_any;
  const dnnl_memory_desc_t own_x = layout(4, x_dims, dnnl_f32, images),
                           own_filter = layout(4, filter_dims, dnnl_f32, dnnl_format_tag_any),
                           own_y = layout(4, y_dims, dnnl_f32, images);
  const dnnl_dim_t stride = (dnnl_dim_t)w->stride, dilation = (dnnl_dim_t)w->dilation - 1;
  const dnnl_dims_t strides = {stride, stride}, dilations = {dilation, dilation};
  const dnnl_dims_t before = {(dnnl_dim_t)w->padding, (dnnl_dim_t)w->padding};
  // oneDNN derives the output's extents from the padding behind, which the stride may leave unused.
  const dnnl_dims_t behind = {
      (dnnl_dim_t)((w->output_height - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1) -
          (dnnl_dim_t)(w->height + w->padding),
      (dnnl_dim_t)((w->output_width - 1) * w->stride + (w->filter_width - 1) * w->dilation + 1) -
          (dnnl_dim_t)(w->width + w->padding)};
  const dnnl_alg_kind_t kind = algorithm == ADDEND_RIVAL_AUTO     ? dnnl_convolution_auto
                               : algorithm == ADDEND_RIVAL_DIRECT ? dnnl_convolution_direct
                                                                  : dnnl_convolution_winograd;
  dnnl_convolution_desc_t operation;
  dnnl_primitive_desc_t forward = NULL, chosen = NULL;
  const dnnl_prop_kind_t direction =
      pass == ADDEND_CONVOLVE_OUTPUT ? dnnl_forward_inference : dnnl_forward_training;
  if (dnnl_dilated_convolution_forward_desc_init(&operation, direction, kind, &own_x, &own_filter,
                                                 NULL, &own_y, strides, dilations, before,
                                                 behind) ||
      dnnl_primitive_desc_create(&forward, &operation, NULL, engine, NULL))
    forward = NULL;
  // A gradient may have the algorithm though the pass forward has not; any hint then serves.
  if (!forward && pass != ADDEND_CONVOLVE_OUTPUT &&
      (dnnl_dilated_convolution_forward_desc_init(&operation, direction, dnnl_convolution_direct,
                                                  &own_x, &own_filter, NULL, &own_y, strides,
                                                  dilations, before, behind) ||
       dnnl_primitive_desc_create(&forward, &operation, NULL, engine, NULL)))
    forward = NULL;
  if (!forward) return finish(rival, false);
  if (pass == ADDEND_CONVOLVE_OUTPUT) {
    chosen = forward;
  } else {
    const dnnl_status_t status =
        pass == ADDEND_CONVOLVE_INPUT
            ? dnnl_dilated_convolution_backward_data_desc_init(&operation, kind, &own_x, &own_filter,
                                                               &own_y, strides, dilations, before,
                                                               behind)
            : dnnl_dilated_convolution_backward_weights_desc_init(
                  &operation, kind, &own_x, &own_filter, NULL, &own_y, strides, dilations, before,
                  behind);
    if (status || dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, forward))
      chosen = NULL;
    dnnl_primitive_desc_destroy(forward);
  }
  if (!chosen) return finish(rival, false);
  const bool to_x = pass == ADDEND_CONVOLVE_INPUT, to_filter = pass == ADDEND_CONVOLVE_FILTER,
             to_y = pass == ADDEND_CONVOLVE_OUTPUT;
  bool is_ready =
      add(rival, &x, chosen, to_x ? dnnl_query_diff_src_md : dnnl_query_src_md, 0,
          to_x ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC) &&
      add(rival, &filter, chosen, to_filter ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0,
          to_filter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS) &&
      add(rival, &y, chosen, to_y ? dnnl_query_dst_md : dnnl_query_diff_dst_md, 0,
          to_y ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST);
  is_ready = adopt(rival, chosen) && is_ready;
  return finish(rival, is_ready);
}

addend_rival *addend_rival_product(bool is_bfloat16, bool packs_b, size_t threads, size_t m, size_t n,
                                   size_t k) {
  addend_rival *rival = start(threads);
  if (!rival) return finish(rival, false);
  const dnnl_data_type_t type = is_bfloat16 ? dnnl_bf16 : dnnl_f32;
  const dnnl_dims_t a_dims = {(dnnl_dim_t)m, (dnnl_dim_t)k}, b_dims = {(dnnl_dim_t)k, (dnnl_dim_t)n},
                    c_dims = {(dnnl_dim_t)m, (dnnl_dim_t)n};
  const dnnl_memory_desc_t a = layout(2, a_dims, dnnl_f32, dnnl_ab),
                           b = layout(2, b_dims, dnnl_f32, dnnl_ab),
                           c = layout(2, c_dims, dnnl_f32, dnnl_ab),
                           own_a = layout(2, a_dims, type, dnnl_ab),
                           own_b = layout(2, b_dims, type, packs_b ? dnnl_format_tag_any : dnnl_ab);
  dnnl_matmul_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_matmul_desc_init(&operation, &own_a, &own_b, NULL, &c) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, NULL))
    return finish(rival, false);
  bool is_ready = add(rival, &a, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
                  add(rival, &b, chosen, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS) &&
                  add(rival, &c, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = adopt(rival, chosen) && is_ready;
  return finish(rival, is_ready);
}

addend_rival *addend_rival_tanh(bool is_bfloat16, size_t threads, size_t count) {
  addend_rival *rival = start(threads);
  if (!rival) return finish(rival, false);
  const dnnl_dims_t dims = {(dnnl_dim_t)count};
  const dnnl_memory_desc_t outside = layout(1, dims, dnnl_f32, dnnl_a),
                           own = layout(1, dims, is_bfloat16 ? dnnl_bf16 : dnnl_f32, dnnl_a);
  dnnl_eltwise_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_eltwise_forward_desc_init(&operation, dnnl_forward_inference, dnnl_eltwise_tanh, &own, 0,
                                     0) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, NULL))
    return finish(rival, false);
  bool is_ready = add(rival, &outside, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
                  add(rival, &outside, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = adopt(rival, chosen) && is_ready;
  return finish(rival, is_ready);
}

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
                                           &l->input, &l->recurrent, &l->bias, &l->y, NULL, NULL, 0);
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
    status = dnnl_lbr_gru_backward_desc_init(&operation, direction, way, &l->x, &l->state, &l->input,
                                             &l->recurrent, &l->bias, &l->y, NULL, &l->x, &l->state,
                                             &l->input, &l->recurrent, &l->bias, &l->y, NULL, 0);
  } else {
    status = dnnl_vanilla_rnn_backward_desc_init(
        &operation, direction, dnnl_eltwise_tanh, way, &l->x, &l->state, &l->input, &l->recurrent,
        &l->bias, &l->y, NULL, &l->x, &l->state, &l->input, &l->recurrent, &l->bias, &l->y, NULL, 0,
        0, 0);
  }
  dnnl_primitive_desc_t chosen = NULL;
  if (status || dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, forward)) return NULL;
  return chosen;
}

/// The states that a layer starts from. oneDNN 2.6 goes wrong without them: the gradients of an LSTM's
/// and a simple layer's recurrent weights then take in memory that nobody wrote.
static bool add_states(addend_rival *rival, addend_rival_cell cell, bool goes_back,
                       const dnnl_memory_desc_t *state) {
  static const int numbers[] = {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C, DNNL_ARG_DIFF_SRC_ITER,
                                DNNL_ARG_DIFF_SRC_ITER_C};
  for (size_t i = 0; i < (goes_back ? 4 : 2); ++i) {
    if (i % 2 && cell != ADDEND_RIVAL_LSTM) continue;
    if (!hold(&rival->states[i], state, state)) return false;
    rival->arguments[rival->argument_count++] =
        (dnnl_exec_arg_t){numbers[i], rival->states[i].memory};
  }
  return true;
}

static bool create_workspace(addend_rival *rival, const_dnnl_primitive_desc_t forward) {
  const dnnl_memory_desc_t *workspace =
      dnnl_primitive_desc_query_md(forward, dnnl_query_workspace_md, 0);
  if (workspace && !dnnl_memory_create(&rival->workspace, workspace, engine, DNNL_MEMORY_ALLOCATE))
    return true;
  rival->workspace = NULL;
  return false;
}

/// The pass forward that a pass back goes back through, on the same x, biases and y.
static bool add_first(addend_rival *rival, dnnl_primitive_desc_t forward,
                      const dnnl_memory_desc_t *input, const dnnl_memory_desc_t *recurrent) {
  const operand *o = rival->operands;
  if (!hold(&rival->first_weights[0], input,
            dnnl_primitive_desc_query_md(forward, dnnl_query_weights_md, 0)) ||
      !hold(&rival->first_weights[1], recurrent,
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

addend_rival *addend_rival_recurrent(addend_rival_cell cell, addend_rival_pass pass, size_t threads,
                                     size_t batch, size_t steps, size_t inputs, size_t size) {
  addend_rival *rival = start(threads);
  if (!rival) return finish(rival, false);
  const dnnl_dim_t gates = cell == ADDEND_RIVAL_LSTM ? 4 : cell == ADDEND_RIVAL_GRU ? 3 : 1;
  const dnnl_dim_t t = (dnnl_dim_t)steps, n = (dnnl_dim_t)batch, c = (dnnl_dim_t)inputs,
                   h = (dnnl_dim_t)size;
  const dnnl_dims_t x_dims = {t, n, c}, y_dims = {t, n, h}, input_dims = {1, 1, c, gates, h},
                    recurrent_dims = {1, 1, h, gates, h},
                    bias_dims = {1, 1, cell == ADDEND_RIVAL_GRU ? 4 : gates, h};
  const dnnl_dims_t state_dims = {1, 1, n, h};
  const recurrent_layouts outside = {
      layout(3, x_dims, dnnl_f32, dnnl_tnc), layout(4, state_dims, dnnl_f32, dnnl_ldnc), layout(3, y_dims, dnnl_f32, dnnl_tnc),
      layout(5, input_dims, dnnl_f32, dnnl_ldigo), layout(5, recurrent_dims, dnnl_f32, dnnl_ldigo),
      layout(4, bias_dims, dnnl_f32, dnnl_ldgo)};
  recurrent_layouts own = outside;
  own.input = layout(5, input_dims, dnnl_f32, dnnl_format_tag_any);
  own.recurrent = layout(5, recurrent_dims, dnnl_f32, dnnl_format_tag_any);
  const bool goes_back = pass == ADDEND_RIVAL_BACKWARD;
  dnnl_primitive_desc_t forward = describe_recurrent(
      cell, pass == ADDEND_RIVAL_INFERENCE ? dnnl_forward_inference : dnnl_forward_training, &own,
      NULL);
  if (!forward) return finish(rival, false);
  dnnl_primitive_desc_t chosen =
      goes_back ? describe_recurrent(cell, dnnl_backward, &own, forward) : forward;
  if (!chosen) {
    dnnl_primitive_desc_destroy(forward);
    return finish(rival, false);
  }
  bool is_ready =
      add(rival, &outside.x, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC_LAYER) &&
      add(rival, &outside.input, chosen, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS_LAYER) &&
      add(rival, &outside.recurrent, chosen, dnnl_query_weights_md, 1, DNNL_ARG_WEIGHTS_ITER) &&
      add(rival, &outside.bias, chosen, dnnl_query_weights_md, 2, DNNL_ARG_BIAS) &&
      add(rival, &outside.y, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST_LAYER);
  if (is_ready && goes_back)
    is_ready =
        add(rival, &outside.y, chosen, dnnl_query_diff_dst_md, 0, DNNL_ARG_DIFF_DST_LAYER) &&
        add(rival, &outside.x, chosen, dnnl_query_diff_src_md, 0, DNNL_ARG_DIFF_SRC_LAYER) &&
        add(rival, &outside.input, chosen, dnnl_query_diff_weights_md, 0,
            DNNL_ARG_DIFF_WEIGHTS_LAYER) &&
        add(rival, &outside.recurrent, chosen, dnnl_query_diff_weights_md, 1,
            DNNL_ARG_DIFF_WEIGHTS_ITER) &&
        add(rival, &outside.bias, chosen, dnnl_query_diff_weights_md, 2, DNNL_ARG_DIFF_BIAS);
  is_ready = is_ready && add_states(rival, cell, goes_back, &outside.state);
  if (is_ready && pass != ADDEND_RIVAL_INFERENCE) {
    is_ready = create_workspace(rival, forward);
    rival->arguments[rival->argument_count++] =
        (dnnl_exec_arg_t){DNNL_ARG_WORKSPACE, rival->workspace};
  }
  if (is_ready && goes_back)
    is_ready = add_first(rival, forward, &outside.input, &outside.recurrent);
  if (goes_back) dnnl_primitive_desc_destroy(forward);
  is_ready = adopt(rival, chosen) && is_ready;
  return finish(rival, is_ready);
}

void addend_rival_destroy(addend_rival *rival) {
  for (size_t i = 0; i < rival->operand_count; ++i)
    if (rival->operands[i].memory) dnnl_memory_destroy(rival->operands[i].memory);
  for (size_t i = 0; i < 2; ++i)
    if (rival->first_weights[i].memory) dnnl_memory_destroy(rival->first_weights[i].memory);
  for (size_t i = 0; i < 4; ++i)
    if (rival->states[i].memory) dnnl_memory_destroy(rival->states[i].memory);
  if (rival->workspace) dnnl_memory_destroy(rival->workspace);
  if (rival->first) dnnl_primitive_destroy(rival->first);
  if (rival->primitive) dnnl_primitive_destroy(rival->primitive);
  dnnl_stream_destroy(rival->stream);
  free(rival);
}

size_t addend_rival_count(const addend_rival *rival, size_t operand) {
  return operand < rival->operand_count
             ? dnnl_memory_desc_get_size(&rival->operands[operand].outside) / sizeof(float)
             : 0;
}

static void execute(addend_rival *rival, dnnl_primitive_t primitive, size_t count,
                    const dnnl_exec_arg_t *arguments) {
  spread(rival->threads);
  // A failure here means that the system is out of memory.
  if (dnnl_primitive_execute(primitive, rival->stream, (int)count, arguments) ||
      dnnl_stream_wait(rival->stream))
    abort();
  stay_alone();
}

/// Copies between the caller's memory and an operand's.
static void reorder(addend_rival *rival, const operand *o, void *values, bool is_inwards) {
  dnnl_memory_t outside;
  dnnl_primitive_desc_t descriptor;
  dnnl_primitive_t primitive;
  if (dnnl_memory_create(&outside, &o->outside, engine, values) ||
      dnnl_reorder_primitive_desc_create(&descriptor, is_inwards ? &o->outside : &o->own, engine,
                                         is_inwards ? &o->own : &o->outside, engine, NULL) ||
      dnnl_primitive_create(&primitive, descriptor))
    abort();
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, is_inwards ? outside : o->memory},
                                       {DNNL_ARG_TO, is_inwards ? o->memory : outside}};
  execute(rival, primitive, 2, arguments);
  dnnl_primitive_destroy(primitive);
  dnnl_primitive_desc_destroy(descriptor);
  dnnl_memory_destroy(outside);
}

void addend_rival_set(addend_rival *rival, size_t operand, const float *restrict values) {
  reorder(rival, &rival->operands[operand], (void *)values, true);
  if (rival->first && (operand == 1 || operand == 2))
    reorder(rival, &rival->first_weights[operand - 1], (void *)values, true);
}

void addend_rival_get(addend_rival *rival, size_t operand, float *restrict values) {
  reorder(rival, &rival->operands[operand], values, false);
}

void addend_rival_settle(addend_rival *rival) {
  if (rival->first)
    execute(rival, rival->first, rival->first_argument_count, rival->first_arguments);
}

void addend_rival_run(addend_rival *rival) {
  execute(rival, rival->primitive, rival->argument_count, rival->arguments);
}

const char *addend_rival_implementation(const addend_rival *rival) { return rival->implementation; }

bool addend_rival_is_same(const addend_rival *a, const addend_rival *b) {
  if (strcmp(a->implementation, b->implementation) || a->operand_count != b->operand_count ||
      a->threads != b->threads)
    return false;
  for (size_t i = 0; i < a->operand_count; ++i)
    if (!dnnl_memory_desc_equal(&a->operands[i].own, &b->operands[i].own)) return false;
  return true;
}
#else
bool addend_rival_onednn_f32(size_t threads, size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c) {
  (void)threads, (void)m, (void)n, (void)k, (void)a, (void)b, (void)c;
  return false;
}
bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c) {
  (void)m, (void)n, (void)k, (void)a, (void)b, (void)c;
  return false;
}
addend_rival *addend_rival_convolution(addend_convolution_pass pass,
                                       addend_rival_algorithm algorithm, bool keeps_channels_last,
                                       size_t threads, size_t batch, const addend_window *window,
                                       size_t outputs) {
  (void)pass, (void)algorithm, (void)keeps_channels_last, (void)threads, (void)batch, (void)window;
  (void)outputs;
  return NULL;
}
addend_rival *addend_rival_product(bool is_bfloat16, bool packs_b, size_t threads, size_t m, size_t n,
                                   size_t k) {
  (void)is_bfloat16, (void)packs_b, (void)threads, (void)m, (void)n, (void)k;
  return NULL;
}
addend_rival *addend_rival_recurrent(addend_rival_cell cell, addend_rival_pass pass, size_t threads,
                                     size_t batch, size_t steps, size_t inputs, size_t size) {
  (void)cell, (void)pass, (void)threads, (void)batch, (void)steps, (void)inputs, (void)size;
  return NULL;
}
addend_rival *addend_rival_tanh(bool is_bfloat16, size_t threads, size_t count) {
  (void)is_bfloat16, (void)threads, (void)count;
  return NULL;
}
// Without a rival there is nothing to call these on.
void addend_rival_destroy(addend_rival *rival) { (void)rival; }
size_t addend_rival_count(const addend_rival *rival, size_t operand) {
  (void)rival, (void)operand;
  return 0;
}
void addend_rival_set(addend_rival *rival, size_t operand, const float *restrict values) {
  (void)rival, (void)operand, (void)values;
}
void addend_rival_get(addend_rival *rival, size_t operand, float *restrict values) {
  (void)rival, (void)operand, (void)values;
}
void addend_rival_settle(addend_rival *rival) { (void)rival; }
void addend_rival_run(addend_rival *rival) { (void)rival; }
const char *addend_rival_implementation(const addend_rival *rival) {
  (void)rival;
  return "";
}
bool addend_rival_is_same(const addend_rival *a, const addend_rival *b) { return a == b; }
#endif
