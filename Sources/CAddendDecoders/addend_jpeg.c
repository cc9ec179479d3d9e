#include "addend_image.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

// More scans than any encoder writes: a small file could otherwise ask for hours of refinement.
enum { SCAN_LIMIT = 200 };

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  char text[JMSG_LENGTH_MAX];
} error_state;

static void leave(j_common_ptr info) {
  error_state *state = (error_state *)info->err;
  info->err->format_message(info, state->text);
  longjmp(state->escape, 1);
}

// libjpeg repairs damaged data and only warns (level −1); data must not be invented.
static void warn(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

static void watch_scans(j_common_ptr info) {
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= SCAN_LIMIT) return;
  error_state *state = (error_state *)info->err;
  snprintf(state->text, sizeof state->text, "it has more than %d scans", SCAN_LIMIT);
  longjmp(state->escape, 1);
}

/// Inspects where `pixels` is null, decodes otherwise.
static int run(const uint8_t *bytes, size_t count, addend_image_info *info, uint8_t *pixels,
               char *reason, size_t capacity) {
  struct jpeg_decompress_struct decoder;
  struct jpeg_progress_mgr progress;
  error_state state;
  memset(&decoder, 0, sizeof decoder);
  memset(&progress, 0, sizeof progress);
  decoder.err = jpeg_std_error(&state.manager);
  state.manager.error_exit = leave;
  state.manager.emit_message = warn;
  if (setjmp(state.escape)) {
    jpeg_destroy_decompress(&decoder);
    snprintf(reason, capacity, "%s", state.text);
    return 1;
  }
  jpeg_create_decompress(&decoder);
  progress.progress_monitor = watch_scans;
  decoder.progress = &progress;
  jpeg_mem_src(&decoder, bytes, (unsigned long)count);
  jpeg_read_header(&decoder, TRUE);
  const int isGrey = decoder.jpeg_color_space == JCS_GRAYSCALE;
  decoder.out_color_space = isGrey ? JCS_GRAYSCALE : JCS_RGB;
  if (pixels == NULL) {
    info->format = ADDEND_IMAGE_JPEG;
    info->height = decoder.image_height;
    info->width = decoder.image_width;
    info->channels = isGrey ? 1 : 3;
    jpeg_destroy_decompress(&decoder);
    return 0;
  }
  jpeg_start_decompress(&decoder);
  if (decoder.output_height != info->height || decoder.output_width != info->width ||
      (size_t)decoder.output_components != info->channels) {
    snprintf(state.text, sizeof state.text, "its header changed while it was read");
    longjmp(state.escape, 1);
  }
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW row = pixels + (size_t)decoder.output_scanline * info->width * info->channels;
    jpeg_read_scanlines(&decoder, &row, 1);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return 0;
}

int addend_jpeg_inspect(const uint8_t *bytes, size_t count, addend_image_info *info, char *reason,
                        size_t capacity) {
  return run(bytes, count, info, NULL, reason, capacity);
}

int addend_jpeg_decode(const uint8_t *bytes, size_t count, const addend_image_info *info,
                       uint8_t *pixels, char *reason, size_t capacity) {
  addend_image_info expected = *info;
  return run(bytes, count, &expected, pixels, reason, capacity);
}
