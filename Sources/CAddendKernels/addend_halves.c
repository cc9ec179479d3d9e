#include "addend_halves.h"

#include <math.h>
#include <string.h>

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

#define ADDEND_SOURCE "addend_halves_sets.h"
#include "addend_sets.h"

#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_bf16
#define ADDEND_HAS_WORDS
#include "addend_vectors_avx512.h"
#include "addend_halves_sets.h"
#include "addend_vectors_end.h"
#pragma clang attribute pop
#endif

const addend_halves_kernels *addend_halves_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_BF16) return &halves_avx512_bf16;
#endif
  return ADDEND_SELECT(isa, halves);
}

/// 2^exponent as two factors that are about as large as each other.
static void set_factors(int exponent, float factors[2]) {
  const int half = exponent >> 1;
  factors[0] = ldexpf(1, half);
  factors[1] = ldexpf(1, exponent - half);
}

addend_halves_rounding addend_halves_fixed(uint32_t largest, int bits, addend_halves_scale *scale) {
  *scale = (addend_halves_scale){largest < 0x7f800000, 0};
  addend_halves_rounding rounding = {true, {1, 1}, (float)((1 << bits) - 1)};
  if (!scale->is_finite || !largest) return rounding;
  int exponent;
  frexpf(f32_from_bits((int32_t)largest), &exponent);
  scale->exponent = exponent - bits;
  set_factors(-scale->exponent, rounding.factor);
  return rounding;
}

void addend_halves_factors(addend_halves_scale a, addend_halves_scale b, float factors[2]) {
  set_factors(a.exponent + b.exponent, factors);
  if (!a.is_finite || !b.is_finite) factors[0] = NAN;
}

void addend_halves_pair_rows(const addend_halves_kernels *kernels,
                             const addend_halves_rounding *rounding, size_t rows, size_t columns,
                             const float *restrict x, size_t ldx, size_t width,
                             uint32_t *restrict words) {
  enum { part = 256 };
  uint16_t halves[2 * part];
  for (size_t r = 0; r < rows; r += 2, words += width)
    for (size_t c = 0; c < columns || c == 0; c += part) {
      const bool is_last = columns - c <= part;
      const size_t count = is_last ? columns - c : part, lines = r + 1 < rows ? 2 : 1;
      kernels->round(rounding, lines, count, x + r * ldx + c, ldx, part, halves);
      kernels->interleave(1, lines == 1, count, halves, 0, part, is_last ? width - c : count, 0,
                          words + c);
    }
}

void addend_halves_pair_channels(const addend_halves_kernels *kernels,
                                 const addend_halves_rounding *rounding, size_t pixels,
                                 size_t channels, const float *restrict x,
                                 uint32_t *restrict words) {
  enum { part = 1024, few = 16 };
  if (channels % 2 == 0 || channels > few) {
    kernels->round(rounding, pixels, channels, x, channels, channels + channels % 2,
                   (uint16_t *)words);
    return;
  }
  // Pixels of a few numbers are rounded many at a time and then spread.
  uint16_t halves[part];
  const size_t most = part / channels;
  for (size_t done = 0, count; done < pixels; done += count, x += count * channels) {
    count = pixels - done < most ? pixels - done : most;
    const size_t size = count * channels;
    kernels->round(rounding, 1, size, x, size, size, halves);
    if (channels == 1) {
      kernels->interleave(1, true, count, halves, 0, 0, count, 0, words);
      words += count;
      continue;
    }
    const uint16_t *from = halves;
    for (size_t i = 0; i < count; ++i) {
      for (size_t c = 1; c < channels; c += 2, from += 2)
        *words++ = (uint32_t)from[1] << 16 | from[0];
      *words++ = *from++;
    }
  }
}
