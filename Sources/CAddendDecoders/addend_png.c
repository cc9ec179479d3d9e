#include "addend_image.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

// libpng's simplified interface: it holds its own error handling, and reports through `message`.

static int begin(png_image *image, const uint8_t *bytes, size_t count, char *reason,
                 size_t capacity) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(image, bytes, count)) return 0;
  snprintf(reason, capacity, "%s", image->message);
  return 1;
}

int addend_png_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                       size_t capacity) {
  png_image image;
  if (begin(&image, bytes, count, reason, capacity)) return 1;
  info->format = ADDEND_IMAGE_PNG;
  info->height = image.height;
  info->width = image.width;
  info->channels = image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
  png_image_free(&image);
  return 0;
}

int addend_png_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                      uint8_t *pixels, char *reason, size_t capacity) {
  png_image image;
  if (begin(&image, bytes, count, reason, capacity)) return 1;
  if (image.height != info->height || image.width != info->width) {
    png_image_free(&image);
    snprintf(reason, capacity, "its header changed while it was read");
    return 1;
  }
  image.format = info->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const png_color black = {0, 0, 0};
  const int done =
      png_image_finish_read(&image, &black, pixels, (png_int_32)(info->width * info->channels), NULL);
  // A warning (bit 0 of warning_or_error) leaves the pixels whole: only errors refuse the file.
  if (!done) snprintf(reason, capacity, "%s", image.message);
  png_image_free(&image);
  return done ? 0 : 1;
}
