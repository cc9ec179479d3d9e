#ifndef ADDEND_INT8_H
#define ADDEND_INT8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"
#include "addend_window.h"

// Products and convolutions of bytes (Jacob et al., 2018, "Quantization and Training of Neural Networks
// for Efficient Integer-Arithmetic-Only Inference"): activations are 0…255 with a zero point, weights
// −128…127 with none, sums 32-bit integers.
//
//   s[i][j] = bias[j] + Σ_t Σ_p a_t(i, p) · w_t(p, j)                 (modulo 2³²)
//
// s cannot overflow while |bias| + 255 · 128 · terms < 2³¹: for up to 65,000 terms and such a bias.
// What the zero point z of a adds to every sum, z Σ w, is for the caller to take off in the bias; pixels
// of the padding hold z, so that it is the same everywhere. What is stored:
//
//   sums    s
//   floats  t = fma(s, multiplier[j], base[j]),  clamped to lowest … highest
//   bytes   the same, rounded to the nearest integer, ties to even; 0 ≤ lowest ≤ highest ≤ 255
//
// where base[j] = offset[j], or fma(residual, residual_scale, offset[j]). All is float32, s rounded
// to it first. Every set computes the same bits.

typedef enum { ADDEND_INT8_SUMS, ADDEND_INT8_FLOATS, ADDEND_INT8_BYTES } addend_int8_result;

/// What the sums become.
typedef struct {
  addend_int8_result kind;
  /// [groups · columns of a group, each rounded up to strips]; of sums only the bias is read.
  const int32_t *bias;
  const float *multiplier, *offset;
  float lowest, highest;
  /// What is added: one of these or neither, in the places of the results.
  const uint8_t *residual_bytes;
  const float *residual_floats;
  float residual_scale;
} addend_int8_finish;

/// A tile of sums in registers.
typedef struct {
  size_t rows, columns;
  /// Terms are taken four at a time, as words; those of row i under tap t lie from a[i] + offsets[t] on.
  size_t taps, words;
  const uint8_t *const *a;
  const size_t *offsets;
  /// [taps · words] at distances of `b_step` bytes, each [strips][16][4].
  const int8_t *b;
  size_t b_step;
  const addend_int8_finish *finish;
  /// Of the tile's first column and of its first result; the next row's is `stride` results further.
  size_t column, result, stride;
  void *y;
} addend_int8_tile;

typedef void (*addend_int8_fn)(const addend_int8_tile *tile);

/// Columns of a strip; strips of a panel; rows of a tile.
enum { addend_int8_strip = 16, addend_int8_most_strips = 4, addend_int8_most_rows = 10 };

typedef struct {
  /// A tile takes v ≤ strips strips and up to row_limit[v − 1] rows.
  size_t strips;
  size_t row_limit[addend_int8_most_strips];
  addend_int8_fn run[addend_int8_most_strips][addend_int8_most_rows];
} addend_int8_kernels;

/// The kernels of the widest set that `isa` contains.
const addend_int8_kernels *addend_int8_select(addend_isa isa);

/// A convolution of an image [batch][height][width][groups · channels], or, as one whose image is
/// [1][m][1][k] and whose filter has one tap, a product. How its work is cut depends on its extents
/// alone.
typedef struct {
  size_t batch, groups;
  /// Of one group, like `outputs`.
  addend_window window;
  size_t outputs;
  /// Taps that lie side by side count as one.
  size_t taps, words;
  bool merges;
  /// Whether blocks of the image are copied: with their padding, or because a tap ends within a word.
  bool copies;
  /// Result lines of an image are cut into blocks, panels of all groups into as many parts as help.
  size_t blocks, panels, parts_down, parts_across;
} addend_int8_plan;

addend_int8_plan addend_int8_prepare(size_t batch, const addend_window *window, size_t outputs,
                                     size_t groups);

/// Columns of all groups, each rounded up to strips: extents of bias and multiplier.
size_t addend_int8_padded(const addend_int8_plan *plan);
/// Bytes of the packed filter, which should lie on a border of 64.
size_t addend_int8_packed_count(const addend_int8_plan *plan);
/// filter [group][filter_height][filter_width][channels][outputs] → packed, zeros beyond; and
/// each padded column's sum of weights.
void addend_int8_pack(const addend_int8_plan *plan, const int8_t *restrict filter,
                      int8_t *restrict packed, int32_t *restrict sums);

/// The filter that `addend_int8_pack` packed.
void addend_int8_unpack(const addend_int8_plan *plan, const int8_t *restrict packed,
                        int8_t *restrict filter);

size_t addend_int8_part_count(const addend_int8_plan *plan);
/// Bytes of scratch memory that one part needs, on a border of 8.
size_t addend_int8_part_scratch(const addend_int8_plan *plan);

typedef struct {
  const uint8_t *image;
  uint8_t zero_point;
  const int8_t *packed;
  addend_int8_finish finish;
  /// int32_t, float or uint8_t [batch][output_height][output_width][groups · outputs].
  void *y;
} addend_int8_operands;

/// One part; parts write apart. Nothing overlaps but the residual and a result of its own kind.
void addend_int8_run(const addend_int8_kernels *kernels, const addend_int8_plan *plan,
                     const addend_int8_operands *operands, size_t part, void *restrict scratch);

/// q[i] = the integer nearest to x[i] · scale + zero, ties to even, clamped to 0 … 255 first; NaN
/// gives 0. The product and the sum are fused.
void addend_int8_quantize(addend_isa isa, size_t count, const float *restrict x, float scale,
                          float zero, uint8_t *restrict q);
/// x[i] = (q[i] − zero_point) · scale.
void addend_int8_dequantize(addend_isa isa, size_t count, const uint8_t *restrict q, int zero_point,
                            float scale, float *restrict x);

/// Each output's largest byte under the window; `filler` where the window lies in the padding. Images as
/// in addend_window.h, `batch` of them.
void addend_int8_max_pool(size_t batch, const addend_window *window, const uint8_t *restrict x,
                          uint8_t filler, uint8_t *restrict y);
/// y[n][i][j] = x[n][i · stride][j · stride] between `before` and `after` bytes of `filler`, of images
/// [height][width][channels].
void addend_int8_subsample(size_t batch, size_t height, size_t width, size_t channels,
                           size_t stride, size_t before, size_t after, const uint8_t *restrict x,
                           uint8_t filler, uint8_t *restrict y);
#endif
