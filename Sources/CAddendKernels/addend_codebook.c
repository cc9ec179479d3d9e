#include "addend_codebook.h"

#pragma STDC FP_CONTRACT OFF

void addend_codebook_lower(const float *restrict points, size_t stride, size_t dimension,
                           const float *restrict word, size_t first, size_t last,
                           float *restrict least) {
  enum { lanes = 64 };
  for (size_t i = first; i < last; i += lanes) {
    const size_t count = last - i < lanes ? last - i : lanes;
    float distance[lanes] = {0};
    for (size_t c = 0; c < dimension; ++c) {
      const float *point = points + c * stride + i;
      for (size_t j = 0; j < count; ++j) {
        const float difference = point[j] - word[c];
        distance[j] += difference * difference;
      }
    }
    for (size_t j = 0; j < count; ++j)
      least[i + j] = distance[j] < least[i + j] ? distance[j] : least[i + j];
  }
}

void addend_codebook_transpose(const float *restrict source, size_t rows, size_t columns,
                               float *restrict target, size_t stride) {
  for (size_t i = 0; i < rows; ++i)
    for (size_t c = 0; c < columns; ++c) target[c * stride + i] = source[i * columns + c];
}

size_t addend_codebook_candidates(const float *restrict products, const float *restrict norms,
                                  size_t count, float margin, float *restrict least,
                                  uint32_t *restrict found) {
  enum { lanes = 16 };
  float low[lanes];
  for (size_t j = 0; j < lanes; ++j) low[j] = *least;
  size_t k = 0;
  for (; k + lanes <= count; k += lanes)
    for (size_t j = 0; j < lanes; ++j) {
      const float score = norms[k + j] - 2 * products[k + j];
      low[j] = score < low[j] ? score : low[j];
    }
  for (; k < count; ++k) {
    const float score = norms[k] - 2 * products[k];
    low[0] = score < low[0] ? score : low[0];
  }
  for (size_t j = 0; j < lanes; ++j) *least = low[j] < *least ? low[j] : *least;
  const float limit = *least + margin;
  size_t number = 0;
  for (k = 0; k < count; ++k) {
    found[number] = (uint32_t)k;
    number += norms[k] - 2 * products[k] <= limit;
  }
  return number;
}

float addend_codebook_distance(const float *restrict point, const float *restrict word,
                               size_t dimension) {
  float distance = 0;
  for (size_t c = 0; c < dimension; ++c) {
    const float difference = point[c] - word[c];
    distance += difference * difference;
  }
  return distance;
}
