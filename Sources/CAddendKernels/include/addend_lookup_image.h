#ifndef ADDEND_LOOKUP_IMAGE_H
#define ADDEND_LOOKUP_IMAGE_H
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Product-quantized convolutions: each group of an image's channels is encoded once at each pixel,
// and every tap of the filter has tables of its own for it. Codes are planes of pixels, one for each
// group, zeros around the images encoded with them. A position is the number of the pixel under a
// filter's first tap; an offset leads from there to a code. Nothing overlaps an output.

/// to[plane][h][w] = from[plane][h - padding][w - padding] inside the image, and zeros[plane / batch]
/// around it. from is [groups][batch][height][width].
void addend_lookup_pad(const uint8_t *restrict from, const uint8_t *restrict zeros, size_t groups,
                       size_t batch, size_t height, size_t width, size_t padding,
                       uint8_t *restrict to);

/// y[r][m] = Σ_v tables[v][codes[offsets[v] + positions[r]]][m], v in order; blocks > 0.
/// tables is [blocks][entries][outputs], y is [rows][outputs].
typedef void (*addend_lookup_image_sum_fn)(const uint8_t *restrict codes,
                                           const size_t *restrict offsets, size_t blocks,
                                           const uint32_t *restrict positions, size_t rows,
                                           const float *restrict tables, size_t entries,
                                           size_t outputs, float *restrict y);

/// sums[v][k][m] = Σ over the rows r with codes[offsets[v] + positions[r]] == k, in order, of
/// dy[r][m]. dy is [rows][outputs], sums is [blocks][entries][outputs].
typedef void (*addend_lookup_image_bucket_fn)(const uint8_t *restrict codes,
                                              const size_t *restrict offsets, size_t blocks,
                                              const uint32_t *restrict positions, size_t rows,
                                              const float *restrict dy, size_t entries,
                                              size_t outputs, float *restrict sums);

/// The two adjoints of one block's table, given its bucket sums [entries][outputs]:
/// weight_gradient[rows[i]][m] = (what it held, or 0) + Σ_k prototypes[k][i] * sums[k][m], k in
/// order; prototype_gradient[k][i] = Σ_m sums[k][m] * weight[rows[i]][m], kept as 16 sums of m mod
/// 16 that are then added in order; 0 where rows[i] < 0.
typedef void (*addend_lookup_image_adjoint_fn)(
    const float *restrict sums, const float *restrict prototypes, const int32_t *restrict rows,
    const float *restrict weight, size_t entries, size_t size, size_t outputs, int accumulates,
    float *restrict weight_gradient, float *restrict prototype_gradient);

/// y[r][m] = (float)(Σ_t Σ_j tables[m][t][j][codes[j * plane + taps[t] + positions[r]]]) * scales[m]
/// + offsets[m], sums in int32. tables is [outputs][tap_count][padded][16], padded being `groups`
/// rounded up to a multiple of 4 and the entries past `groups` zero; codes < 16; groups * tap_count
/// < 2^23; all codes of a group lie in its first `pixels`, of which there are fewer than 2^27.
/// scratch holds addend_lookup_image_scratch bytes, on a 64-byte border.
typedef void (*addend_lookup_image_scan_fn)(const uint8_t *restrict codes, size_t plane,
                                            size_t pixels, size_t groups,
                                            const uint32_t *restrict taps, size_t tap_count,
                                            const uint32_t *restrict positions, size_t rows,
                                            const int8_t *restrict tables, size_t outputs,
                                            const float *restrict scales,
                                            const float *restrict offsets, uint8_t *restrict scratch,
                                            float *restrict y);

size_t addend_lookup_image_scratch(size_t pixels, size_t groups, size_t tap_count);

/// The kernels as one instruction set computes them; all sets give the same bits.
typedef struct {
  addend_lookup_image_sum_fn sum;
  addend_lookup_image_bucket_fn bucket;
  addend_lookup_image_adjoint_fn adjoint;
  addend_lookup_image_scan_fn scan;
} addend_lookup_image_kernels;

/// The widest kernels that `isa` allows.
addend_lookup_image_kernels addend_lookup_image_select(addend_isa isa);
#endif
