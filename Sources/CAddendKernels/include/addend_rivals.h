#ifndef ADDEND_RIVALS_H
#define ADDEND_RIVALS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Other libraries' products on one thread, for benchmarks. Row-major, contiguous; each returns false,
// having done nothing, where its library is not there.

/// c = a b in float32 by oneDNN: a is [m][k], b is [k][n], c is [m][n].
bool addend_rival_onednn_f32(size_t m, size_t n, size_t k, const float *restrict a,
                             const float *restrict b, float *restrict c);

/// c = a b in oneDNN's integers.
bool addend_rival_onednn_u8(size_t m, size_t n, size_t k, const uint8_t *restrict a,
                            const int8_t *restrict b, int32_t *restrict c);

/// c = a b in float32 by OpenBLAS, which is looked for when first called.
bool addend_rival_openblas_f32(size_t m, size_t n, size_t k, const float *restrict a,
                               const float *restrict b, float *restrict c);
#endif
