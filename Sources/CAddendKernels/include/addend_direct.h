#ifndef ADDEND_DIRECT_H
#define ADDEND_DIRECT_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_brgemm.h"
#include "addend_window.h"

/// Direct convolutions (Georganas et al., 2018, "Anatomy of High-Performance Deep Learning
/// Convolutions on SIMD Architectures") of images that lie [batch][height][width][channels], out of
/// the tiles of addend_brgemm.h: the rows of a tile are pixels wherever they lie, so neither patches
/// nor another order of the image is laid out. A row of the padding is a pointer to zeros.

/// One axis of an image of results. The pixel of the source under tap t at result p is
/// p · step + first + t · increment, which lies in the padding unless below `extent`. Tap t is the
/// filter's number filter_first + t · filter_step.
typedef struct {
  size_t extent, results, step, taps;
  ptrdiff_t first, increment;
  ptrdiff_t filter_first, filter_step;
} addend_direct_axis;

/// What is computed as one convolution of a source: the outputs of a layer, or those of its input's
/// gradients that lie `stride` pixels apart and that the same taps reach.
typedef struct {
  size_t batch, groups;
  addend_direct_axis down, across;
  /// Of one group: the length of a tap's sum, and the results at one position.
  size_t depth, results;
  /// Numbers from one result to the next across, down, and in the next image; the first's place.
  size_t result_pixel, result_row, result_image, result_first;
  /// Whether the filter is read as the input's gradient does.
  bool is_gradient;
} addend_direct_piece;

/// `window` has the channels of one group, as `outputs` are those of one.
addend_direct_piece addend_direct_output(size_t batch, const addend_window *window, size_t outputs,
                                         size_t groups);
/// The input's gradients at rows row, row + stride, … and columns column, column + stride, … of
/// the image, as sums over dy; row and column below the stride.
addend_direct_piece addend_direct_input_gradient(size_t batch, const addend_window *window,
                                                 size_t outputs, size_t groups, size_t row,
                                                 size_t column);

/// A rectangle of result positions, cut into tiles along one direction. Where not all positions reach
/// all taps, there is one for each set of taps, so that the padding is not multiplied.
typedef enum {
  ADDEND_ALONG_ALL,  // positions in their order, whose results lie at equal distances
  ADDEND_ALONG_COLUMNS,
  ADDEND_ALONG_ROWS,
  ADDEND_ALONG_IMAGES,
} addend_direct_direction;

typedef struct {
  addend_direct_direction direction;
  size_t top, left, height, width;
  /// The taps: first and count, after merging.
  size_t tap_top, tap_left, taps_down, taps_across;
  /// Lines of `length` positions, each cut into tiles.
  size_t lines, length, line_tiles;
  /// Whether taps of some positions lie in the padding.
  bool is_padded;
  /// The distance between neighbouring positions' pixels in the source, 0 where it varies.
  size_t source_step;
} addend_direct_rectangle;

enum { addend_direct_most_bands = 9 };

/// How a piece is cut, which depends on its extents and the kernels alone.
typedef struct {
  const addend_brgemm_kernels *kernels;
  addend_direct_piece piece;
  /// Taps that lie side by side in the source count as one where `merges`.
  bool merges;
  size_t taps_across, taps, depth;
  size_t rectangle_count;
  addend_direct_rectangle rectangles[addend_direct_most_bands * addend_direct_most_bands];
  size_t tile_rows, tiles, chunk, block;
  size_t panels, tile_parts, panel_parts;
} addend_direct_plan;

addend_direct_plan addend_direct_prepare(const addend_brgemm_kernels *kernels,
                                         const addend_direct_piece *piece);

/// Floats of the piece's filter, as the tiles read it: [group][panel][tap][depth][width].
size_t addend_direct_packed_count(const addend_direct_plan *plan);
/// filter [group][filter_height][filter_width][channels][outputs] → packed, of the panel `unit` below
/// groups · panels.
void addend_direct_pack(const addend_direct_plan *plan, const addend_window *window, size_t outputs,
                        const float *restrict filter, size_t unit, float *restrict packed);

/// The number of parts of the work, and the floats of scratch memory that one part needs.
size_t addend_direct_part_count(const addend_direct_plan *plan);
size_t addend_direct_part_scratch(const addend_direct_plan *plan);
/// How many zeros `zeros` holds.
size_t addend_direct_zero_count(const addend_direct_plan *plan);

typedef struct {
  const float *source, *packed;
  /// [groups · results] or NULL; as the result or NULL.
  const float *bias, *residual;
  bool rectifies;
  float *result;
  const float *zeros;
  /// That of `addend_brgemm_tile`, or NULL.
  const float *scale;
} addend_direct_operands;

/// One part: result = max(Σ source · filter + bias + residual, 0) with what is asked for. Parts
/// write apart. scratch lies on a border of 8 bytes; nothing overlaps but the residual and the result.
void addend_direct_run(const addend_direct_plan *plan, const addend_direct_operands *operands,
                       size_t part, float *restrict scratch);
#endif
