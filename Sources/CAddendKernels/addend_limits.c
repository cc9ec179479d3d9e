#include "addend_limits.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Chains that do not wait for each other, more than the units of any processor have stages.
enum { chains = 12 };

// Dot products have more stages than a float multiply-add; with more chains the compiler, which
// gives KEEP the first 16 registers only, would spill.
enum { deep_chains = 14 };

// Keeps the compiler from seeing through a register, so that no round is left out.
#define KEEP(x) __asm__ volatile("" : "+v"(x))
#define KEEP_WORD(x) __asm__ volatile("" : "+r"(x))

static uint64_t multiply_adds_scalar(size_t rounds, float *restrict result) {
  float sum[chains];
  for (size_t i = 0; i < chains; ++i) sum[i] = (float)i;
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) sum[i] = sum[i] * 0.999f + 0.5f;
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += sum[i];
  return (uint64_t)rounds * chains;
}

static float widened(uint16_t half) {
  const union {
    uint32_t bits;
    float value;
  } whole = {(uint32_t)half << 16};
  return whole.value;
}

static uint64_t bfloat16_multiply_adds_scalar(size_t rounds, float *restrict result) {
  float sum[chains];
  uint16_t a[chains];
  for (size_t i = 0; i < chains; ++i) sum[i] = (float)i, a[i] = (uint16_t)(0x3f00 + i);
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) {
      sum[i] = sum[i] * 0.5f + widened(a[i]);
      a[i] ^= 1;
    }
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += sum[i];
  return (uint64_t)rounds * chains;
}

static uint64_t byte_multiply_adds_scalar(size_t rounds, int32_t *restrict result) {
  uint32_t sum[chains];
  uint8_t a[chains];
  for (size_t i = 0; i < chains; ++i) sum[i] = 0, a[i] = (uint8_t)(17 * i);
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) {
      sum[i] += (uint32_t)(a[i] * -3);
      a[i] = (uint8_t)(a[i] + 1);
    }
  uint32_t all = 0;
  for (size_t i = 0; i < chains; ++i) all += sum[i];
  *result = (int32_t)all;
  return (uint64_t)rounds * chains;
}

static uint64_t counted_bits_scalar(size_t rounds, uint64_t *restrict result) {
  uint64_t at[chains];
  for (size_t i = 0; i < chains; ++i) at[i] = ~(uint64_t)i;
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i < chains; ++i) {
      at[i] = (uint64_t)__builtin_popcountll(at[i]);
      KEEP_WORD(at[i]);
    }
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += at[i];
  return (uint64_t)rounds * chains * 64;
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

__attribute__((target("avx2,fma"))) static uint64_t bfloat16_multiply_adds_avx2(
    size_t rounds, float *restrict result) {
  // Two halves of a word are widened by a shift and a mask, as kernels without dot products do.
  __m256 sum[chains / 2];
  const __m256 b = _mm256_set1_ps(0.5f);
  __m256i a = _mm256_set1_epi32(0x3f003f01);
  const __m256i high = _mm256_set1_epi32((int)0xffff0000);
  for (size_t i = 0; i < chains / 2; ++i) sum[i] = _mm256_set1_ps((float)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains / 2; ++i) {
      KEEP(a);
      sum[i] = _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_slli_epi32(a, 16)), b, sum[i]);
      sum[i] = _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_and_si256(a, high)), b, sum[i]);
    }
  for (size_t i = 1; i < chains / 2; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  *result = _mm256_cvtss_f32(sum[0]);
  return (uint64_t)rounds * chains * 8;
}

__attribute__((target("avx512f,avx512bf16"))) static uint64_t bfloat16_multiply_adds_dot(
    size_t rounds, float *restrict result) {
  __m512 sum[deep_chains];
  const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f003f01),
                 b = (__m512bh)_mm512_set1_epi32(0x3e803e81);
  for (size_t i = 0; i < deep_chains; ++i) sum[i] = _mm512_set1_ps((float)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < deep_chains; ++i) {
      sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
      KEEP(sum[i]);
    }
  for (size_t i = 1; i < deep_chains; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  *result = _mm512_cvtss_f32(sum[0]);
  return (uint64_t)rounds * deep_chains * 32;
}

__attribute__((target("avx2"))) static uint64_t byte_multiply_adds_avx2(size_t rounds,
                                                                        int32_t *restrict result) {
  __m256i sum[chains], a = _mm256_set1_epi8(5);
  const __m256i b = _mm256_set1_epi8(-3), ones = _mm256_set1_epi16(1);
  for (size_t i = 0; i < chains; ++i) sum[i] = _mm256_set1_epi32((int)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) {
      KEEP(a);
      sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  for (size_t i = 1; i < chains; ++i) sum[0] = _mm256_add_epi32(sum[0], sum[i]);
  *result = _mm256_extract_epi32(sum[0], 0);
  return (uint64_t)rounds * chains * 32;
}

__attribute__((target("avx512f,avx512vnni"))) static uint64_t byte_multiply_adds_dot(
    size_t rounds, int32_t *restrict result) {
  __m512i sum[deep_chains];
  const __m512i a = _mm512_set1_epi32(0x05050505), b = _mm512_set1_epi32(0x7d7d7d7d);
  for (size_t i = 0; i < deep_chains; ++i) sum[i] = _mm512_set1_epi32((int)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < deep_chains; ++i) {
      sum[i] = _mm512_dpbusd_epi32(sum[i], a, b);
      KEEP(sum[i]);
    }
  for (size_t i = 1; i < deep_chains; ++i) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  *result = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum[0]));
  return (uint64_t)rounds * deep_chains * 64;
}

__attribute__((target("popcnt"))) static uint64_t counted_bits_word(size_t rounds,
                                                                    uint64_t *restrict result) {
  uint64_t at[chains];
  for (size_t i = 0; i < chains; ++i) at[i] = ~(uint64_t)i;
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < chains; ++i) {
      at[i] = (uint64_t)__builtin_popcountll(at[i]);
      KEEP_WORD(at[i]);
    }
  *result = 0;
  for (size_t i = 0; i < chains; ++i) *result += at[i];
  return (uint64_t)rounds * chains * 64;
}

__attribute__((target("avx512f,avx512vpopcntdq"))) static uint64_t counted_bits_wide(
    size_t rounds, uint64_t *restrict result) {
  __m512i at[deep_chains];
  for (size_t i = 0; i < deep_chains; ++i) at[i] = _mm512_set1_epi64(~(int64_t)i);
  for (size_t round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < deep_chains; ++i) {
      at[i] = _mm512_popcnt_epi64(at[i]);
      KEEP(at[i]);
    }
  for (size_t i = 1; i < deep_chains; ++i) at[0] = _mm512_add_epi64(at[0], at[i]);
  *result = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(at[0]));
  return (uint64_t)rounds * deep_chains * 512;
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

uint64_t addend_limit_bfloat16_multiply_adds(addend_isa isa, size_t rounds,
                                             float *restrict result) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_BF16) return bfloat16_multiply_adds_dot(rounds, result);
  if (isa >= ADDEND_ISA_AVX2) return bfloat16_multiply_adds_avx2(rounds, result);
#endif
  (void)isa;
  return bfloat16_multiply_adds_scalar(rounds, result);
}

uint64_t addend_limit_byte_multiply_adds(addend_isa isa, size_t rounds, int32_t *restrict result) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return byte_multiply_adds_dot(rounds, result);
  if (isa >= ADDEND_ISA_AVX2) return byte_multiply_adds_avx2(rounds, result);
#endif
  (void)isa;
  return byte_multiply_adds_scalar(rounds, result);
}

uint64_t addend_limit_counted_bits(addend_isa isa, size_t rounds, uint64_t *restrict result) {
#if defined(__x86_64__)
  // No level of ours implies the instruction, so the processor is asked.
  if (isa >= ADDEND_ISA_AVX512 && __builtin_cpu_supports("avx512vpopcntdq"))
    return counted_bits_wide(rounds, result);
  if (isa >= ADDEND_ISA_AVX2) return counted_bits_word(rounds, result);
#endif
  (void)isa;
  return counted_bits_scalar(rounds, result);
}
