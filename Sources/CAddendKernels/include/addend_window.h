#ifndef ADDEND_WINDOW_H
#define ADDEND_WINDOW_H
#include <stddef.h>

/// A filter or pooling window that slides over an image [height][width][channels]:
/// the pixel under tap r at output p is row p·stride + r·dilation − padding; columns likewise.
typedef struct {
  size_t height, width, channels;
  size_t filter_height, filter_width;
  size_t output_height, output_width;
  size_t stride, padding, dilation;
} addend_window;
#endif
