// For RTLD_DEFAULT.
#define _GNU_SOURCE
#include "addend_rivals_onednn.h"

#ifdef ADDEND_ONEDNN
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "addend_onednn.h"

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

dnnl_engine_t addend_rival_engine(void) { return engine; }

addend_rival *addend_rival_start(size_t threads) {
  spread(threads);
  addend_rival *rival = engine ? calloc(1, sizeof *rival) : NULL;
  if (rival && dnnl_stream_create(&rival->stream, engine, dnnl_stream_default_flags)) {
    free(rival);
    rival = NULL;
  }
  if (rival) rival->threads = threads;
  return rival;
}

addend_rival *addend_rival_finish(addend_rival *rival, bool is_ready) {
  stay_alone();
  if (is_ready || !rival) return rival;
  addend_rival_destroy(rival);
  return NULL;
}

dnnl_memory_desc_t addend_rival_layout(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type,
                                 dnnl_format_tag_t tag) {
  dnnl_memory_desc_t description;
  if (dnnl_memory_desc_init_by_tag(&description, rank, dims, type, tag)) abort();
  return description;
}

bool addend_rival_hold(addend_rival_operand *o, const dnnl_memory_desc_t *outside,
                       const dnnl_memory_desc_t *own) {
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

bool addend_rival_add(addend_rival *rival, const dnnl_memory_desc_t *outside,
                const_dnnl_primitive_desc_t descriptor, dnnl_query_t query, int index, int number) {
  const dnnl_memory_desc_t *own = dnnl_primitive_desc_query_md(descriptor, query, index);
  if (!own || !own->ndims) return false;
  addend_rival_operand *o = &rival->operands[rival->operand_count++];
  if (!addend_rival_hold(o, outside, own)) return false;
  rival->arguments[rival->argument_count++] = (dnnl_exec_arg_t){number, o->memory};
  return true;
}

bool addend_rival_adopt(addend_rival *rival, dnnl_primitive_desc_t descriptor) {
  const char *name = "";
  dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name);
  strncpy(rival->implementation, name, sizeof rival->implementation - 1);
  if (dnnl_primitive_create(&rival->primitive, descriptor)) rival->primitive = NULL;
  dnnl_primitive_desc_destroy(descriptor);
  return rival->primitive;
}

addend_rival *addend_rival_product(bool is_bfloat16, bool packs_b, size_t threads, size_t m,
                                   size_t n, size_t k) {
  addend_rival *rival = addend_rival_start(threads);
  if (!rival) return addend_rival_finish(rival, false);
  const dnnl_data_type_t type = is_bfloat16 ? dnnl_bf16 : dnnl_f32;
  const dnnl_dims_t a_dims = {(dnnl_dim_t)m, (dnnl_dim_t)k},
                    b_dims = {(dnnl_dim_t)k, (dnnl_dim_t)n},
                    c_dims = {(dnnl_dim_t)m, (dnnl_dim_t)n};
  const dnnl_memory_desc_t a = addend_rival_layout(2, a_dims, dnnl_f32, dnnl_ab),
                           b = addend_rival_layout(2, b_dims, dnnl_f32, dnnl_ab),
                           c = addend_rival_layout(2, c_dims, dnnl_f32, dnnl_ab),
                           own_a = addend_rival_layout(2, a_dims, type, dnnl_ab),
                           own_b = addend_rival_layout(2, b_dims, type,
                                                       packs_b ? dnnl_format_tag_any : dnnl_ab);
  dnnl_matmul_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_matmul_desc_init(&operation, &own_a, &own_b, NULL, &c) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, NULL))
    return addend_rival_finish(rival, false);
  bool is_ready = addend_rival_add(rival, &a, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
                  addend_rival_add(rival, &b, chosen, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS) &&
                  addend_rival_add(rival, &c, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = addend_rival_adopt(rival, chosen) && is_ready;
  return addend_rival_finish(rival, is_ready);
}

addend_rival *addend_rival_tanh(bool is_bfloat16, size_t threads, size_t count) {
  addend_rival *rival = addend_rival_start(threads);
  if (!rival) return addend_rival_finish(rival, false);
  const dnnl_dims_t dims = {(dnnl_dim_t)count};
  const dnnl_memory_desc_t outside = addend_rival_layout(1, dims, dnnl_f32, dnnl_a),
                           own = addend_rival_layout(
                               1, dims, is_bfloat16 ? dnnl_bf16 : dnnl_f32, dnnl_a);
  dnnl_eltwise_desc_t operation;
  dnnl_primitive_desc_t chosen = NULL;
  if (dnnl_eltwise_forward_desc_init(&operation, dnnl_forward_inference, dnnl_eltwise_tanh, &own, 0,
                                     0) ||
      dnnl_primitive_desc_create(&chosen, &operation, NULL, engine, NULL))
    return addend_rival_finish(rival, false);
  bool is_ready = addend_rival_add(rival, &outside, chosen, dnnl_query_src_md, 0, DNNL_ARG_SRC) &&
                  addend_rival_add(rival, &outside, chosen, dnnl_query_dst_md, 0, DNNL_ARG_DST);
  is_ready = addend_rival_adopt(rival, chosen) && is_ready;
  return addend_rival_finish(rival, is_ready);
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
static void reorder(addend_rival *rival, const addend_rival_operand *o, void *values,
                    bool is_inwards) {
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
addend_rival *addend_rival_product(bool is_bfloat16, bool packs_b, size_t threads, size_t m,
                                   size_t n, size_t k) {
  (void)is_bfloat16, (void)packs_b, (void)threads, (void)m, (void)n, (void)k;
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
