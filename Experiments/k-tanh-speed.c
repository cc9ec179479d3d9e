// K-TanH beside libmvec's and oneDNN's hyperbolic tangent, one thread; see k-tanh-speed.sh.
#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addend_f32.h"
#include "addend_ktanh.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
AVX512 __m512 _ZGVeN16v_tanhf(__m512 x);

enum { rounds = 101 };

static size_t count;
static uint16_t *x, *y;
static float *wide_x, *wide_y;
static addend_ktanh_kernels kernels, wider;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void ktanh_bf16(void) { kernels.bf16(count, x, y); }
static void ktanh_bf16_avx2(void) { wider.bf16(count, x, y); }
static void ktanh_f32(void) { kernels.f32(ADDEND_KTANH_TANH, count, wide_x, wide_y); }

static void exact_f32(void) {
  addend_f32_select(ADDEND_ISA_AVX512_VNNI)->activate(ADDEND_TANH, 0, count, wide_x, wide_y);
}

AVX512 static void libmvec_f32(void) {
  for (size_t i = 0; i < count; i += 16)
    _mm512_storeu_ps(wide_y + i, _ZGVeN16v_tanhf(_mm512_loadu_ps(wide_x + i)));
}

// Widened by a shift, rounded by the processor's own instruction.
AVX512 static void libmvec_bf16(void) {
  for (size_t i = 0; i < count; i += 16) {
    const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(x + i)));
    const __m512 value = _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
    _mm256_storeu_si256((__m256i *)(y + i),
                        (__m256i)_mm512_cvtneps_pbh(_ZGVeN16v_tanhf(value)));
  }
}

// As much memory traffic and nothing else: what K-TanH cannot go below.
static void copy_bf16(void) { memcpy(y, x, count * sizeof *x); }

typedef struct {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[2];
} eltwise;
static dnnl_engine_t engine;
static dnnl_stream_t stream;
static eltwise onednn[2];

static void require(dnnl_status_t status) {
  if (status != dnnl_success) {
    fprintf(stderr, "oneDNN: status %d\n", status);
    exit(1);
  }
}

static eltwise make_eltwise(dnnl_data_type_t type, void *from, void *to) {
  eltwise made;
  dnnl_memory_desc_t memory;
  const dnnl_dims_t dims = {(dnnl_dim_t)count};
  require(dnnl_memory_desc_init_by_tag(&memory, 1, dims, type, dnnl_a));
  dnnl_eltwise_desc_t description;
  require(dnnl_eltwise_forward_desc_init(&description, dnnl_forward_inference, dnnl_eltwise_tanh,
                                         &memory, 0, 0));
  dnnl_primitive_desc_t chosen;
  require(dnnl_primitive_desc_create(&chosen, &description, NULL, engine, NULL));
  require(dnnl_primitive_create(&made.primitive, chosen));
  made.arguments[0].arg = DNNL_ARG_SRC;
  made.arguments[1].arg = DNNL_ARG_DST;
  require(dnnl_memory_create(&made.arguments[0].memory, &memory, engine, from));
  require(dnnl_memory_create(&made.arguments[1].memory, &memory, engine, to));
  return made;
}

static void run(const eltwise *function) {
  require(dnnl_primitive_execute(function->primitive, stream, 2, function->arguments));
  require(dnnl_stream_wait(stream));
}
static void onednn_bf16(void) { run(&onednn[0]); }
static void onednn_f32(void) { run(&onednn[1]); }

static const struct {
  const char *name;
  void (*run)(void);
  int is_wide;
} contenders[] = {
    {"K-TanH, bf16", ktanh_bf16, 0},         {"K-TanH, bf16, AVX2", ktanh_bf16_avx2, 0},
    {"libmvec, bf16 to bf16", libmvec_bf16, 0}, {"oneDNN, bf16", onednn_bf16, 0},
    {"copying, bf16", copy_bf16, 0},         {"K-TanH, float32", ktanh_f32, 1},
    {"exact kernel, float32", exact_f32, 1}, {"libmvec, float32", libmvec_f32, 1},    {"oneDNN, float32", onednn_f32, 1},
};
enum { contender_count = sizeof contenders / sizeof *contenders };

static double largest_error(int is_wide) {
  double worst = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t bits = (uint32_t)y[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    worst = fmax(worst, fabs((is_wide ? wide_y[i] : value) - tanh(wide_x[i])));
  }
  return worst;
}

static int ascending(const void *a, const void *b) {
  const double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

int main(int argc, char **argv) {
  count = argc > 1 ? strtoull(argv[1], NULL, 10) / 64 * 64 : 1 << 20;
  const size_t repeats = argc > 2 ? strtoull(argv[2], NULL, 10) : 4;
  x = aligned_alloc(64, count * 2), y = aligned_alloc(64, count * 2);
  wide_x = aligned_alloc(64, count * 4), wide_y = aligned_alloc(64, count * 4);
  kernels = addend_ktanh_select(ADDEND_ISA_AVX512_VNNI), wider = addend_ktanh_select(ADDEND_ISA_AVX2);
  // Normal numbers of deviation 2 (Box and Muller), cut to bfloat16.
  srand(1);
  for (size_t i = 0; i < count; ++i) {
    const double u = (rand() + 1.0) / (RAND_MAX + 2.0), v = rand() / (RAND_MAX + 1.0);
    const float normal = (float)(2 * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
    uint32_t bits;
    memcpy(&bits, &normal, sizeof bits);
    x[i] = (uint16_t)(bits >> 16);
    bits &= 0xFFFF0000;
    memcpy(wide_x + i, &bits, sizeof bits);
  }
  require(dnnl_engine_create(&engine, dnnl_cpu, 0));
  require(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  onednn[0] = make_eltwise(dnnl_bf16, x, y), onednn[1] = make_eltwise(dnnl_f32, wide_x, wide_y);
  static double times[contender_count][rounds];
  for (int r = -1; r < rounds; ++r)  // the first warms up
    for (int c = 0; c < contender_count; ++c) {
      contenders[c].run();  // what another contender left in the caches is nobody's merit
      const double start = seconds();
      for (size_t i = 0; i < repeats; ++i) contenders[c].run();
      if (r >= 0) times[c][r] = (seconds() - start) / (double)(repeats * count);
    }
  printf("%zu numbers, %d rounds of %zu calls\n", count, rounds, repeats);
  printf("%-24s %10s %10s %10s %12s %12s\n", "", "median ns", "least", "most", "of K-TanH's",
         "error");
  double own[2];
  for (int c = 0; c < contender_count; ++c) {
    qsort(times[c], rounds, sizeof **times, ascending);
    const double median = times[c][rounds / 2];
    if (c == 0 || c == 5) own[contenders[c].is_wide] = median;
    contenders[c].run();
    printf("%-24s %10.4f %10.4f %10.4f %11.2fx", contenders[c].name, 1e9 * median,
           1e9 * times[c][0], 1e9 * times[c][rounds - 1], median / own[contenders[c].is_wide]);
    if (contenders[c].run == copy_bf16)
      printf(" %12s\n", "");
    else
      printf(" %12.2e\n", largest_error(contenders[c].is_wide));
  }
}
