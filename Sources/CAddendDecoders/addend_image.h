#ifndef ADDEND_IMAGE_PRIVATE_H
#define ADDEND_IMAGE_PRIVATE_H
#include "include/addend_image.h"

int addend_png_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                       size_t capacity);
int addend_png_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                      uint8_t *pixels, char *reason, size_t capacity);
int addend_jpeg_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                        size_t capacity);
int addend_jpeg_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                       uint8_t *pixels, char *reason, size_t capacity);
#endif
