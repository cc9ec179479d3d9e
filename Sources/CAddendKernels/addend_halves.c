#include "addend_halves.h"

#include <math.h>
#include <string.h>

// Products and sums stay apart where there is no fused unit.
#pragma STDC FP_CONTRACT OFF

#include "addend_f32_math.h"

#define ADDEND_SOURCE "addend_halves_sets.h"
#include "addend_sets.h"
#include "addend_set_bf16.h"

const addend_halves_kernels *addend_halves_select(addend_isa isa) {
  return ADDEND_SELECT_BF16(isa, halves);
}

addend_halves_rounding addend_halves_fixed(uint32_t largest, int bits, addend_halves_scale *scale) {
  enum { least = -126 };
  *scale = (addend_halves_scale){largest < 0x7f800000, least};
  if (scale->is_finite && largest) {
    int exponent;
    frexpf(f32_from_bits((int32_t)largest), &exponent);
    if (exponent - bits > least) scale->exponent = exponent - bits;
  }
  return (addend_halves_rounding){true, ldexpf(1, -scale->exponent), (float)((1 << bits) - 1)};
}

void addend_halves_factors(addend_halves_scale a, addend_halves_scale b, float factors[2]) {
  // The smaller first: a sum of integers times it neither overflows nor loses what the larger
  // brings back.
  const int smaller = a.exponent < b.exponent ? a.exponent : b.exponent;
  factors[0] = ldexpf(1, smaller);
  factors[1] = ldexpf(1, a.exponent + b.exponent - smaller);
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

void addend_halves_pack(const addend_halves_kernels *kernels,
                        const addend_brgemm_kernels *products,
                        const addend_halves_rounding *rounding, size_t rows, size_t columns,
                        const float *restrict b, size_t first_pair, size_t pairs,
                        uint32_t *restrict packed) {
  // Rows are read in their order, some panels at a time.
  enum { part = 1024 };
  uint16_t halves[2 * part];
  const size_t all_pairs = (rows + 1) / 2;
  for (size_t p = first_pair; p < first_pair + pairs; ++p) {
    const size_t lines = 2 * p + 1 < rows ? 2 : 1;
    const float *from = b + 2 * p * columns;
    for (size_t start = 0, first = 0, panel = 0; first < columns; start = first) {
      // Whole panels, as many as the numbers have room for.
      size_t last = 0;
      for (size_t next = panel; last < columns; ++next) {
        const size_t end = addend_brgemm_panel_start(products, columns, next + 1);
        if (end - start > part) break;
        last = end < columns ? end : columns;
      }
      kernels->round(rounding, lines, last - start, from + start, columns, part, halves);
      for (size_t end; first < last; first = end) {
        end = addend_brgemm_panel_start(products, columns, ++panel);
        const size_t count = (end < columns ? end : columns) - first;
        kernels->interleave(1, lines == 1, count, halves + (first - start), 0, part, end - first, 0,
                            packed + all_pairs * first + p * (end - first));
      }
    }
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

void addend_halves_widen(size_t height, size_t width, size_t depth, size_t results,
                         bool is_gradient, const uint32_t *restrict filter,
                         uint32_t *restrict wide) {
  for (size_t r = 0; r < height; ++r)
    for (size_t s = 0; s <= width; ++s)
      for (size_t c = 0; c < depth; ++c)
        for (size_t o = 0; o < 2; ++o)
          for (size_t k = 0; k < results; ++k) {
            uint32_t word = 0;
            if (s >= o && s - o < width) {
              const size_t tap = r * width + s - o, last = height * width - 1;
              word = is_gradient ? filter[((last - tap) * results + k) * depth + c]
                                 : filter[(tap * depth + c) * results + k];
            }
            *wide++ = word;
          }
}
