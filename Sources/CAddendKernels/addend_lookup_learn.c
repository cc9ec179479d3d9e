#include <math.h>
#include <stdbool.h>

#include "addend_lookup_select.h"
#include "addend_lookup_vectors.h"

// Products and sums are rounded apart, so that the variants agree bit for bit.
#pragma STDC FP_CONTRACT OFF

typedef float floats8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef double doubles8 __attribute__((vector_size(64), aligned(8), may_alias));

enum { lanes = 8, digit = 2048 };

#define PARAMETERS                                                                           \
  const float *restrict x, size_t rows, size_t width, const int32_t *restrict positions,     \
      size_t size, size_t levels, addend_lookup_learning *restrict space, int32_t *restrict columns, \
      float *restrict thresholds
#define ARGUMENTS x, rows, width, positions, size, levels, space, columns, thresholds

// Numbers that order as the floats do.
static inline uint32_t sort_key(float value) {
  union { float number; uint32_t bits; } as = {value};
  return as.bits & 0x80000000u ? ~as.bits : as.bits | 0x80000000u;
}

// order becomes the rows in the order of their values in one column, equal ones as they came.
static void sort_column(const float *restrict block, size_t rows, size_t stride, size_t column,
                        uint32_t *restrict keys, uint32_t *restrict spare,
                        uint32_t *restrict order) {
  for (size_t r = 0; r < rows; ++r) keys[r] = sort_key(block[r * stride + column]);
  for (size_t r = 0; r < rows; ++r) order[r] = (uint32_t)r;
  for (unsigned shift = 0; shift < 32; shift += 11) {
    uint32_t starts[digit + 1] = {0};
    for (size_t r = 0; r < rows; ++r) ++starts[(keys[r] >> shift) % digit + 1];
    for (size_t d = 0; d < digit; ++d) starts[d + 1] += starts[d];
    for (size_t r = 0; r < rows; ++r)
      spare[starts[(keys[order[r]] >> shift) % digit]++] = order[r];
    for (size_t r = 0; r < rows; ++r) order[r] = spare[r];
  }
}

// Vector v of a row, in float64.
#define ROW_PART(row, v) __builtin_convertvector(*(const floats8 *)((row) + lanes * (v)), doubles8)

ADDEND_INLINE double total(const doubles8 *v) {
  const double *lane = (const double *)v;
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

// Σ a b over a row of `vectors` vectors.
ADDEND_INLINE double dot(const double *restrict sum, const float *restrict row, size_t vectors) {
  doubles8 products = ((const doubles8 *)sum)[0] * ROW_PART(row, 0);
  for (size_t v = 1; v < vectors; ++v)
    products += ((const doubles8 *)sum)[v] * ROW_PART(row, v);
  return total(&products);
}

// What each bucket holds at the start of a level: sums of rows, and what they explain as one.
ADDEND_INLINE void sum_buckets(const float *restrict block, size_t rows, size_t vectors,
                               size_t buckets, addend_lookup_learning *restrict space) {
  const size_t stride = vectors * lanes;
  for (size_t i = 0; i < buckets * stride; ++i) space->totals[i] = 0;
  for (size_t b = 0; b < buckets; ++b) space->state[b].count = 0;
  for (size_t r = 0; r < rows; ++r) {
    doubles8 *restrict sum = (doubles8 *)(space->totals + space->bucket[r] * stride);
    for (size_t v = 0; v < vectors; ++v) sum[v] += ROW_PART(block + r * stride, v);
    ++space->state[space->bucket[r]].count;
  }
  for (size_t b = 0; b < buckets; ++b) {
    doubles8 squares = {0};
    for (size_t v = 0; v < vectors; ++v) {
      const doubles8 sum = ((const doubles8 *)(space->totals + b * stride))[v];
      squares += sum * sum;
    }
    space->state[b].square = total(&squares);
    const size_t count = space->state[b].count;
    space->state[b].whole = count > 0 ? space->state[b].square / (double)count : 0;
  }
  for (size_t r = 0; r < rows; ++r)
    space->along[r] = dot(space->totals + space->bucket[r] * stride, block + r * stride, vectors);
}

// The best thresholds along one column; returns what they explain. With L the sum of the rows on the
// left and T the bucket's, ‖L‖² and L·T follow each row: a split explains
// ‖L‖² / l + ‖T − L‖² / (n − l).
ADDEND_INLINE double split_along(const float *restrict block, size_t rows, size_t vectors,
                                 size_t column, size_t buckets, const uint32_t *restrict order,
                                 addend_lookup_learning *restrict space,
                                 float *restrict thresholds) {
  const size_t stride = vectors * lanes;
  for (size_t i = 0; i < buckets * stride; ++i) space->left[i] = 0;
  for (size_t b = 0; b < buckets; ++b) {
    addend_lookup_bucket *restrict state = space->state + b;
    state->left_count = 0;
    state->left_square = state->left_along = 0;
    state->best = state->whole;
    thresholds[b] = INFINITY;
  }
  for (size_t t = 0; t < rows; ++t) {
    const size_t r = order[t];
    const float *restrict row = block + r * stride;
    const float value = row[column];
    const size_t b = space->bucket[r];
    addend_lookup_bucket *restrict state = space->state + b;
    if (state->left_count > 0 && value > state->last) {
      const double above = state->square - 2 * state->left_along + state->left_square;
      const double explained = state->left_square / (double)state->left_count +
                               above / (double)(state->count - state->left_count);
      if (explained > state->best) {
        state->best = explained;
        // Halfway, unless rounding took it up to the value that must lie above.
        const float middle = state->last + (value - state->last) / 2;
        thresholds[b] = middle < value ? middle : state->last;
      }
    }
    double *restrict left = space->left + b * stride;
    state->left_square += 2 * dot(left, row, vectors) + space->squares[r];
    state->left_along += space->along[r];
    for (size_t v = 0; v < vectors; ++v) ((doubles8 *)left)[v] += ROW_PART(row, v);
    ++state->left_count;
    state->last = value;
  }
  double explained = 0;
  for (size_t b = 0; b < buckets; ++b) explained += space->state[b].best;
  return explained;
}

// Whether a level may compare column i after the `chosen` columns of the levels before it: those again,
// or one more while there are fewer than `compared` different ones.
static bool may_compare(const int32_t *restrict columns, size_t chosen, size_t i, size_t compared) {
  size_t different = 0;
  for (size_t l = 0; l < chosen; ++l) {
    if (columns[l] == (int32_t)i) return true;
    bool is_new = true;
    for (size_t k = 0; k < l; ++k) is_new = is_new && columns[k] != columns[l];
    different += is_new;
  }
  return different < compared;
}

ADDEND_INLINE void learn_with(PARAMETERS, size_t vectors) {
  const size_t stride = vectors * lanes;
  float *restrict block = space->block;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < stride; ++i)
      block[r * stride + i] =
          i < size && positions[i] >= 0 ? x[r * width + (size_t)positions[i]] : 0;
    doubles8 squares = {0};
    for (size_t v = 0; v < vectors; ++v) {
      const doubles8 part = ROW_PART(block + r * stride, v);
      squares += part * part;
    }
    space->squares[r] = total(&squares);
    space->bucket[r] = 0;
  }
  for (size_t i = 0; i < size; ++i)
    if (positions[i] >= 0)
      sort_column(block, rows, stride, i, space->keys, space->spare, space->orders + i * rows);
  for (size_t level = 0; level < levels; ++level) {
    const size_t buckets = (size_t)1 << level;
    sum_buckets(block, rows, vectors, buckets, space);
    double best = -1;
    float *restrict chosen = thresholds + buckets;
    float candidate[128];
    columns[level] = 0;
    for (size_t b = 0; b < buckets; ++b) chosen[b] = INFINITY;
    for (size_t i = 0; i < size; ++i) {
      if (positions[i] < 0 || !may_compare(columns, level, i, space->compared)) continue;
      const double explained = split_along(block, rows, vectors, i, buckets,
                                           space->orders + i * rows, space, candidate);
      if (!(explained > best)) continue;
      best = explained;
      columns[level] = (int32_t)i;
      for (size_t b = 0; b < buckets; ++b) chosen[b] = candidate[b];
    }
    for (size_t r = 0; r < rows; ++r) {
      const float value = block[r * stride + (size_t)columns[level]];
      space->bucket[r] = (uint8_t)(2 * space->bucket[r] + (value > chosen[space->bucket[r]]));
    }
  }
}

ADDEND_INLINE void learn_body(PARAMETERS) {
  thresholds[0] = INFINITY;
  if (size <= lanes)
    learn_with(ARGUMENTS, 1);
  else
    learn_with(ARGUMENTS, (size + lanes - 1) / lanes);
}

#define VARIANT(variant, attribute) \
  attribute static void learn_##variant(PARAMETERS) { learn_body(ARGUMENTS); }

VARIANT(scalar, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
// Without the width, the compiler would keep to 256 bits for fear of the clock.
VARIANT(avx512, __attribute__((target("avx512f"), min_vector_width(512))))
#endif

addend_lookup_learn_fn addend_lookup_learn_select(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512) return learn_avx512;
  if (isa >= ADDEND_ISA_AVX2) return learn_avx2;
#endif
  (void)isa;
  return learn_scalar;
}

void addend_lookup_means(const float *restrict x, size_t rows, size_t width,
                         const uint8_t *restrict codes, const int32_t *restrict positions,
                         size_t entries, size_t size, double *restrict sums,
                         float *restrict means) {
  size_t counts[256] = {0};
  for (size_t i = 0; i < entries * size; ++i) sums[i] = 0;
  for (size_t r = 0; r < rows; ++r) {
    double *restrict sum = sums + codes[r] * size;
    ++counts[codes[r]];
    for (size_t i = 0; i < size; ++i)
      if (positions[i] >= 0) sum[i] += (double)x[r * width + (size_t)positions[i]];
  }
  for (size_t i = 0; i < entries * size; ++i)
    means[i] = counts[i / size] > 0 ? (float)(sums[i] / (double)counts[i / size]) : 0;
}

void addend_lookup_mix(const uint8_t *restrict codes, const uint8_t *restrict old, size_t rows,
                       const float *restrict values, size_t entries, size_t width,
                       uint32_t *restrict shared, float *restrict mixed) {
  size_t counts[256] = {0};
  for (size_t i = 0; i < entries * entries; ++i) shared[i] = 0;
  for (size_t i = 0; i < entries * width; ++i) mixed[i] = 0;
  for (size_t r = 0; r < rows; ++r) {
    ++shared[codes[r] * entries + old[r]];
    ++counts[codes[r]];
  }
  for (size_t k = 0; k < entries; ++k)
    for (size_t from = 0; from < entries; ++from) {
      if (shared[k * entries + from] == 0) continue;
      const float share = (float)shared[k * entries + from] / (float)counts[k];
      const float *restrict value = values + from * width;
      float *restrict out = mixed + k * width;
      for (size_t m = 0; m < width; ++m) out[m] += share * value[m];
    }
}
