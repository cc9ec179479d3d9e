#ifndef ADDEND_DIRECT_GRADIENT_H
#define ADDEND_DIRECT_GRADIENT_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_brgemm.h"
#include "addend_window.h"

/// The filter's gradient of a convolution, dW[r, s, c, k] = Σ x[image, p · stride + r · dilation −
/// padding, q · stride + s · dilation − padding, c] dy[image, p, q, k] over all images, p and q.
///
/// Out of the transposed tiles of addend_brgemm.h: a tile's rows are channels, and its sums run along
/// lines of an image, which are cut short where the padding begins.

/// How the work is cut, which depends on the extents and the kernels alone.
typedef struct {
  const addend_brgemm_kernels *kernels;
  addend_window window;  // with the channels of one group
  size_t batch, outputs, groups;
  /// Whether taps that lie side by side count as one with all their channels; lines of the image are
  /// then copied with their padding, if they have any.
  bool merges;
  /// Whether a panel's numbers of dy are copied side by side.
  bool packs;
  /// Whether the channels of the pixels in a chunk are.
  bool copies;
  /// Rows of a filter row's gradients, and taps among which they repeat.
  size_t rows, taps_across;
  /// Lines of dy, their lengths and the last one's.
  size_t lines, length, last_length;
  size_t tile_rows, panels, chunk;
  size_t row_parts, panel_parts, line_parts;
} addend_direct_gradient_plan;

addend_direct_gradient_plan addend_direct_gradient_prepare(const addend_brgemm_kernels *kernels,
                                                           size_t batch,
                                                           const addend_window *window,
                                                           size_t outputs, size_t groups);

/// The number of parts, and the floats of scratch memory that each needs.
size_t addend_direct_gradient_part_count(const addend_direct_gradient_plan *plan);
size_t addend_direct_gradient_part_scratch(const addend_direct_gradient_plan *plan);
/// Where there is more than one, the lines are summed apart: sums needs as many gradients as there
/// are line parts, and their total is still to be made.
size_t addend_direct_gradient_count(const addend_direct_gradient_plan *plan);

/// One part. The gradient [group][filter_height][filter_width][channels][outputs] is overwritten or
/// added to; `gradient` holds one for each of the line parts. scratch lies on a border of 8 bytes.
void addend_direct_gradient_run(const addend_direct_gradient_plan *plan, const float *restrict x,
                                const float *restrict dy, bool accumulates, size_t part,
                                float *restrict scratch, float *restrict gradient);

/// gradient[i] = Σ_part sums[part][i] (+ gradient[i]) for first ≤ i < first + count, in order.
void addend_direct_gradient_total(const addend_direct_gradient_plan *plan,
                                  const float *restrict sums, bool accumulates, size_t first,
                                  size_t count, float *restrict gradient);
#endif
