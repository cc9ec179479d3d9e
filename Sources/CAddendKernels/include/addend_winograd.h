#ifndef ADDEND_WINOGRAD_H
#define ADDEND_WINOGRAD_H
#include "addend_brgemm.h"

/// Convolution by 3×3 filters, stride 1, with fewer multiplications (Lavin & Gray, 2016, "Fast
/// Algorithms for Convolutional Neural Networks"), and both its gradients. On a tile of outputs
///
///   y = Aᵀ [Σ_c (G g_c Gᵀ) ⊙ (Bᵀ x_c B)] A,     U = G g Gᵀ,  V = Bᵀ x B,  M = Σ_c U_c ⊙ V_c
///
/// so that a tile of m × n outputs costs (m + 2)(n + 2) products where the definition costs 9 m n.
/// Images are [batch][height][width][channels], filters [3][3][channels][outputs].
///
/// Two families share the code. The large one interpolates at 0, ±5/8, ±3/2 and ∞ and has tiles of
/// 4 and of 3 rows and columns; the small one at 0, ±1 and ∞, tiles of 2 and of 1. The lesser tile
/// of a family leaves out the family's last point and reads the same U, so that an extent of 7 is
/// 4 + 3: 11 products in place of 12. No tile hangs over the image but where its extent is 1, 2 or 5.
///
/// Error. Every result is a sum of products x g, each with the coefficients of G, Bᵀ and A, and
/// each product passes through r roundings at most: 6 in each of the two lines of the filter's
/// transform, the constants' own among them (those of A and B are exact), 4 in each line of the
/// input's and of the output's, one product, depth − 1 sums. With N = max over an output line of
/// Σ_p |A_p| |G_p|₁ |Bᵀ_p|₁, where |·|₁ sums the magnitudes of a row as it is computed,
///
///   |error| ≤ N² γ max|x| Σ_c max|g_c|,    γ = r u / (1 − r u),  u = 2⁻²⁴,  r = depth + 28
///
/// for every input that does not overflow (infinities become NaN in their tiles); a bias and a
/// residual add one rounding each. The input's gradient is such a convolution. The filter's passes
/// 8 roundings in each line of Gᵀ at most, 4 in each of A and of Bᵀ, and depth is the number of
/// tiles:
///
///   |error| ≤ N'² γ max|x| Σ_tiles max|dy|,   r = depth + 32,   N' = max Σ_p |G_p| |A_p|₁ |Bᵀ_p|₁
typedef struct {
  size_t batch, height, width, channels, outputs;
  /// Zeros on each side of the image, 0 to 2.
  size_t padding;
  /// The greater tile: 4 or 2 outputs a side.
  size_t size;

  // The rest is derived by addend_winograd_derive.
  size_t output_height, output_width;
  /// size + 2.
  size_t points;
  /// Tiles down and along an image; the first ones are of the greater size.
  size_t rows, whole_rows, columns, whole_columns;
  /// All tiles of the batch are numbered by class: [whole rows, lesser columns], [whole, whole],
  /// [lesser, whole], [lesser, lesser]. The tiles that have a given point are then neighbours.
  size_t starts[5];
} addend_winograd_plan;

void addend_winograd_derive(addend_winograd_plan *plan);
/// N² and N'² above.
double addend_winograd_norm(const addend_winograd_plan *plan);
double addend_winograd_filter_norm(const addend_winograd_plan *plan);

/// The transform of a run of tiles: [points²][tiles][pitch], `step` from one point to the next.
typedef struct {
  float *values;
  size_t step, pitch;
} addend_winograd_block;

/// The transforms of one instruction set.
typedef struct {
  /// U of channels first ..< last for the panels of the set's products:
  /// [points²][panel][channels][width]. `turned` reads [3][3][outputs][channels] backwards in both
  /// taps: the filter of the input gradient.
  void (*pack)(const addend_winograd_plan *plan, const float *filter, bool turned, size_t first,
               size_t last, float *packed);
  /// V of `count` tiles from `tile` on, channels first ..< last, `first` a multiple of 16. `zeros`
  /// holds as many zeros as there are channels. Values up to the next multiple of 16 are written
  /// too.
  void (*input)(const addend_winograd_plan *plan, const float *x, const float *zeros, size_t tile,
                size_t count, size_t first, size_t last, addend_winograd_block v);
  /// Aᵀ M A of outputs first ..< last, `first` being the block's column 0; bias, residual and
  /// rectifier as in addend_brgemm_tile.
  void (*output)(const addend_winograd_plan *plan, addend_winograd_block m, size_t tile,
                 size_t count, size_t first, size_t last, const float *bias, const float *residual,
                 bool rectifies, float *y);
  /// W = A dy Aᵀ, the adjoint of the output transform; as `input` has it.
  void (*adjoint)(const addend_winograd_plan *plan, const float *dy, const float *zeros,
                  size_t tile, size_t count, size_t first, size_t last, addend_winograd_block w);
  /// dg = Gᵀ dU G of channels channel ..< channel + count and outputs first ..< last; `du` holds
  /// these alone, a channel a row. Added to what the gradient holds or put in its place.
  void (*filter)(const addend_winograd_plan *plan, addend_winograd_block du, size_t channel,
                 size_t count, size_t first, size_t last, bool accumulates, float *gradient);
} addend_winograd_kernels;

const addend_winograd_kernels *addend_winograd_select(addend_isa isa);

/// The tiles among tile ..< tile + count that have a point: *begin ..< the result, counted from
/// `tile`.
size_t addend_winograd_tiles_of(const addend_winograd_plan *plan, size_t point, size_t tile,
                                size_t count, size_t *begin);
/// M = V U for points first ..< last and all outputs.
void addend_winograd_products(const addend_winograd_plan *plan,
                              const addend_brgemm_kernels *kernels, const float *packed,
                              addend_winograd_block v, size_t tile, size_t count, size_t first,
                              size_t last, addend_winograd_block m);
/// dU = Vᵀ W for all points, `channels` channels from `channel` on and the columns of a panel.
void addend_winograd_filter_products(const addend_winograd_plan *plan,
                                     const addend_brgemm_kernels *kernels, addend_winograd_block v,
                                     addend_winograd_block w, size_t tile, size_t count,
                                     size_t channel, size_t channels, size_t panel,
                                     addend_winograd_block du);

/// A pass, cut into steps that follow each other and parts of a step that may run side by side. All
/// of it depends on the extents alone.
typedef struct {
  addend_winograd_plan plan;
  const addend_winograd_kernels *kernels;
  const addend_brgemm_kernels *products;
  bool is_gradient;
  /// Tiles that are transformed together, and how often.
  size_t block, blocks;
  /// Of a convolution: whether all tiles are one block and the parts of a step share it; else a
  /// part takes blocks of its own through all steps.
  bool shares;
  /// Floats of a convolution's packed filter, and of scratch memory for all parts.
  size_t packed_count, scratch_count;
  /// N² γ, or N'² γ times the number of tiles.
  double error_factor;
} addend_winograd_pass;

typedef struct {
  /// The images, and for a filter gradient the gradient of the results.
  const float *x, *dy;
  const float *packed, *bias, *residual;
  bool rectifies, accumulates;
  /// scratch_count floats, 64-byte aligned for speed.
  float *scratch;
  /// The images that result, or the gradient of the filter.
  float *result;
} addend_winograd_data;

/// The extents of `plan` decide; `plan` need not be derived.
addend_winograd_pass addend_winograd_convolution(addend_winograd_plan plan, addend_isa isa);
addend_winograd_pass addend_winograd_filter_gradient(addend_winograd_plan plan, addend_isa isa);
/// U of input channels first ..< last of a convolution, as addend_winograd_kernels has it.
void addend_winograd_pack(const addend_winograd_pass *pass, const float *filter, bool turned,
                          size_t first, size_t last, float *packed);
/// To be called before the steps.
void addend_winograd_begin(const addend_winograd_pass *pass, const addend_winograd_data *data);
size_t addend_winograd_step_count(const addend_winograd_pass *pass);
size_t addend_winograd_part_count(const addend_winograd_pass *pass, size_t step);
void addend_winograd_run(const addend_winograd_pass *pass, const addend_winograd_data *data,
                         size_t step, size_t part);
#endif
