#include <string.h>

#include "addend_byte_select.h"

enum { tile = ADDEND_BYTE_TILE };

// Products and sums are rounded apart, so that all machines agree bit for bit.
#pragma STDC FP_CONTRACT OFF

// The definitions: every variant agrees with them bit for bit.
static int32_t sum_of(const addend_byte_layer *restrict layer, const uint8_t *restrict codes,
                      size_t m, size_t r) {
  const int8_t *table = layer->tables + m * layer->blocks * 16;
  int32_t sum = layer->biases[m];
  for (size_t j = 0; j < layer->blocks; ++j) sum += table[16 * j + codes[j * tile + r]];
  return sum;
}

static void encode(const addend_byte_layer *restrict layer, const uint8_t *restrict x, size_t rows,
                   uint8_t *restrict codes) {
  for (size_t j = 0; j < layer->blocks; ++j)
    for (size_t r = 0; r < rows; ++r) codes[j * tile + r] = addend_byte_code(layer, x, j, r);
}

static void layer_scalar(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                         size_t rows, uint8_t *restrict scratch, uint8_t *restrict y) {
  for (size_t t = 0; t * tile < rows; ++t, x += layer->inputs * tile, y += layer->outputs * tile) {
    const size_t here = addend_byte_tile_rows(rows, t);
    encode(layer, x, here, scratch);
    for (size_t m = 0; m < layer->outputs; ++m)
      for (size_t r = 0; r < here; ++r)
        y[m * tile + r] = addend_byte_cut(sum_of(layer, scratch, m, r), layer->shifts[m]);
  }
}

static void sums_scalar(const addend_byte_layer *restrict layer, const uint8_t *restrict x,
                        size_t rows, uint8_t *restrict scratch, int32_t *restrict sums) {
  for (size_t t = 0; t * tile < rows;
       ++t, x += layer->inputs * tile, sums += layer->outputs * tile) {
    const size_t here = addend_byte_tile_rows(rows, t);
    encode(layer, x, here, scratch);
    for (size_t m = 0; m < layer->outputs; ++m)
      for (size_t r = 0; r < here; ++r) sums[m * tile + r] = sum_of(layer, scratch, m, r);
  }
}

static void columns_scalar(const uint8_t *restrict x, size_t rows, size_t width,
                           uint8_t *restrict columns) {
  for (size_t c = 0; c < width; ++c) {
    for (size_t r = 0; r < rows; ++r) columns[c * tile + r] = x[r * width + c];
    memset(columns + c * tile + rows, 0, addend_byte_tile_rows(rows, 0) - rows);
  }
}

addend_byte_kernels addend_byte_select(addend_isa isa) {
  addend_byte_kernels kernels = {layer_scalar, sums_scalar, columns_scalar};
  if (isa >= ADDEND_ISA_NEON && addend_isa_is_available(ADDEND_ISA_NEON))
    addend_byte_use_neon(&kernels);
  if (isa >= ADDEND_ISA_AVX2 && addend_isa_is_available(ADDEND_ISA_AVX2))
    addend_byte_use_avx2(&kernels);
  if (isa >= ADDEND_ISA_AVX512_VNNI && addend_isa_is_available(ADDEND_ISA_AVX512_VNNI))
    addend_byte_use_vnni(&kernels);
  return kernels;
}

void addend_byte_network(addend_byte_kernels kernels, const addend_byte_layer *restrict layers,
                         size_t count, const float *restrict scales, const float *restrict offsets,
                         const uint8_t *restrict x, size_t rows, size_t width, size_t widest,
                         uint8_t *restrict bytes, uint8_t *restrict scratch,
                         float *restrict logits) {
  const size_t tiles = (rows + tile - 1) / tile;
  uint8_t *from = bytes, *to = bytes + tiles * widest * tile;
  for (size_t t = 0; t < tiles; ++t)
    kernels.columns(x + t * tile * width, rows - t * tile < tile ? rows - t * tile : tile, width,
                    from + t * width * tile);
  for (size_t i = 0; i + 1 < count; ++i) {
    kernels.layer(&layers[i], from, rows, scratch, to);
    uint8_t *free = from;
    from = to;
    to = free;
  }
  const size_t outputs = layers[count - 1].outputs;
  int32_t *sums = (int32_t *)(void *)to;
  kernels.sums(&layers[count - 1], from, rows, scratch, sums);
  for (size_t r = 0; r < rows; ++r)
    for (size_t m = 0; m < outputs; ++m)
      logits[r * outputs + m] =
          (float)sums[(r / tile * outputs + m) * tile + r % tile] * scales[m] + offsets[m];
}

void addend_byte_classes(const float *restrict logits, size_t rows, size_t outputs,
                         int32_t *restrict classes) {
  for (size_t r = 0; r < rows; ++r) {
    size_t best = 0;
    for (size_t m = 1; m < outputs; ++m)
      if (logits[r * outputs + m] > logits[r * outputs + best]) best = m;
    classes[r] = (int32_t)best;
  }
}
