#include "addend_convolution.h"

#ifdef ADDEND_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "addend_onednn.h"

bool addend_convolution_is_linked(void) { return true; }

struct addend_convolution {
  dnnl_memory_desc_t x, filter, packed, y, scratch;
  dnnl_primitive_t primitive, pack;
};

static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void create_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

/// The plain layouts of the three tensors, and the filter's layout left to oneDNN.
static bool describe(addend_convolution *convolution, size_t batch, const addend_window *w,
                     size_t outputs) {
  const dnnl_dim_t n = (dnnl_dim_t)batch, c = (dnnl_dim_t)w->channels, k = (dnnl_dim_t)outputs;
  const dnnl_dims_t x = {n, c, (dnnl_dim_t)w->height, (dnnl_dim_t)w->width};
  const dnnl_dims_t filter = {k, c, (dnnl_dim_t)w->filter_height, (dnnl_dim_t)w->filter_width};
  const dnnl_dims_t y = {n, k, (dnnl_dim_t)w->output_height, (dnnl_dim_t)w->output_width};
  return !dnnl_memory_desc_init_by_tag(&convolution->x, 4, x, dnnl_f32, dnnl_nhwc) &&
         !dnnl_memory_desc_init_by_tag(&convolution->filter, 4, filter, dnnl_f32, dnnl_hwio) &&
         !dnnl_memory_desc_init_by_tag(&convolution->packed, 4, filter, dnnl_f32,
                                       dnnl_format_tag_any) &&
         !dnnl_memory_desc_init_by_tag(&convolution->y, 4, y, dnnl_f32, dnnl_nhwc);
}

/// The direct algorithm's primitive descriptor.
static dnnl_primitive_desc_t choose(const addend_convolution *c, const addend_window *w,
                                    const_dnnl_primitive_attr_t attributes) {
  const dnnl_dim_t stride = (dnnl_dim_t)w->stride, dilation = (dnnl_dim_t)w->dilation - 1;
  const dnnl_dims_t strides = {stride, stride}, dilations = {dilation, dilation};
  const dnnl_dims_t before = {(dnnl_dim_t)w->padding, (dnnl_dim_t)w->padding};
  // oneDNN derives the output's extents from the padding behind, which the stride may leave partly
  // unused.
  const dnnl_dim_t last_row = (dnnl_dim_t)((w->output_height - 1) * w->stride +
                                           (w->filter_height - 1) * w->dilation + 1);
  const dnnl_dim_t last_column = (dnnl_dim_t)((w->output_width - 1) * w->stride +
                                              (w->filter_width - 1) * w->dilation + 1);
  const dnnl_dims_t behind = {last_row - (dnnl_dim_t)(w->height + w->padding),
                              last_column - (dnnl_dim_t)(w->width + w->padding)};
  dnnl_convolution_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_inference,
                                                 dnnl_convolution_direct, &c->x, &c->packed, NULL,
                                                 &c->y, strides, dilations, before, behind) ||
      dnnl_primitive_desc_create(&chosen, &operation, attributes, engine, NULL))
    return NULL;
  return chosen;
}

/// A primitive that copies between two layouts of the filter.
static dnnl_primitive_t create_reorder(const dnnl_memory_desc_t *from,
                                       const dnnl_memory_desc_t *to) {
  dnnl_primitive_desc_t descriptor;
  dnnl_primitive_t reorder = NULL;
  if (dnnl_reorder_primitive_desc_create(&descriptor, from, engine, to, engine, NULL)) return NULL;
  if (dnnl_primitive_create(&reorder, descriptor)) reorder = NULL;
  dnnl_primitive_desc_destroy(descriptor);
  return reorder;
}

/// Takes what is needed of the descriptor. False for the reference implementation and for those
/// that lay out patches, which our own patches beat.
static bool adopt(addend_convolution *convolution, dnnl_primitive_desc_t descriptor) {
  const char *name = "";
  dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name);
  if (strstr(name, "ref") || strstr(name, "gemm")) return false;
  convolution->packed = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
  convolution->scratch = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
  if (dnnl_primitive_create(&convolution->primitive, descriptor)) {
    convolution->primitive = NULL;
    return false;
  }
  convolution->pack = create_reorder(&convolution->filter, &convolution->packed);
  return convolution->pack;
}

addend_convolution *addend_convolution_create(size_t batch, const addend_window *window,
                                              size_t outputs) {
  // The thread count at creation is compiled in.
  addend_onednn_single_thread();
  pthread_once(&engine_once, create_engine);
  addend_convolution *convolution = calloc(1, sizeof *convolution);
  dnnl_primitive_attr_t attributes = NULL;
  if (!engine || !convolution || dnnl_primitive_attr_create(&attributes)) {
    free(convolution);
    return NULL;
  }
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  bool is_ready = false;
  if (describe(convolution, batch, window, outputs)) {
    const dnnl_primitive_desc_t descriptor = choose(convolution, window, attributes);
    if (descriptor) {
      is_ready = adopt(convolution, descriptor);
      dnnl_primitive_desc_destroy(descriptor);
    }
  }
  dnnl_primitive_attr_destroy(attributes);
  if (is_ready) return convolution;
  addend_convolution_destroy(convolution);
  return NULL;
}

void addend_convolution_destroy(addend_convolution *convolution) {
  if (convolution->primitive) dnnl_primitive_destroy(convolution->primitive);
  if (convolution->pack) dnnl_primitive_destroy(convolution->pack);
  free(convolution);
}

size_t addend_convolution_packed_count(const addend_convolution *convolution) {
  return dnnl_memory_desc_get_size(&convolution->packed) / sizeof(float);
}

size_t addend_convolution_scratch_bytes(const addend_convolution *convolution) {
  return dnnl_memory_desc_get_size(&convolution->scratch);
}

typedef struct {
  int argument;
  const dnnl_memory_desc_t *layout;
  void *data;
} operand;

/// Memory objects and stream live for one call: they cost little, and sharing them between threads
/// would take a lock. A failure here means that the system is out of memory.
static void execute(dnnl_primitive_t primitive, size_t count, const operand *operands) {
  addend_onednn_single_thread();
  dnnl_stream_t stream;
  dnnl_exec_arg_t arguments[4];
  if (dnnl_stream_create(&stream, engine, dnnl_stream_default_flags)) abort();
  for (size_t i = 0; i < count; ++i) {
    arguments[i].arg = operands[i].argument;
    if (dnnl_memory_create(&arguments[i].memory, operands[i].layout, engine, operands[i].data))
      abort();
  }
  if (dnnl_primitive_execute(primitive, stream, (int)count, arguments)) abort();
  for (size_t i = 0; i < count; ++i) dnnl_memory_destroy(arguments[i].memory);
  dnnl_stream_destroy(stream);
}

void addend_convolution_pack(const addend_convolution *convolution, const float *restrict filter,
                             float *restrict packed) {
  const operand operands[] = {{DNNL_ARG_FROM, &convolution->filter, (void *)filter},
                              {DNNL_ARG_TO, &convolution->packed, packed}};
  execute(convolution->pack, 2, operands);
}

void addend_convolution_run(const addend_convolution *convolution, const float *x,
                            const float *packed, float *y, void *scratch) {
  // oneDNN's memory objects take what is only read as they take what is written.
  const operand operands[] = {{DNNL_ARG_SRC, &convolution->x, (void *)x},
                              {DNNL_ARG_WEIGHTS, &convolution->packed, (void *)packed},
                              {DNNL_ARG_DST, &convolution->y, y},
                              {DNNL_ARG_SCRATCHPAD, &convolution->scratch, scratch}};
  execute(convolution->primitive, 4, operands);
}
#else
bool addend_convolution_is_linked(void) { return false; }

addend_convolution *addend_convolution_create(size_t batch, const addend_window *window,
                                              size_t outputs) {
  (void)batch, (void)window, (void)outputs;
  return NULL;
}
// Without a convolution there is nothing to call these on.
void addend_convolution_destroy(addend_convolution *convolution) { (void)convolution; }
size_t addend_convolution_packed_count(const addend_convolution *convolution) {
  (void)convolution;
  return 0;
}
size_t addend_convolution_scratch_bytes(const addend_convolution *convolution) {
  (void)convolution;
  return 0;
}
void addend_convolution_pack(const addend_convolution *convolution, const float *restrict filter,
                             float *restrict packed) {
  (void)convolution, (void)filter, (void)packed;
}
void addend_convolution_run(const addend_convolution *convolution, const float *x,
                            const float *packed, float *y, void *scratch) {
  (void)convolution, (void)x, (void)packed, (void)y, (void)scratch;
}
#endif
