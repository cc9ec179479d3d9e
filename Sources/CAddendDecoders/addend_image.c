#include "addend_image.h"

#include <stdio.h>
#include <string.h>

addend_image_format addend_image_recognise(const uint8_t *bytes, size_t count) {
  static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0) return ADDEND_IMAGE_PNG;
  if (count >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
    return ADDEND_IMAGE_JPEG;
  return ADDEND_IMAGE_UNKNOWN;
}

int addend_image_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                         size_t capacity) {
  switch (addend_image_recognise(bytes, count)) {
  case ADDEND_IMAGE_PNG: return addend_png_inspect(bytes, count, info, reason, capacity);
  case ADDEND_IMAGE_JPEG: return addend_jpeg_inspect(bytes, count, info, reason, capacity);
  case ADDEND_IMAGE_UNKNOWN: break;
  }
  snprintf(reason, capacity, "it starts like neither PNG nor JPEG");
  return 1;
}

int addend_image_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                        uint8_t *pixels, char *reason, size_t capacity) {
  return info->format == ADDEND_IMAGE_PNG
             ? addend_png_decode(bytes, count, info, pixels, reason, capacity)
             : addend_jpeg_decode(bytes, count, info, pixels, reason, capacity);
}
