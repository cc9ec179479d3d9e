#ifndef ADDEND_DEPTHWISE_H
#define ADDEND_DEPTHWISE_H
#include "addend_direct.h"

/// Depthwise convolutions: every channel is a group of its own with one output. Vectors lie along the
/// channels, and a few positions share each number of the filter. Where results are sums over the same
/// taps, they are added in the order of the taps.

/// The positions of one line of results, of channels first_channel ≤ c < end_channel:
/// result = max(Σ source · filter + bias + residual, 0) with what is asked for. The piece has as many
/// groups as there are channels, with a depth and a number of results of 1.
/// packed [tap down][tap across][channel]; `line` counts rows of results over all images.
typedef void (*addend_depthwise_fn)(const addend_direct_piece *piece,
                                    const addend_direct_operands *operands, size_t line,
                                    size_t first_channel, size_t end_channel);

/// dW[r, s, c] = Σ x dy of filter rows first_row ≤ r < end_row, for the channels given:
/// packed [filter_height][filter_width][channels], overwritten.
typedef void (*addend_depthwise_gradient_fn)(size_t batch, const addend_window *window,
                                             size_t channels, const float *restrict x,
                                             const float *restrict dy, size_t first_row,
                                             size_t end_row,
                                             size_t first_channel, size_t end_channel,
                                             float *restrict packed);

typedef struct {
  addend_depthwise_fn line;
  addend_depthwise_gradient_fn gradient;
} addend_depthwise_kernels;

/// The kernels of the widest set that `isa` contains.
const addend_depthwise_kernels *addend_depthwise_select(addend_isa isa);

/// filter [channel][filter_height][filter_width] → packed, as `line` reads it.
void addend_depthwise_pack(const addend_direct_piece *piece, const addend_window *window,
                           const float *restrict filter, float *restrict packed);
/// packed [filter_height][filter_width][channels] → gradient [channel][filter_height][filter_width],
/// overwritten or added to.
void addend_depthwise_unpack(const addend_window *window, size_t channels,
                             const float *restrict packed, bool accumulates,
                             float *restrict gradient);
#endif
