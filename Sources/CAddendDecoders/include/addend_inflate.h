#ifndef ADDEND_INFLATE_H
#define ADDEND_INFLATE_H
#include <stddef.h>
#include <stdint.h>

/// Decompression by zlib, and its CRC-32.

typedef enum { ADDEND_INFLATE_RAW, ADDEND_INFLATE_GZIP } addend_inflate_wrapping;
typedef enum {
  ADDEND_INFLATE_MORE,    // the destination is full, or the source is used up
  ADDEND_INFLATE_END,     // the stream ended, and its check sum agreed
  ADDEND_INFLATE_DAMAGED, // the source is not such a stream
  ADDEND_INFLATE_MEMORY   // zlib got no memory
} addend_inflate_status;

typedef struct addend_inflater addend_inflater;

/// NULL where there is no memory. Destroy it with `addend_inflater_destroy`.
addend_inflater *addend_inflater_create(addend_inflate_wrapping wrapping);
void addend_inflater_destroy(addend_inflater *inflater);
/// Makes ready for another stream: gzip files may hold several members.
void addend_inflater_reset(addend_inflater *inflater);

/// Decompresses some of source[0..<sourceCount] into destination[0..<capacity]; both counts are
/// below 2³². `consumed` and `produced` say how far it came. Nothing overlaps.
addend_inflate_status addend_inflater_step(addend_inflater *inflater, const uint8_t *source,
                                           size_t sourceCount, size_t *consumed,
                                           uint8_t *destination, size_t capacity,
                                           size_t *produced);
#endif
