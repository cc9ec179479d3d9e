// Depthwise kernels of one instruction set: a source of addend_sets.h.
#if LANES > 4
#define ADD_PRODUCT(x, y, sum) __builtin_elementwise_fma(x, y, sum)
#else
#define ADD_PRODUCT(x, y, sum) ((x) * (y) + (sum))
#endif
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
  for (; c + 64 <= end; c += 64) ADDEND_VARIANT(line_16)(4, 4, piece, operands, line, c);
  for (; c + 32 <= end; c += 32) ADDEND_VARIANT(line_16)(6, 2, piece, operands, line, c);
  for (; c + 16 <= end; c += 16) ADDEND_VARIANT(line_16)(8, 1, piece, operands, line, c);
  for (; c + 4 <= end; c += 4) ADDEND_VARIANT(line_4)(4, 1, piece, operands, line, c);
  for (; c < end; ++c) ADDEND_VARIANT(line_1)(4, 1, piece, operands, line, c);
}

static void ADDEND_VARIANT(depthwise_gradient)(size_t batch, const addend_window *w,
                                                   size_t channels, const float *restrict x,
                                                   const float *restrict dy, size_t first_row,
                                                   size_t end_row, size_t first, size_t end,
                                                   float *restrict gradient) {
  size_t c = first;
#define GRADIENT(width, blocks)                                                                \
  for (; c + width * blocks <= end; c += width * blocks)                                       \
    ADDEND_VARIANT(gradient_##width)(blocks, batch, w, channels, x, dy, first_row, end_row, c, \
                                     gradient);
  GRADIENT(16, 4)
  GRADIENT(16, 2)
  GRADIENT(16, 1)
  GRADIENT(4, 1)
  GRADIENT(1, 1)
#undef GRADIENT
}

static const addend_depthwise_kernels ADDEND_VARIANT(depthwise) = {
    .line = ADDEND_VARIANT(depthwise_line),
    .gradient = ADDEND_VARIANT(depthwise_gradient)};
#undef ADD_PRODUCT
