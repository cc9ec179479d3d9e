#include <string.h>

#include "addend_binary.h"

/// Word i of a chained row, from the parity of the halves before it.
static inline uint64_t chained(uint64_t word, uint32_t *parity) {
  *parity ^= (uint32_t)word ^ (uint32_t)(word >> 32);
  return (uint32_t)word | (uint64_t)*parity << 32;
}

void addend_binary_chain(size_t rows, size_t words, const uint64_t *x, uint64_t *y) {
  // Four at a time: a row alone waits for its own parity.
  for (; rows >= 4; rows -= 4, x += 4 * words, y += 4 * words) {
    uint32_t parity[4] = {0};
    for (size_t i = 0; i < words; ++i)
      for (size_t r = 0; r < 4; ++r) y[words * r + i] = chained(x[words * r + i], parity + r);
  }
  for (size_t r = 0; r < rows; ++r, x += words, y += words) {
    uint32_t parity = 0;
    for (size_t i = 0; i < words; ++i) y[i] = chained(x[i], &parity);
  }
}

void addend_binary_pack(size_t n, size_t words, const uint64_t *restrict rows,
                        uint32_t *restrict panels) {
  const size_t count = (n + ADDEND_BINARY_PANEL - 1) / ADDEND_BINARY_PANEL;
  memset(panels, 0, count * 2 * ADDEND_BINARY_PANEL * words * sizeof *panels);
  for (size_t j = 0; j < n; ++j) {
    uint32_t parity = 0;
    uint32_t *to = panels + j / ADDEND_BINARY_PANEL * 2 * ADDEND_BINARY_PANEL * words +
                   j % ADDEND_BINARY_PANEL;
    for (size_t i = 0; i < words; ++i, to += 2 * ADDEND_BINARY_PANEL) {
      const uint64_t word = chained(rows[j * words + i], &parity);
      to[0] = (uint32_t)word;
      to[ADDEND_BINARY_PANEL] = (uint32_t)(word >> 32);
    }
  }
}

/// The forms of a word of one column, 64 bytes apart, from the parity of the words before it.
static void word_forms(uint64_t bits, uint64_t *parity, uint8_t *to) {
  const uint64_t evens = 0x5555555555555555;
  uint64_t u = bits;
  for (int shift = 1; shift < 64; shift *= 2) u ^= u << shift;
  u ^= 0 - *parity;
  const uint64_t before = u << 1 | *parity, w = before ^ bits >> 1, own = before ^ (u & w);
  *parity = u >> 63;
  const uint64_t both = (w & evens) | (u & evens) << 1, alone = evens | (own & evens) << 1;
  for (int i = 0; i < 8; ++i, to += 64) {
    const unsigned x = both >> 8 * i & 255, y = alone >> 8 * i & 255;
    to[0] = (uint8_t)((x & 15) | (y & 15) << 4);
    to[512] = (uint8_t)(x >> 4 | (y & 240));
  }
}

void addend_binary_forms(size_t n, size_t words, const uint32_t *restrict panels,
                         uint8_t *restrict forms) {
  const size_t size = ADDEND_BINARY_FORM_BYTES * words + ADDEND_BINARY_FORM_COLUMNS;
  const size_t count = (n + ADDEND_BINARY_FORM_COLUMNS - 1) / ADDEND_BINARY_FORM_COLUMNS;
  memset(forms, 0, count * size);
  for (size_t j = 0; j < n; ++j) {
    const size_t c = j % ADDEND_BINARY_FORM_COLUMNS;
    const uint32_t *from = panels + j / ADDEND_BINARY_PANEL * 2 * ADDEND_BINARY_PANEL * words +
                           j % ADDEND_BINARY_PANEL;
    uint8_t *to = forms + j / ADDEND_BINARY_FORM_COLUMNS * size + 16 * (c / 4 % 4) + 4 * (c / 16) + c % 4;
    uint32_t chain = 0;
    uint64_t parity = 0;
    for (size_t i = 0; i < words; ++i, from += 2 * ADDEND_BINARY_PANEL) {
      const uint32_t lower = from[0], next = from[ADDEND_BINARY_PANEL];
      word_forms(lower | (uint64_t)(lower ^ next ^ chain) << 32, &parity,
                 to + ADDEND_BINARY_FORM_BYTES * i);
      chain = next;
    }
    to[ADDEND_BINARY_FORM_BYTES * words] = (uint8_t)(0 - parity);
  }
}

static unsigned code(const uint64_t *row, size_t k, size_t first) {
  unsigned bits = 0;
  for (size_t i = first; i < first + ADDEND_BINARY_GROUP && i < k; ++i)
    bits |= (unsigned)(row[i / 64] >> i % 64 & 1) << (i - first);
  return bits;
}

void addend_binary_codes(size_t n, size_t k, const uint64_t *restrict rows,
                         uint16_t *restrict codes) {
  const size_t words = (k + 63) / 64, both = 2 * ADDEND_BINARY_GROUP, pairs = (k + both - 1) / both;
  const size_t panels = (n + ADDEND_BINARY_PANEL - 1) / ADDEND_BINARY_PANEL;
  memset(codes, 0, panels * pairs * ADDEND_BINARY_PANEL * sizeof *codes);
  for (size_t j = 0; j < n; ++j) {
    const size_t c = j % ADDEND_BINARY_PANEL, half = ADDEND_BINARY_PANEL / 2;
    uint16_t *to = codes + j / ADDEND_BINARY_PANEL * pairs * ADDEND_BINARY_PANEL +
                   (c < half ? 2 * c : 2 * (c - half) + 1);
    for (size_t i = 0; i < pairs; ++i, to += ADDEND_BINARY_PANEL) {
      const size_t first = 2 * ADDEND_BINARY_GROUP * i;
      *to = (uint16_t)(code(rows + j * words, k, first) |
                       code(rows + j * words, k, first + ADDEND_BINARY_GROUP) << 8);
    }
  }
}

/// The pixel under a tap, or NULL outside the image.
static inline const uint64_t *pixel(const addend_binary_image *image, const uint64_t *x, size_t p,
                                    size_t q, size_t tap_row, size_t tap_column) {
  // What lies before the image wraps to numbers above all rows.
  const size_t row = p * image->stride + tap_row * image->dilation - image->padding;
  const size_t column = q * image->stride + tap_column * image->dilation - image->padding;
  if (row >= image->height || column >= image->width) return NULL;
  return x + (row * image->width + column) * image->words;
}

void addend_binary_patches(const addend_binary_image *image, const uint64_t *restrict x,
                           size_t first_row, size_t rows, uint64_t *restrict y) {
  for (size_t r = first_row; r < first_row + rows; ++r) {
    const size_t p = r / image->output_width, q = r % image->output_width;
    uint32_t parity = 0;
    for (size_t i = 0; i < image->filter_height; ++i)
      for (size_t j = 0; j < image->filter_width; ++j, y += image->words) {
        const uint64_t *from = pixel(image, x, p, q, i, j);
        for (size_t w = 0; w < image->words; ++w) y[w] = chained(from ? from[w] : 0, &parity);
      }
  }
}

void addend_binary_pixel_patches(const addend_binary_image *image, const uint8_t *restrict x,
                                 size_t first_row, size_t rows, uint8_t *restrict y) {
  const size_t channels = image->words;
  for (size_t r = first_row; r < first_row + rows; ++r) {
    const size_t p = r / image->output_width, q = r % image->output_width;
    for (size_t i = 0; i < image->filter_height; ++i)
      for (size_t j = 0; j < image->filter_width; ++j, y += channels) {
        const size_t row = p * image->stride + i * image->dilation - image->padding;
        const size_t column = q * image->stride + j * image->dilation - image->padding;
        if (row < image->height && column < image->width)
          memcpy(y, x + (row * image->width + column) * channels, channels);
        else
          memset(y, 0, channels);
      }
  }
}

void addend_binary_pool(const addend_binary_image *image, const uint64_t *restrict x,
                        const uint64_t *restrict any, uint64_t *restrict y) {
  for (size_t p = 0; p < image->output_height; ++p)
    for (size_t q = 0; q < image->output_width; ++q, y += image->words)
      for (size_t w = 0; w < image->words; ++w) {
        uint64_t all = ~(uint64_t)0, some = 0;
        for (size_t i = 0; i < image->filter_height; ++i)
          for (size_t j = 0; j < image->filter_width; ++j) {
            const uint64_t *from = pixel(image, x, p, q, i, j);
            if (!from) continue;
            all &= from[w];
            some |= from[w];
          }
        y[w] = (all & ~any[w]) | (some & any[w]);
      }
}
