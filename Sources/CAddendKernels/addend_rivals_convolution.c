#include "addend_rivals_onednn.h"

#ifdef ADDEND_ONEDNN

/// What all passes of a convolution are described by: the layouts outside and those asked for.
typedef struct {
  dnnl_memory_desc_t x, filter, y, own_x, own_filter, own_y;
  dnnl_dims_t strides, dilations, before, behind;
} convolution;

static convolution describe(bool keeps_channels_last, size_t batch, const addend_window *w,
                            size_t outputs) {
  const dnnl_dim_t n = (dnnl_dim_t)batch, c = (dnnl_dim_t)w->channels, k = (dnnl_dim_t)outputs;
  const dnnl_dims_t x = {n, c, (dnnl_dim_t)w->height, (dnnl_dim_t)w->width};
  const dnnl_dims_t filter = {k, c, (dnnl_dim_t)w->filter_height, (dnnl_dim_t)w->filter_width};
  const dnnl_dims_t y = {n, k, (dnnl_dim_t)w->output_height, (dnnl_dim_t)w->output_width};
  const dnnl_format_tag_t images = keeps_channels_last ? dnnl_nhwc : dnnl_format_tag_any;
  const dnnl_dim_t stride = (dnnl_dim_t)w->stride, dilation = (dnnl_dim_t)w->dilation - 1;
  const dnnl_dim_t padding = (dnnl_dim_t)w->padding;
  // oneDNN derives the output's extents from the padding behind, which the stride may leave unused.
  const size_t rows = (w->output_height - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1;
  const size_t columns =
      (w->output_width - 1) * w->stride + (w->filter_width - 1) * w->dilation + 1;
  return (convolution){
      .x = addend_rival_layout(4, x, dnnl_f32, dnnl_nhwc),
      .filter = addend_rival_layout(4, filter, dnnl_f32, dnnl_hwio),
      .y = addend_rival_layout(4, y, dnnl_f32, dnnl_nhwc),
      .own_x = addend_rival_layout(4, x, dnnl_f32, images),
      .own_filter = addend_rival_layout(4, filter, dnnl_f32, dnnl_format_tag_any),
      .own_y = addend_rival_layout(4, y, dnnl_f32, images),
      .strides = {stride, stride},
      .dilations = {dilation, dilation},
      .before = {padding, padding},
      .behind = {(dnnl_dim_t)rows - (dnnl_dim_t)w->height - padding,
                 (dnnl_dim_t)columns - (dnnl_dim_t)w->width - padding},
  };
}

static dnnl_primitive_desc_t choose_forward(const convolution *c, dnnl_prop_kind_t direction,
                                            dnnl_alg_kind_t algorithm) {
  dnnl_convolution_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_dilated_convolution_forward_desc_init(&operation, direction, algorithm, &c->own_x,
                                                 &c->own_filter, NULL, &c->own_y, c->strides,
                                                 c->dilations, c->before, c->behind) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, addend_rival_engine(), NULL))
    return NULL;
  return chosen;
}

static dnnl_primitive_desc_t choose_gradient(const convolution *c, addend_convolution_pass pass,
                                             dnnl_alg_kind_t algorithm) {
  dnnl_primitive_desc_t forward = choose_forward(c, dnnl_forward_training, algorithm);
  // A gradient may have the algorithm though the pass forward has not; any hint then serves.
  if (!forward) forward = choose_forward(c, dnnl_forward_training, dnnl_convolution_direct);
  if (!forward) return NULL;
  dnnl_convolution_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  const dnnl_status_t status =
      pass == ADDEND_CONVOLVE_INPUT
          ? dnnl_dilated_convolution_backward_data_desc_init(
                &operation, algorithm, &c->own_x, &c->own_filter, &c->own_y, c->strides,
                c->dilations, c->before, c->behind)
          : dnnl_dilated_convolution_backward_weights_desc_init(
                &operation, algorithm, &c->own_x, &c->own_filter, NULL, &c->own_y, c->strides,
                c->dilations, c->before, c->behind);
  if (status ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, addend_rival_engine(), forward))
    chosen = NULL;
  dnnl_primitive_desc_destroy(forward);
  return chosen;
}

/// Adds image, filter and y, of which one is the pass's result.
static bool add_operands(addend_rival *rival, const convolution *c, addend_convolution_pass pass,
                         const_dnnl_primitive_desc_t chosen) {
  const bool to_x = pass == ADDEND_CONVOLVE_INPUT, to_filter = pass == ADDEND_CONVOLVE_FILTER,
             to_y = pass == ADDEND_CONVOLVE_OUTPUT;
  return addend_rival_add(rival, &c->x, chosen, to_x ? dnnl_query_diff_src_md : dnnl_query_src_md,
                          0, to_x ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC) &&
         addend_rival_add(rival, &c->filter, chosen,
                          to_filter ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0,
                          to_filter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS) &&
         addend_rival_add(rival, &c->y, chosen, to_y ? dnnl_query_dst_md : dnnl_query_diff_dst_md,
                          0, to_y ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST);
}

addend_rival *addend_rival_convolution(addend_convolution_pass pass,
                                       addend_rival_algorithm algorithm, bool keeps_channels_last,
                                       size_t threads, size_t batch, const addend_window *window,
                                       size_t outputs) {
  addend_rival *rival = addend_rival_start(threads);
  if (!rival) return addend_rival_finish(rival, false);
  const convolution c = describe(keeps_channels_last, batch, window, outputs);
  const dnnl_alg_kind_t kind = algorithm == ADDEND_RIVAL_AUTO     ? dnnl_convolution_auto
                               : algorithm == ADDEND_RIVAL_DIRECT ? dnnl_convolution_direct
                                                                  : dnnl_convolution_winograd;
  dnnl_primitive_desc_t chosen = pass == ADDEND_CONVOLVE_OUTPUT
                                     ? choose_forward(&c, dnnl_forward_inference, kind)
                                     : choose_gradient(&c, pass, kind);
  if (!chosen) return addend_rival_finish(rival, false);
  const bool has_operands = add_operands(rival, &c, pass, chosen);
  return addend_rival_finish(rival, addend_rival_adopt(rival, chosen) && has_operands);
}
#else
addend_rival *addend_rival_convolution(addend_convolution_pass pass,
                                       addend_rival_algorithm algorithm, bool keeps_channels_last,
                                       size_t threads, size_t batch, const addend_window *window,
                                       size_t outputs) {
  (void)pass, (void)algorithm, (void)keeps_channels_last, (void)threads, (void)batch, (void)window;
  (void)outputs;
  return NULL;
}
#endif
