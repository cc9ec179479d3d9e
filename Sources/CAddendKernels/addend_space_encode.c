#include <stdbool.h>
#include <string.h>

#include "addend_space_select.h"

#pragma STDC FP_CONTRACT OFF

enum { group = 64, largest_dimension = 64 };

// The number of thresholds ≤ v among 2^bits − 1 ascending ones: a comparison for each bit.
static inline __attribute__((always_inline)) uint8_t level_of(float v, const float *thresholds,
                                                              size_t bits) {
  size_t level = 0;
  for (size_t step = (size_t)1 << bits >> 1; step; step >>= 1)
    if (v >= thresholds[level + step - 1]) level += step;
  return (uint8_t)level;
}

typedef void (*find_levels_function)(const float *restrict x, size_t count,
                                     const float *restrict thresholds, size_t bits,
                                     uint8_t *restrict levels);

// The definition.
static void find_levels_scalar(const float *restrict x, size_t count,
                               const float *restrict thresholds, size_t bits,
                               uint8_t *restrict levels) {
  for (size_t j = 0; j < count; ++j) levels[j] = level_of(x[j], thresholds, bits);
}

typedef void (*find_leaves_function)(const float *restrict x, size_t count, size_t dimension,
                                     size_t depth, const int32_t *restrict columns,
                                     const float *restrict thresholds,
                                     const uint8_t *restrict leaves, uint8_t *restrict codes);

// The definition.
static void find_leaves_scalar(const float *restrict x, size_t count, size_t dimension,
                               size_t depth, const int32_t *restrict columns,
                               const float *restrict thresholds, const uint8_t *restrict leaves,
                               uint8_t *restrict codes) {
  for (size_t k = 0; k < count; ++k) {
    size_t node = 1;
    for (size_t level = 0; level < depth; ++level)
      node = 2 * node + (x[k * dimension + (size_t)columns[node]] >= thresholds[node]);
    codes[k] = leaves[node - ((size_t)1 << depth)];
  }
}

// `count` blocks of a row from the one numbered `s` on, scaled and padded.
static inline __attribute__((always_inline)) void take_blocks(
    addend_space_encoding_shape shape, const float *restrict row, size_t s, size_t count,
    const int32_t *exponent, float *restrict numbers) {
  const size_t wanted = count * shape.dimension, left = shape.size - s * shape.dimension;
  const size_t present = left < wanted ? left : wanted;
  const float *restrict source = row + s * shape.dimension;
  if (exponent) {
    const int32_t inverse = -*exponent;
    for (size_t j = 0; j < present; ++j) numbers[j] = addend_space_shifted(source[j], inverse);
  } else {
    memcpy(numbers, source, present * sizeof *numbers);
  }
  for (size_t j = present; j < wanted; ++j) numbers[j] = 0;
}

static inline __attribute__((always_inline)) void encode(
    find_levels_function find_levels, addend_space_encoding_shape shape, const float *restrict x,
    const float *restrict thresholds, const uint8_t *restrict cells,
    const int32_t *restrict exponents, size_t first, size_t last, uint8_t *restrict codes) {
  const size_t dimension = shape.dimension, bits = shape.bits;
  const size_t blocks = (shape.size + dimension - 1) / dimension;
  for (size_t i = first; i < last; ++i) {
    uint8_t *row_codes = codes + i * shape.code_stride;
    for (size_t s = 0; s < blocks; s += group) {
      // Cells have 16 coordinates at most.
      float numbers[group * 16];
      uint8_t levels[group * 16];
      const size_t count = blocks - s < group ? blocks - s : group;
      take_blocks(shape, x + i * shape.size, s, count, exponents ? exponents + i : NULL, numbers);
      find_levels(numbers, count * dimension, thresholds, bits, levels);
      if (dimension == 1)
        for (size_t k = 0; k < count; ++k) row_codes[s + k] = cells[levels[k]];
      else if (dimension == 2)
        for (size_t k = 0; k < count; ++k)
          row_codes[s + k] = cells[levels[2 * k] | (size_t)levels[2 * k + 1] << bits];
      else
        for (size_t k = 0; k < count; ++k) {
          size_t cell = 0;
          for (size_t b = 0; b < dimension; ++b)
            cell |= (size_t)levels[k * dimension + b] << (bits * b);
          row_codes[s + k] = cells[cell];
        }
    }
    memset(row_codes + blocks, 0, shape.code_stride - blocks);
  }
}

static inline __attribute__((always_inline)) void encode_tree(
    find_leaves_function find_leaves, addend_space_encoding_shape shape, const float *restrict x,
    const int32_t *restrict columns, const float *restrict thresholds,
    const uint8_t *restrict leaves, const int32_t *restrict exponents, size_t first, size_t last,
    uint8_t *restrict codes) {
  const size_t blocks = (shape.size + shape.dimension - 1) / shape.dimension;
  for (size_t i = first; i < last; ++i) {
    uint8_t *row_codes = codes + i * shape.code_stride;
    for (size_t s = 0; s < blocks; s += group) {
      float numbers[group * largest_dimension];
      const size_t count = blocks - s < group ? blocks - s : group;
      take_blocks(shape, x + i * shape.size, s, count, exponents ? exponents + i : NULL, numbers);
      find_leaves(numbers, count, shape.dimension, shape.bits, columns, thresholds, leaves,
                  row_codes + s);
    }
    memset(row_codes + blocks, 0, shape.code_stride - blocks);
  }
}

#define ADDEND_SPACE_ENCODE(name, attribute)                                                      \
  attribute static void encode_##name(                                                            \
      addend_space_encoding_shape shape, const float *restrict x,                                 \
      const float *restrict thresholds, const uint8_t *restrict cells,                            \
      const int32_t *restrict exponents, size_t first, size_t last, uint8_t *restrict codes) {    \
    encode(find_levels_##name, shape, x, thresholds, cells, exponents, first, last, codes);       \
  }                                                                                               \
  attribute static void encode_tree_##name(                                                       \
      addend_space_encoding_shape shape, const float *restrict x,                                 \
      const int32_t *restrict columns, const float *restrict thresholds,                          \
      const uint8_t *restrict leaves, const int32_t *restrict exponents, size_t first,            \
      size_t last, uint8_t *restrict codes) {                                                     \
    encode_tree(find_leaves_##name, shape, x, columns, thresholds, leaves, exponents, first,      \
                last, codes);                                                                     \
  }

ADDEND_SPACE_ENCODE(scalar, )

// Written once and compiled for each instruction set: 16 points side by side, every operation of a
// point the same in each, so that all agree.
static inline __attribute__((always_inline)) void nearest(
    const float *restrict points, size_t stride, size_t dimension, const float *restrict words,
    size_t count, size_t first, size_t last, uint8_t *restrict codes) {
  enum { lanes = 16 };
  for (size_t i = first; i < last; i += lanes) {
    const size_t present = last - i < lanes ? last - i : lanes;
    float block[lanes], least[lanes];
    int32_t best[lanes];
    for (size_t j = 0; j < lanes; ++j) {
      least[j] = __builtin_inff();
      best[j] = 0;
    }
    for (size_t k = 0; k < count; ++k) {
      float distance[lanes] = {0};
      for (size_t c = 0; c < dimension; ++c) {
        const float word = words[k * dimension + c];
        const float *point = points + c * stride + i;
        if (present < lanes) {
          for (size_t j = 0; j < lanes; ++j) block[j] = j < present ? point[j] : 0;
          point = block;
        }
        for (size_t j = 0; j < lanes; ++j) {
          const float difference = point[j] - word;
          distance[j] += difference * difference;
        }
      }
      for (size_t j = 0; j < lanes; ++j) {
        const bool closer = distance[j] < least[j];
        least[j] = closer ? distance[j] : least[j];
        best[j] = closer ? (int32_t)k : best[j];
      }
    }
    for (size_t j = 0; j < present; ++j) codes[i + j] = (uint8_t)best[j];
  }
}

// As `nearest`, 16 cells side by side.
static inline __attribute__((always_inline)) void fill_cells(
    const float *restrict upper, const float *restrict lower, size_t lowers, size_t count,
    size_t first, size_t last, uint8_t *restrict cells) {
  enum { lanes = 16 };
  for (size_t a = first; a < last; ++a)
    for (size_t b = 0; b < lowers; b += lanes) {
      float least[lanes];
      int32_t best[lanes];
      for (size_t j = 0; j < lanes; ++j) {
        least[j] = __builtin_inff();
        best[j] = 0;
      }
      for (size_t k = 0; k < count; ++k) {
        const float part = upper[a * count + k];
        const float *restrict rest = lower + k * lowers + b;
        for (size_t j = 0; j < lanes; ++j) {
          const float distance = part + rest[j];
          const bool closer = distance < least[j];
          least[j] = closer ? distance : least[j];
          best[j] = closer ? (int32_t)k : best[j];
        }
      }
      for (size_t j = 0; j < lanes; ++j) cells[a * lowers + b + j] = (uint8_t)best[j];
    }
}

#define ADDEND_SPACE_NEAREST(name, attribute)                                                    \
  attribute static void nearest_##name(const float *restrict points, size_t stride,              \
                                       size_t dimension, const float *restrict words,            \
                                       size_t count, size_t first, size_t last,                  \
                                       uint8_t *restrict codes) {                                \
    nearest(points, stride, dimension, words, count, first, last, codes);                        \
  }                                                                                              \
  attribute static void cells_##name(const float *restrict upper, const float *restrict lower,   \
                                     size_t lowers, size_t count, size_t first, size_t last,     \
                                     uint8_t *restrict cells) {                                  \
    fill_cells(upper, lower, lowers, count, first, last, cells);                                 \
  }

ADDEND_SPACE_NEAREST(scalar, )

#if defined(__x86_64__)
#include <immintrin.h>

#define ADDEND_AVX2 __attribute__((target("avx2")))
#define ADDEND_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

ADDEND_AVX2 static void find_levels_avx2(const float *restrict x, size_t count,
                                         const float *restrict thresholds, size_t bits,
                                         uint8_t *restrict levels) {
  size_t j = 0;
  for (; j + 8 <= count; j += 8) {
    const __m256 v = _mm256_loadu_ps(x + j);
    __m256i level = _mm256_setzero_si256();
    for (int step = 1 << bits >> 1; step; step >>= 1) {
      const __m256 threshold = _mm256_i32gather_ps(thresholds + step - 1, level, 4);
      const __m256i reached = _mm256_castps_si256(_mm256_cmp_ps(v, threshold, _CMP_GE_OQ));
      level = _mm256_add_epi32(level, _mm256_and_si256(reached, _mm256_set1_epi32(step)));
    }
    int32_t found[8];
    _mm256_storeu_si256((__m256i *)found, level);
    for (size_t k = 0; k < 8; ++k) levels[j + k] = (uint8_t)found[k];
  }
  find_levels_scalar(x + j, count - j, thresholds, bits, levels + j);
}

ADDEND_AVX2 static void find_leaves_avx2(const float *restrict x, size_t count, size_t dimension,
                                         size_t depth, const int32_t *restrict columns,
                                         const float *restrict thresholds,
                                         const uint8_t *restrict leaves, uint8_t *restrict codes) {
  const int32_t d = (int32_t)dimension;
  const __m256i starts = _mm256_setr_epi32(0, d, 2 * d, 3 * d, 4 * d, 5 * d, 6 * d, 7 * d);
  size_t k = 0;
  for (; k + 8 <= count; k += 8) {
    __m256i node = _mm256_set1_epi32(1);
    for (size_t level = 0; level < depth; ++level) {
      const __m256i column = _mm256_i32gather_epi32(columns, node, 4);
      const __m256 threshold = _mm256_i32gather_ps(thresholds, node, 4);
      const __m256 v = _mm256_i32gather_ps(x + k * dimension, _mm256_add_epi32(starts, column), 4);
      const __m256i right = _mm256_castps_si256(_mm256_cmp_ps(v, threshold, _CMP_GE_OQ));
      // All ones is −1.
      node = _mm256_sub_epi32(_mm256_add_epi32(node, node), right);
    }
    int32_t found[8];
    _mm256_storeu_si256((__m256i *)found, node);
    for (size_t j = 0; j < 8; ++j) codes[k + j] = leaves[(size_t)found[j] - ((size_t)1 << depth)];
  }
  find_leaves_scalar(x + k * dimension, count - k, dimension, depth, columns, thresholds, leaves,
                     codes + k);
}

ADDEND_AVX512 static void find_levels_avx512(const float *restrict x, size_t count,
                                             const float *restrict thresholds, size_t bits,
                                             uint8_t *restrict levels) {
  // Up to 16 levels, their thresholds lie in one register; gathers take several times as long.
  const __mmask16 held = (__mmask16)(bits < 5 ? (1u << ((1u << bits) - 1)) - 1 : 0);
  const __m512 table = _mm512_maskz_loadu_ps(held, thresholds);
  // Rows of a convolution's gradient are short: a masked tail, where a scalar one would take longer
  // than all the rest.
  for (size_t j = 0; j < count; j += 16) {
    const __mmask16 present = (__mmask16)(count - j < 16 ? (1u << (count - j)) - 1 : 0xFFFF);
    const __m512 v = _mm512_maskz_loadu_ps(present, x + j);
    __m512i level = _mm512_setzero_si512();
    for (int step = 1 << bits >> 1; step; step >>= 1) {
      const __m512 threshold =
          bits < 5 ? _mm512_permutexvar_ps(_mm512_add_epi32(level, _mm512_set1_epi32(step - 1)),
                                           table)
                   : _mm512_i32gather_ps(level, thresholds + step - 1, 4);
      const __mmask16 reached = _mm512_cmp_ps_mask(v, threshold, _CMP_GE_OQ);
      level = _mm512_mask_add_epi32(level, reached, level, _mm512_set1_epi32(step));
    }
    _mm512_mask_cvtepi32_storeu_epi8(levels + j, present, level);
  }
}

ADDEND_AVX512 static void find_leaves_avx512(const float *restrict x, size_t count,
                                             size_t dimension, size_t depth,
                                             const int32_t *restrict columns,
                                             const float *restrict thresholds,
                                             const uint8_t *restrict leaves,
                                             uint8_t *restrict codes) {
  int32_t places[16];
  for (size_t j = 0; j < 16; ++j) places[j] = (int32_t)(j * dimension);
  const __m512i starts = _mm512_loadu_si512(places);
  for (size_t k = 0; k < count; k += 16) {
    const size_t present = count - k < 16 ? count - k : 16;
    const __mmask16 mask = (__mmask16)(present < 16 ? (1u << present) - 1 : 0xFFFF);
    __m512i node = _mm512_set1_epi32(1);
    for (size_t level = 0; level < depth; ++level) {
      const __m512i column = _mm512_i32gather_epi32(node, columns, 4);
      const __m512 threshold = _mm512_i32gather_ps(node, thresholds, 4);
      const __m512 v = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask,
                                                _mm512_add_epi32(starts, column),
                                                x + k * dimension, 4);
      const __mmask16 right = _mm512_cmp_ps_mask(v, threshold, _CMP_GE_OQ);
      node = _mm512_add_epi32(node, node);
      node = _mm512_mask_add_epi32(node, right, node, _mm512_set1_epi32(1));
    }
    int32_t found[16];
    _mm512_storeu_si512(found, node);
    for (size_t j = 0; j < present; ++j)
      codes[k + j] = leaves[(size_t)found[j] - ((size_t)1 << depth)];
  }
}

ADDEND_SPACE_ENCODE(avx2, ADDEND_AVX2)
ADDEND_SPACE_ENCODE(avx512, ADDEND_AVX512)
ADDEND_SPACE_NEAREST(avx2, ADDEND_AVX2)
ADDEND_SPACE_NEAREST(avx512, ADDEND_AVX512)

#endif

addend_space_kernels addend_space_select(addend_isa isa) {
  const addend_space_scan_fn scan = addend_space_scan_select(isa);
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512)
    return (addend_space_kernels){scan, encode_avx512, encode_tree_avx512, nearest_avx512,
                                  cells_avx512};
  if (isa >= ADDEND_ISA_AVX2) return (addend_space_kernels){scan, encode_avx2, encode_tree_avx2, nearest_avx2,
                                  cells_avx2};
#endif
  return (addend_space_kernels){scan, encode_scalar, encode_tree_scalar, nearest_scalar,
                                  cells_scalar};
}

void addend_space_row_exponents(const float *restrict x, size_t size, size_t first, size_t last,
                                int32_t *restrict exponents) {
  for (size_t i = first; i < last; ++i) {
    // Without their sign bit, floats are ordered as their patterns are.
    uint32_t largest = 0;
    for (size_t j = 0; j < size; ++j) {
      uint32_t pattern;
      memcpy(&pattern, x + i * size + j, sizeof pattern);
      pattern &= 0x7FFFFFFF;
      largest = pattern > largest ? pattern : largest;
    }
    // The exponent above the largest's own; a biased one of 127 stands for 1.
    const int32_t exponent = (int32_t)(largest >> 23) - 126;
    exponents[i] = exponent < -100 ? -100 : exponent > 100 ? 100 : exponent;
  }
}

void addend_space_add_deviation(addend_space_encoding_shape shape, const float *restrict x,
                                const uint8_t *restrict codes, const float *restrict words,
                                int32_t exponent, size_t first, size_t last, float *restrict dx) {
  const size_t dimension = shape.dimension;
  for (size_t i = first; i < last; ++i)
    for (size_t s = 0; s * dimension < shape.size; ++s) {
      const float *word = words + codes[i * shape.code_stride + s] * dimension;
      const size_t left = shape.size - s * dimension;
      for (size_t b = 0; b < dimension && b < left; ++b) {
        const size_t j = i * shape.size + s * dimension + b;
        dx[j] += addend_space_shifted(x[j] - word[b], exponent);
      }
    }
}
