#include "addend_limits.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Between passes: memory may have changed, so every pass reads it.
#define BARRIER() __asm__ volatile("" ::: "memory")

static const float factor = 3;

static float read_scalar(size_t count, const float *restrict a) {
  float sum[32] = {0};
  for (size_t i = 0; i < count; i += 32)
    for (size_t j = 0; j < 32; ++j) sum[j] += a[i + j];
  for (size_t j = 1; j < 32; ++j) sum[0] += sum[j];
  return sum[0];
}

static void write_scalar(bool is_triad, size_t count, const float *restrict a,
                         const float *restrict b, float *restrict y) {
  if (is_triad)
    for (size_t i = 0; i < count; ++i) y[i] = a[i] + factor * b[i];
  else
    for (size_t i = 0; i < count; ++i) y[i] = a[i];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static float read_avx2(size_t count, const float *restrict a) {
  __m256 sum[8];
  for (size_t j = 0; j < 8; ++j) sum[j] = _mm256_setzero_ps();
  for (size_t i = 0; i < count; i += 64)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 8; ++j) sum[j] = _mm256_add_ps(sum[j], _mm256_load_ps(a + i + 8 * j));
  for (size_t j = 1; j < 8; ++j) sum[0] = _mm256_add_ps(sum[0], sum[j]);
  return _mm256_cvtss_f32(sum[0]);
}

__attribute__((target("avx512f"))) static float read_avx512(size_t count, const float *restrict a) {
  __m512 sum[8];
  for (size_t j = 0; j < 8; ++j) sum[j] = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 128)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 8; ++j) sum[j] = _mm512_add_ps(sum[j], _mm512_load_ps(a + i + 16 * j));
  for (size_t j = 1; j < 8; ++j) sum[0] = _mm512_add_ps(sum[0], sum[j]);
  return _mm512_cvtss_f32(sum[0]);
}

__attribute__((target("avx2,fma"))) static void write_avx2(bool is_triad, bool bypasses,
                                                           size_t count,
                                                           const float *restrict a,
                                                           const float *restrict b,
                                                           float *restrict y) {
  const __m256 scale = _mm256_set1_ps(factor);
  for (size_t i = 0; i < count; i += 32)
#pragma clang loop unroll(full)
    for (size_t j = i; j < i + 32; j += 8) {
      __m256 value = _mm256_load_ps(a + j);
      if (is_triad) value = _mm256_fmadd_ps(scale, _mm256_load_ps(b + j), value);
      if (bypasses)
        _mm256_stream_ps(y + j, value);
      else
        _mm256_store_ps(y + j, value);
    }
  if (bypasses) _mm_sfence();
}

__attribute__((target("avx512f"))) static void write_avx512(bool is_triad, bool bypasses,
                                                            size_t count, const float *restrict a,
                                                            const float *restrict b,
                                                            float *restrict y) {
  const __m512 scale = _mm512_set1_ps(factor);
  for (size_t i = 0; i < count; i += 64)
#pragma clang loop unroll(full)
    for (size_t j = i; j < i + 64; j += 16) {
      __m512 value = _mm512_load_ps(a + j);
      if (is_triad) value = _mm512_fmadd_ps(scale, _mm512_load_ps(b + j), value);
      if (bypasses)
        _mm512_stream_ps(y + j, value);
      else
        _mm512_store_ps(y + j, value);
    }
  if (bypasses) _mm_sfence();
}
#endif

static float read_all(addend_isa isa, size_t count, const float *restrict a) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return read_avx512(count, a);
  if (isa >= ADDEND_ISA_AVX2) return read_avx2(count, a);
#endif
  (void)isa;
  return read_scalar(count, a);
}

static void write_all(addend_isa isa, bool is_triad, bool bypasses, size_t count,
                  const float *restrict a, const float *restrict b, float *restrict y) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) {
    write_avx512(is_triad, bypasses, count, a, b, y);
    return;
  }
  if (isa >= ADDEND_ISA_AVX2) {
    write_avx2(is_triad, bypasses, count, a, b, y);
    return;
  }
#endif
  (void)isa, (void)bypasses;
  write_scalar(is_triad, count, a, b, y);
}

uint64_t addend_limit_stream(addend_isa isa, addend_stream kind, bool bypasses_caches,
                             size_t rounds, size_t count, const float *a, float *b, float *c,
                             float *restrict result) {
  *result = 0;
  for (size_t round = 0; round < rounds; ++round) {
    if (kind == ADDEND_STREAM_READ)
      *result += read_all(isa, count, a);
    else if (kind == ADDEND_STREAM_COPY)
      write_all(isa, false, bypasses_caches, count, a, NULL, b);
    else
      write_all(isa, true, bypasses_caches, count, a, b, c);
    BARRIER();
  }
  const size_t arrays = kind == ADDEND_STREAM_READ ? 1 : kind == ADDEND_STREAM_COPY ? 2 : 3;
  return (uint64_t)rounds * arrays * count * sizeof(float);
}

enum { words = 8 };  // of a line

void addend_limit_link(size_t lines, uint64_t seed, uint64_t *restrict memory) {
  for (size_t i = 0; i < lines; ++i) memory[words * i] = i;
  for (size_t i = lines; i > 1; --i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    // A number below i − 1, so that nothing stays where it is: one ring comes of it.
    const size_t j = (size_t)(((seed >> 32) * (uint64_t)(i - 1)) >> 32);
    const uint64_t other = memory[words * j];
    memory[words * j] = memory[words * (i - 1)];
    memory[words * (i - 1)] = other;
  }
}

uint64_t addend_limit_random_reads(size_t chains, size_t rounds, size_t lines,
                                   const uint64_t *restrict memory, uint64_t *restrict result) {
  uint64_t at[64];
  for (size_t i = 0; i < chains; ++i) at[i] = i * lines / chains;
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) at[i] = memory[words * at[i]];
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += at[i];
  return (uint64_t)rounds * chains;
}
