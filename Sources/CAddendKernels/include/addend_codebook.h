#ifndef ADDEND_CODEBOOK_H
#define ADDEND_CODEBOOK_H
#include <stddef.h>
#include <stdint.h>

// What making a codebook and searching a large one take besides products of matrices.

/// least[i] = min(least[i], Σ_c (points[c][i] − word[c])²) for first ≤ i < last, terms in order.
/// points [dimension][stride]. A distance that is NaN leaves least[i] as it was.
void addend_codebook_lower(const float *restrict points, size_t stride, size_t dimension,
                           const float *restrict word, size_t first, size_t last,
                           float *restrict least);

/// target[c][i] = source[i][c] for i < rows, c < columns: source [rows][columns], target
/// [columns][stride].
void addend_codebook_transpose(const float *restrict source, size_t rows, size_t columns,
                               float *restrict target, size_t stride);

/// Lowers *least to the least score norms[k] − 2·products[k], k < count, and writes every k whose score
/// is within `margin` of it to `found`, ascending; returns how many. found has room for count + 1.
size_t addend_codebook_candidates(const float *restrict products, const float *restrict norms,
                                  size_t count, float margin, float *restrict least,
                                  uint32_t *restrict found);

/// Σ_c (point[c] − word[c])², terms in order.
float addend_codebook_distance(const float *restrict point, const float *restrict word,
                               size_t dimension);
#endif
