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
