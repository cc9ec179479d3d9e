#ifndef ADDEND_CHECKSUM_H
#define ADDEND_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>

/// The CRC-32 of ISO 3309 (zlib's, PNG's) of what `checksum` is the CRC-32 of, followed by `bytes`;
/// `checksum` 0 stands for nothing.
uint32_t addend_crc32(uint32_t checksum, const uint8_t *bytes, size_t count);
#endif
