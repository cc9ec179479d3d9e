#ifndef ADDEND_HALVES_GRADIENT_H
#define ADDEND_HALVES_GRADIENT_H
#include "addend_brgemm.h"
#include "addend_halves.h"
#include "addend_window.h"

/// The filter's gradient of a convolution in products of 16-bit numbers, as in addend_direct_gradient.h:
///
///   dW[r, s, c, k] = Σ x[image, p · stride + r · dilation − padding, q · stride + s · dilation − padding, c]
///                    · dy[image, p, q, k]
///
/// Words are made of neighbouring columns of dy: for each two results of a line, what all taps of a
/// filter row see of the image there is laid out side by side, [pair][filter_width][channels], some
/// images at a time, so that it stays in the second-level cache. A filter row's gradients are then
/// one product of these lines, transposed, and dy's.
typedef struct {
  /// Those of addend_bf16.h or addend_dfp.h.
  const addend_brgemm_kernels *kernels;
  const addend_halves_kernels *halves;
  addend_halves_rounding image, gradient;
  /// The factors of the sums where numbers are in fixed point.
  float scale[2];
  addend_window window;
  size_t batch, outputs;
  /// Images that are laid out at once, and those of one part. Of extents alone.
  size_t group, part;
} addend_halves_gradient_plan;

/// Sets `group` and `part` for what the other members say.
void addend_halves_gradient_prepare(addend_halves_gradient_plan *plan);

size_t addend_halves_gradient_part_count(const addend_halves_gradient_plan *plan);
/// Floats of scratch memory for one part.
size_t addend_halves_gradient_part_scratch(const addend_halves_gradient_plan *plan);

/// One part's sums [filter_height][filter_width][channels][outputs], added to what `sums` holds or put in
/// its place. scratch lies on a border of 64 bytes.
void addend_halves_gradient_run(const addend_halves_gradient_plan *plan, const float *restrict x,
                                const float *restrict dy, bool accumulates, size_t part,
                                float *restrict scratch, float *restrict sums);

/// gradient[i] = Σ_part sums[part][i] (+ gradient[i]) for first ≤ i < first + count, in order;
/// `size` from one part to the next.
void addend_halves_gradient_total(size_t parts, size_t size, const float *restrict sums,
                                  bool accumulates, size_t first, size_t count,
                                  float *restrict gradient);
#endif
