#include "addend_rivals_onednn.h"

#ifdef ADDEND_ONEDNN

addend_rival *addend_rival_product_int8(bool packs_b, size_t threads, size_t m, size_t n,
                                        size_t k) {
  addend_rival *rival = addend_rival_start(threads);
  if (!rival) return addend_rival_finish(rival, false);
  const dnnl_dims_t a_dims = {(dnnl_dim_t)m, (dnnl_dim_t)k},
                    b_dims = {(dnnl_dim_t)k, (dnnl_dim_t)n},
                    c_dims = {(dnnl_dim_t)m, (dnnl_dim_t)n};
  const dnnl_memory_desc_t a = addend_rival_layout(2, a_dims, dnnl_f32, dnnl_ab),
                           b = addend_rival_layout(2, b_dims, dnnl_f32, dnnl_ab),
                           c = addend_rival_layout(2, c_dims, dnnl_f32, dnnl_ab),
                           own_a = addend_rival_layout(2, a_dims, dnnl_u8, dnnl_ab),
                           own_b = addend_rival_layout(2, b_dims, dnnl_s8,
                                                       packs_b ? dnnl_format_tag_any : dnnl_ab),
                           own_c = addend_rival_layout(2, c_dims, dnnl_s32, dnnl_ab);
  dnnl_matmul_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_matmul_desc_init(&operation, &own_a, &own_b, NULL, &own_c) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, addend_rival_engine(), NULL))
    return addend_rival_finish(rival, false);
  bool is_ready = addend_rival_add(rival, &a, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
                  addend_rival_add(rival, &b, chosen, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS) &&
                  addend_rival_add(rival, &c, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = addend_rival_adopt(rival, chosen) && is_ready;
  return addend_rival_finish(rival, is_ready);
}

/// What follows the sums; NULL without memory.
static dnnl_primitive_attr_t make_finish(bool is_int8, bool adds, bool rectifies, size_t outputs) {
  dnnl_primitive_attr_t finish = NULL;
  dnnl_post_ops_t steps = NULL;
  if (dnnl_primitive_attr_create(&finish)) return NULL;
  bool is_ready = !dnnl_post_ops_create(&steps);
  if (is_ready && adds) is_ready = !dnnl_post_ops_append_sum(steps, is_int8 ? 0.75f : 1);
  if (is_ready && rectifies)
    is_ready = !dnnl_post_ops_append_eltwise(steps, 1, dnnl_eltwise_relu, 0, 0);
  is_ready = is_ready && !dnnl_primitive_attr_set_post_ops(finish, steps);
  if (steps) dnnl_post_ops_destroy(steps);
  enum { most_outputs = 4096 };
  if (is_ready && is_int8 && outputs <= most_outputs) {
    float scales[most_outputs];
    for (size_t j = 0; j < outputs; ++j) scales[j] = 0x1p-9f + 0x1p-20f * (float)j;
    is_ready = !dnnl_primitive_attr_set_output_scales(finish, (dnnl_dim_t)outputs, 2, scales);
  }
  if (is_ready && (!is_int8 || outputs <= most_outputs)) return finish;
  dnnl_primitive_attr_destroy(finish);
  return NULL;
}

addend_rival *addend_rival_layer(bool is_int8, bool adds, bool rectifies, size_t threads,
                                 size_t batch, const addend_window *w, size_t outputs) {
  addend_rival *rival = addend_rival_start(threads);
  dnnl_primitive_attr_t finish = rival ? make_finish(is_int8, adds, rectifies, outputs) : NULL;
  if (!finish) return addend_rival_finish(rival, false);
  const dnnl_dim_t n = (dnnl_dim_t)batch, c = (dnnl_dim_t)w->channels, o = (dnnl_dim_t)outputs,
                   stride = (dnnl_dim_t)w->stride, padding = (dnnl_dim_t)w->padding;
  const dnnl_dims_t x_dims = {n, c, (dnnl_dim_t)w->height, (dnnl_dim_t)w->width},
                    filter_dims = {o, c, (dnnl_dim_t)w->filter_height, (dnnl_dim_t)w->filter_width},
                    bias_dims = {o},
                    y_dims = {n, o, (dnnl_dim_t)w->output_height, (dnnl_dim_t)w->output_width};
  const size_t rows = (w->output_height - 1) * w->stride + (w->filter_height - 1) * w->dilation + 1;
  const size_t columns =
      (w->output_width - 1) * w->stride + (w->filter_width - 1) * w->dilation + 1;
  const dnnl_dims_t strides = {stride, stride},
                    dilations = {(dnnl_dim_t)w->dilation - 1, (dnnl_dim_t)w->dilation - 1},
                    before = {padding, padding},
                    behind = {(dnnl_dim_t)rows - (dnnl_dim_t)w->height - padding,
                              (dnnl_dim_t)columns - (dnnl_dim_t)w->width - padding};
  const dnnl_format_tag_t images = is_int8 ? dnnl_nhwc : dnnl_format_tag_any;
  const dnnl_data_type_t type = is_int8 ? dnnl_u8 : dnnl_f32;
  const dnnl_memory_desc_t
      x = addend_rival_layout(4, x_dims, dnnl_f32, dnnl_nhwc),
      filter = addend_rival_layout(4, filter_dims, dnnl_f32, dnnl_hwio),
      bias = addend_rival_layout(1, bias_dims, dnnl_f32, dnnl_a),
      y = addend_rival_layout(4, y_dims, dnnl_f32, dnnl_nhwc),
      own_x = addend_rival_layout(4, x_dims, type, images),
      own_filter = addend_rival_layout(4, filter_dims, is_int8 ? dnnl_s8 : dnnl_f32,
                                       dnnl_format_tag_any),
      own_bias = addend_rival_layout(1, bias_dims, is_int8 ? dnnl_s32 : dnnl_f32, dnnl_a),
      own_y = addend_rival_layout(4, y_dims, type, images);
  dnnl_convolution_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  const bool is_there =
      !dnnl_dilated_convolution_forward_desc_init(
          &operation, dnnl_forward_inference, dnnl_convolution_direct, &own_x, &own_filter,
          &own_bias, &own_y, strides, dilations, before, behind) &&
      !dnnl_primitive_desc_create(&chosen, &operation, finish, addend_rival_engine(), NULL);
  dnnl_primitive_attr_destroy(finish);
  if (!is_there) return addend_rival_finish(rival, false);
  bool is_ready =
      addend_rival_add(rival, &x, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
      addend_rival_add(rival, &filter, chosen, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS) &&
      addend_rival_add(rival, &bias, chosen, dnnl_query_weights_md, 1, DNNL_ARG_BIAS) &&
      addend_rival_add(rival, &y, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = addend_rival_adopt(rival, chosen) && is_ready;
  return addend_rival_finish(rival, is_ready);
}
#else
addend_rival *addend_rival_product_int8(bool packs_b, size_t threads, size_t m, size_t n,
                                        size_t k) {
  (void)packs_b, (void)threads, (void)m, (void)n, (void)k;
  return NULL;
}
addend_rival *addend_rival_layer(bool is_int8, bool adds, bool rectifies, size_t threads,
                                 size_t batch, const addend_window *window, size_t outputs) {
  (void)is_int8, (void)adds, (void)rectifies, (void)threads, (void)batch, (void)window;
  (void)outputs;
  return NULL;
}
#endif
