#include "addend_limits.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Chains that do not wait for each other, more than the units of any processor have stages.
enum { chains = 12 };

// Keeps the compiler from seeing through a register, so that no round is left out.
#define KEEP(x) __asm__ volatile("" : "+v"(x))

static uint64_t multiply_adds_scalar(size_t rounds, float *restrict result) {
  float sum[chains];
  for (size_t i = 0; i < chains; ++i) sum[i] = (float)i;
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) sum[i] = sum[i] * 0.999f + 0.5f;
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += sum[i];
  return (uint64_t)rounds * chains;
}

static uint64_t byte_lookups_scalar(size_t rounds, uint32_t *restrict result) {
  uint8_t table[256];
  for (size_t i = 0; i < 256; ++i) table[i] = (uint8_t)(167 * i + 13);
  uint8_t at[chains];
  for (size_t i = 0; i < chains; ++i) at[i] = (uint8_t)i;
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) at[i] = table[at[i]];
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += at[i];
  return (uint64_t)rounds * chains;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static uint64_t multiply_adds_avx2(size_t rounds,
                                                                       float *restrict result) {
  __m256 sum[chains], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.5f);
  for (size_t i = 0; i < chains; ++i) sum[i] = _mm256_set1_ps((float)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) sum[i] = _mm256_fmadd_ps(sum[i], a, b);
  for (size_t i = 1; i < chains; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  *result = _mm256_cvtss_f32(sum[0]);
  return (uint64_t)rounds * chains * 8;
}

__attribute__((target("avx512f"))) static uint64_t multiply_adds_avx512(size_t rounds,
                                                                        float *restrict result) {
  __m512 sum[chains], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.5f);
  for (size_t i = 0; i < chains; ++i) sum[i] = _mm512_set1_ps((float)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) sum[i] = _mm512_fmadd_ps(sum[i], a, b);
  for (size_t i = 1; i < chains; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  *result = _mm512_cvtss_f32(sum[0]);
  return (uint64_t)rounds * chains * 16;
}

__attribute__((target("avx2"))) static uint64_t byte_lookups_avx2(size_t rounds,
                                                                  uint32_t *restrict result) {
  __m256i at[chains], table = _mm256_set1_epi32(0x01020304);
  for (size_t i = 0; i < chains; ++i) at[i] = _mm256_set1_epi8((char)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) {
      at[i] = _mm256_shuffle_epi8(table, at[i]);
      KEEP(at[i]);
    }
  for (size_t i = 1; i < chains; ++i) at[0] = _mm256_add_epi8(at[0], at[i]);
  *result = (uint32_t)_mm256_extract_epi32(at[0], 0);
  return (uint64_t)rounds * chains * 32;
}

__attribute__((target("avx512f,avx512bw,avx512vbmi"))) static uint64_t byte_lookups_vbmi(
    size_t rounds, uint32_t *restrict result) {
  __m512i at[chains], table = _mm512_set1_epi32(0x01020304);
  for (size_t i = 0; i < chains; ++i) at[i] = _mm512_set1_epi8((char)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) {
      at[i] = _mm512_permutexvar_epi8(at[i], table);
      KEEP(at[i]);
    }
  for (size_t i = 1; i < chains; ++i) at[0] = _mm512_add_epi8(at[0], at[i]);
  *result = (uint32_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(at[0]));
  return (uint64_t)rounds * chains * 64;
}
#endif

uint64_t addend_limit_multiply_adds(addend_isa isa, size_t rounds, float *restrict result) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return multiply_adds_avx512(rounds, result);
  if (isa >= ADDEND_ISA_AVX2) return multiply_adds_avx2(rounds, result);
#endif
  (void)isa;
  return multiply_adds_scalar(rounds, result);
}

uint64_t addend_limit_byte_lookups(addend_isa isa, size_t rounds, uint32_t *restrict result) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VBMI) return byte_lookups_vbmi(rounds, result);
  if (isa >= ADDEND_ISA_AVX2) return byte_lookups_avx2(rounds, result);
#endif
  (void)isa;
  return byte_lookups_scalar(rounds, result);
}
