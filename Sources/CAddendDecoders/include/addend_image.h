#ifndef ADDEND_IMAGE_H
#define ADDEND_IMAGE_H
#include <stddef.h>
#include <stdint.h>

/// Decoding of PNG (libpng) and JPEG (libjpeg) from memory. Nothing here trusts its input.

typedef enum { ADDEND_IMAGE_UNKNOWN, ADDEND_IMAGE_PNG, ADDEND_IMAGE_JPEG } addend_image_format;

/// An image's extents; `channels` is 1 (grey) or 3 (RGB).
typedef struct {
  addend_image_format format;
  size_t height, width, channels;
} addend_image_info;

/// What the first bytes say the file is.
addend_image_format addend_image_recognise(const uint8_t *bytes, size_t count);

/// Reads the header. 0, or 1 with a reason of at most `capacity` bytes, NUL included.
int addend_image_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                         size_t capacity);

/// Decodes to rows of 8-bit samples, channels interleaved: pixels [height][width][channels].
/// `info` is what `addend_image_inspect` said of the same bytes. Transparent pixels are laid over
/// black. A file that ends early or that the decoder had to repair is refused.
int addend_image_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                        uint8_t *pixels, char *reason, size_t capacity);
#endif
