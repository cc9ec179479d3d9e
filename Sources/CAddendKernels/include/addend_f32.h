#ifndef ADDEND_F32_H
#define ADDEND_F32_H
#include "addend_isa.h"
#include "addend_window.h"
#include <stddef.h>
#include <stdint.h>

/// Functions of one variable; see `ActivationFunction` for their equations.
typedef enum {
  ADDEND_RELU,
  ADDEND_LEAKY_RELU,  // the parameter is the slope below zero
  ADDEND_SIGMOID,
  ADDEND_TANH,
  ADDEND_GELU,
  ADDEND_SWISH,
  ADDEND_HARD_TANH,
} addend_activation;

/// One step of gradient descent with momentum; see `MomentumStep`.
typedef struct {
  float rate, momentum, decay;
  bool looks_ahead;
} addend_momentum_step;

/// One step of Adam; see `AdamStep`. `kept` is 1 − η δ.
typedef struct {
  float rate, scale, epsilon, decay, kept, first, first_share, second, second_share;
} addend_adam_step;

/// One step of AdaMax; see `AdaMaxStep`.
typedef struct {
  float rate, epsilon, decay, first, first_share, second;
} addend_adamax_step;

/// The float32 kernels of one instruction set.
///
/// All variants are compiled from one source without contraction to fused multiply-adds, and their
/// reductions run in 16 lanes whatever the registers' width: they agree bit for bit.
/// Matrices are row-major and contiguous. Nothing that is written overlaps anything else.
/// No alignment is needed. Every function works on the calling thread.
typedef struct {
  // Elements.
  /// y = value.
  void (*fill)(size_t n, float value, float *restrict y);
  /// y += alpha x.
  void (*add_scaled)(size_t n, float alpha, const float *restrict x, float *restrict y);
  /// y *= alpha.
  void (*scale)(size_t n, float alpha, float *restrict y);
  /// y *= x.
  void (*multiply)(size_t n, const float *restrict x, float *restrict y);
  /// Σ x².
  double (*sum_of_squares)(size_t n, const float *restrict x);
  /// y = x + share (h − x).
  void (*blend)(size_t n, const float *restrict x, const float *restrict h,
                const float *restrict share, float *restrict y);
  /// dh = dy share; dx = dy − dh; dshare = dy (h − x).
  void (*blend_gradient)(size_t n, const float *restrict x, const float *restrict h,
                         const float *restrict share, const float *restrict dy,
                         float *restrict dx, float *restrict dh, float *restrict dshare);
  /// y = f(x).
  void (*activate)(addend_activation f, float parameter, size_t n, const float *restrict x,
                   float *restrict y);
  /// dx = dy f′(x), where y = f(x).
  void (*activation_gradient)(addend_activation f, float parameter, size_t n,
                              const float *restrict x, const float *restrict y,
                              const float *restrict dy, float *restrict dx);
  /// y = x rounded to bfloat16's 8 significant bits, ties to even; NaN is made quiet.
  void (*round_to_bf16)(size_t n, const float *restrict x, float *restrict y);

  // Rows: matrices [rows][columns].
  /// y[r][c] += row[c].
  void (*add_row)(size_t rows, size_t columns, const float *restrict row, float *restrict y);
  /// y[r][c] = max(y[r][c] + row[c] + residual[r][c], 0); row and residual may be NULL, and negative
  /// results stay unless `rectifies`.
  void (*finish_rows)(size_t rows, size_t columns, const float *restrict row,
                      const float *restrict residual, bool rectifies, float *restrict y);
  /// sums[c] += Σ_r x[r·stride + c], rows in order.
  void (*add_column_sums)(size_t rows, size_t columns, size_t stride, const float *restrict x,
                          float *restrict sums);
  /// Where the largest of n numbers is, the first of equals; 0 if n = 0 or x[0] is NaN. Other NaNs lose.
  size_t (*index_of_largest)(size_t n, const float *restrict x);
  /// How many of n numbers are larger than x[place], or equal to it and before it. Counting may stop
  /// from `limit` on. x[place] is not NaN; other NaNs are not larger.
  size_t (*count_ahead)(size_t n, size_t place, size_t limit, const float *restrict x);
  /// y[r][·] = softmax of x[r][·].
  void (*softmax)(size_t rows, size_t columns, const float *restrict x, float *restrict y);
  /// Over rows with a class (≥ 0, below columns): the sum of −Σ_c target_c log softmax(x)_c, where
  /// the target is 1 − smoothing on the class plus smoothing / columns everywhere; and
  /// x becomes weight (softmax(x) − target). Rows without a class become 0.
  double (*cross_entropy)(size_t rows, size_t columns, float *restrict x,
                          const int32_t *restrict classes, float smoothing, float weight);
  /// Σ (y − targets)², and gradient = slope (y − targets).
  double (*squared_error)(size_t n, const float *restrict y, const float *restrict targets,
                          float slope, float *restrict gradient);
  /// Over rows with a class (≥ 0): Σ_c max(0, 1 − t y)², where t is 1 for the class and −1 for the other
  /// columns; and gradient = −t slope max(0, 1 − t y). Rows without a class: gradient = 0.
  double (*squared_hinge)(size_t rows, size_t columns, const float *restrict y,
                          const int32_t *restrict classes, float slope, float *restrict gradient);

  // Normalisation: x [rows][columns].
  /// sums[c] = Σ_r x[r][c]; squares[c] = Σ_r (x[r][c] − sums[c] / rows)². rows > 0.
  void (*column_moments)(size_t rows, size_t columns, const float *restrict x,
                         float *restrict sums, float *restrict squares);
  /// y = (x − mean) slope + shift, column by column.
  void (*normalize)(size_t rows, size_t columns, const float *restrict x,
                    const float *restrict mean, const float *restrict slope,
                    const float *restrict shift, float *restrict y);
  /// sums[c] = Σ_r dy[r][c]; products[c] = Σ_r dy[r][c] (x[r][c] − mean[c]).
  void (*column_products)(size_t rows, size_t columns, const float *restrict x,
                          const float *restrict dy, const float *restrict mean,
                          float *restrict sums, float *restrict products);
  /// dx = (dy − offset − (x − mean) tilt) slope, column by column.
  void (*normalization_gradient)(size_t rows, size_t columns, const float *restrict x,
                                 const float *restrict dy, const float *restrict mean,
                                 const float *restrict offset, const float *restrict tilt,
                                 const float *restrict slope, float *restrict dx);

  /// Row by row: mean = the mean of x, inverse = 1 / √(variance + epsilon), and
  /// y = (x − mean) inverse scale + shift.
  void (*normalize_rows)(size_t rows, size_t columns, float epsilon, const float *restrict x,
                         const float *restrict scale, const float *restrict shift,
                         float *restrict y, float *restrict mean, float *restrict inverse);
  /// With x̂ = (x − mean) inverse and g = dy scale: scale_gradient = Σ_r dy x̂, shift_gradient = Σ_r dy,
  /// and dx = (g − mean(g) − x̂ mean(g x̂)) inverse, means being the row's.
  void (*row_normalization_gradient)(size_t rows, size_t columns, const float *restrict x,
                                     const float *restrict dy, const float *restrict mean,
                                     const float *restrict inverse, const float *restrict scale,
                                     float *restrict dx, float *restrict scale_gradient,
                                     float *restrict shift_gradient);

  // Windows: one image x [height][width][channels], one result y [output_height][output_width].
  /// y[·][channels] = the largest pixel under each window, choices its tap, −1 and 0 if none.
  void (*max_pool)(const addend_window *window, const float *restrict x, float *restrict y,
                   int32_t *restrict choices);
  /// The same without choices, of rows first ≤ p < end of the result, which y begins with.
  void (*max_values)(const addend_window *window, size_t first, size_t end,
                     const float *restrict x, float *restrict y);
  /// dx = 0; dx[pixel chosen] += dy.
  void (*max_pool_gradient)(const addend_window *window, const float *restrict dy,
                            const int32_t *restrict choices, float *restrict dx);
  /// y = factors[position] Σ of the pixels under the window; factors [output_height][output_width].
  void (*average_pool)(const addend_window *window, const float *restrict x,
                       const float *restrict factors, float *restrict y);
  /// dx = 0; dx[pixels under the window] += factors[position] dy.
  void (*average_pool_gradient)(const addend_window *window, const float *restrict dy,
                                const float *restrict factors, float *restrict dx);
  /// rows[position][tap][channel] = the pixel under the tap, 0 in the padding, of rows first ≤ p < end
  /// of the result, which `rows` begins with.
  void (*patches)(const addend_window *window, size_t first, size_t end, const float *restrict x,
                  float *restrict rows);
  /// x[pixel under the tap] += rows[position][tap][channel], positions in order.
  void (*add_patches)(const addend_window *window, const float *restrict rows, float *restrict x);

  // Recurrent cells: one time step of [rows][size] states; see `TensorScalar.lstmStep` and its like.
  // input, recurrent, gates and their gradients are [rows][4 or 3][size].
  void (*lstm_step)(size_t rows, size_t size, const float *restrict input,
                    const float *restrict recurrent, const float *restrict memory,
                    float *restrict gates, float *restrict next_memory, float *restrict output);
  /// memory_gradient is read and replaced.
  void (*lstm_step_gradient)(size_t rows, size_t size, const float *restrict gates,
                             const float *restrict memory, const float *restrict next_memory,
                             const float *restrict output_gradient,
                             float *restrict memory_gradient, float *restrict gate_gradient);
  void (*gru_step)(size_t rows, size_t size, const float *restrict input,
                   const float *restrict recurrent, const float *restrict state,
                   float *restrict gates, float *restrict output);
  void (*gru_step_gradient)(size_t rows, size_t size, const float *restrict gates,
                            const float *restrict recurrent, const float *restrict state,
                            const float *restrict output_gradient, float *restrict state_gradient,
                            float *restrict input_gradient, float *restrict recurrent_gradient);
  void (*elman_step)(size_t n, const float *restrict input, const float *restrict recurrent,
                     float *restrict output);

  // Updates.
  void (*momentum_update)(const addend_momentum_step *step, size_t n,
                          const float *restrict gradient, float *restrict weights,
                          float *restrict velocity);
  void (*adam_update)(const addend_adam_step *step, size_t n, const float *restrict gradient,
                      float *restrict weights, float *restrict first_moment,
                      float *restrict second_moment);
  void (*adamax_update)(const addend_adamax_step *step, size_t n, const float *restrict gradient,
                        float *restrict weights, float *restrict first_moment,
                        float *restrict largest);

  // Elementary functions, for the tests of their error: y = f(x).
  void (*exponential)(size_t n, const float *restrict x, float *restrict y);
  void (*error_function)(size_t n, const float *restrict x, float *restrict y);
} addend_f32_kernels;

/// The kernels of `isa`, or of the widest set below it that this build has code for.
const addend_f32_kernels *addend_f32_select(addend_isa isa);
#endif
