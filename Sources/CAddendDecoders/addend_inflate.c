#include "addend_inflate.h"

#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

struct addend_inflater {
  z_stream stream;
};

addend_inflater *addend_inflater_create(addend_inflate_wrapping wrapping) {
  addend_inflater *inflater = calloc(1, sizeof *inflater);
  if (inflater == NULL) return NULL;
  const int windowBits = wrapping == ADDEND_INFLATE_GZIP ? 16 + MAX_WBITS : -MAX_WBITS;
  if (inflateInit2(&inflater->stream, windowBits) == Z_OK) return inflater;
  free(inflater);
  return NULL;
}

void addend_inflater_destroy(addend_inflater *inflater) {
  inflateEnd(&inflater->stream);
  free(inflater);
}

void addend_inflater_reset(addend_inflater *inflater) { inflateReset(&inflater->stream); }

addend_inflate_status addend_inflater_step(addend_inflater *inflater, const uint8_t *source,
                                           size_t sourceCount, size_t *consumed,
                                           uint8_t *destination, size_t capacity,
                                           size_t *produced) {
  z_stream *stream = &inflater->stream;
  stream->next_in = source;
  stream->avail_in = (uInt)sourceCount;
  stream->next_out = destination;
  stream->avail_out = (uInt)capacity;
  const int result = inflate(stream, Z_NO_FLUSH);
  *consumed = sourceCount - stream->avail_in;
  *produced = capacity - stream->avail_out;
  switch (result) {
  case Z_OK:
  case Z_BUF_ERROR: return ADDEND_INFLATE_MORE;
  case Z_STREAM_END: return ADDEND_INFLATE_END;
  case Z_MEM_ERROR: return ADDEND_INFLATE_MEMORY;
  default: return ADDEND_INFLATE_DAMAGED;
  }
}
