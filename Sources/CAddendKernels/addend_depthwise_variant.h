// Depthwise kernels of one instruction set, named by ADDEND_VARIANT. No include guard:
// addend_depthwise.c includes this file once for each.
#define BLOCK block_16
#define CHANNELS 16
#define WIDTH_VARIANT(name) ADDEND_VARIANT(name##_16)
#include "addend_depthwise_block.h"
#undef BLOCK
#undef CHANNELS
#undef WIDTH_VARIANT
#define BLOCK block_4
#define CHANNELS 4
#define WIDTH_VARIANT(name) ADDEND_VARIANT(name##_4)
#include "addend_depthwise_block.h"
#undef BLOCK
#undef CHANNELS
#undef WIDTH_VARIANT
#define BLOCK block_1
#define CHANNELS 1
#define WIDTH_VARIANT(name) ADDEND_VARIANT(name##_1)
#include "addend_depthwise_block.h"
#undef BLOCK
#undef CHANNELS
#undef WIDTH_VARIANT

static void ADDEND_VARIANT(depthwise_line)(const addend_direct_piece *piece,
                                           const addend_direct_operands *operands, size_t line,
                                           size_t first, size_t end) {
  size_t c = first;
  for (; c + 64 <= end; c += 64) ADDEND_VARIANT(line_16)(4, piece, operands, line, c);
  for (; c + 16 <= end; c += 16) ADDEND_VARIANT(line_16)(1, piece, operands, line, c);
  for (; c + 4 <= end; c += 4) ADDEND_VARIANT(line_4)(1, piece, operands, line, c);
  for (; c < end; ++c) ADDEND_VARIANT(line_1)(1, piece, operands, line, c);
}

static void ADDEND_VARIANT(depthwise_gradient_row)(size_t batch, const addend_window *w,
                                                   size_t channels, const float *restrict x,
                                                   const float *restrict dy, size_t row,
                                                   size_t first, size_t end,
                                                   float *restrict gradient) {
  size_t c = first;
#define GRADIENT(width)                                                                         \
  for (; c + width <= end; c += width)                                                          \
    ADDEND_VARIANT(gradient_##width)(batch, w, channels, x, dy, row, c, gradient);
  GRADIENT(16)
  GRADIENT(4)
  GRADIENT(1)
#undef GRADIENT
}

static const addend_depthwise_kernels ADDEND_VARIANT(depthwise) = {
    .line = ADDEND_VARIANT(depthwise_line),
    .gradient_row = ADDEND_VARIANT(depthwise_gradient_row)};
