#ifndef ADDEND_BINARY_H
#define ADDEND_BINARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addend_isa.h"

// Products of signs that are bits, 1 where the sign is −1: a sum of k products is k − 2 n where n counts
// the places at which two rows of bits differ (Courbariaux et al., BinaryNet, 2016, §1.6).
//
// Rows of bits are words of 64, the first bit the lowest; bits past k are 0 on both sides, so that they
// never differ. Kernels take them chained: of the two halves x, y of word i the lower becomes x and the
// upper the parity p(i) of all halves up to y. Two chained rows differ in the parities of the places at
// which the rows differ. From p(i−1), x and p(i) one operation, their majority with y = p(i−1) ^ x
// ^ p(i), has the bits that carry; n = 2 Σ popcount(carries) + popcount(p(last)). That is half the
// popcounts and half the additions: 5 operations for two words of a vector, not 6.

enum {
  /// Columns of a panel.
  ADDEND_BINARY_PANEL = 32,
  /// The most planes that a row consists of.
  ADDEND_BINARY_MOST_PLANES = 16,
};

/// Columns first_panel·32 ..< (first_panel + panels)·32 of a product, as far as there are that many.
/// With v(r, j) = Σ_p 2^p n(r·planes + p, j) and the class c of row r:
///   sums[r][j] = offsets[c][j] − 2 v(r, j) for one plane, offsets[c][j] + v(r, j) for several, where
///   sums is not NULL;
///   bit j of bits[r] = (v(r, j) ≥ thresholds[c][j]) ^ bit j of flips, where bits is not NULL.
/// All in int32, which v must fit: (2^planes − 1) · 64 · words < 2^31.
typedef struct {
  size_t rows;             // of the result
  size_t planes;           // rows of a for each
  size_t columns;          // n
  size_t words;            // of a row of bits: ⌈k / 64⌉
  const uint64_t *a;       // [rows][planes][words], chained
  const uint32_t *b;       // panels as `addend_binary_pack` leaves them
  size_t first_panel, panels;
  const uint16_t *classes;    // [rows], or NULL where all are 0
  const int32_t *offsets;     // [classes][columns]
  int32_t *sums;              // [rows][columns]
  const int32_t *thresholds;  // [classes][columns]
  const uint64_t *flips;      // [⌈columns / 64⌉]
  uint64_t *bits;             // [rows][⌈columns / 64⌉], zeros past the last column
} addend_binary_product;

/// Does the part of the product. a and b may be at any address; nothing may overlap sums or bits.
typedef void (*addend_binary_product_fn)(const addend_binary_product *product);

/// words[r][w]: a bit for each x[r][c], 1 where it is not ≥ 0; zeros past the last column. x is
/// [rows][columns], words is [rows][⌈columns / 64⌉].
typedef void (*addend_binary_signs_fn)(size_t rows, size_t columns, const float *restrict x,
                                       uint64_t *restrict words);

/// words[r][p][w]: bit p of each x[r][c]; p < 8. words is [rows][8][⌈columns / 64⌉].
typedef void (*addend_binary_planes_fn)(size_t rows, size_t columns, const uint8_t *restrict x,
                                        uint64_t *restrict words);

enum {
  /// Columns of a panel of forms, and its bytes for each word of a row.
  ADDEND_BINARY_FORM_COLUMNS = 64,
  ADDEND_BINARY_FORM_BYTES = 1024,
  /// The most rows and words of a row of one call for many rows.
  ADDEND_BINARY_FORM_ROWS = 128,
  ADDEND_BINARY_FORM_WORDS = 128,
  /// Words of scratch memory for each word of a row.
  ADDEND_BINARY_FORM_SCRATCH = 512,
};

/// A product of many rows, of one plane: Σ carries as forms over GF(2), 8 rows and 64 columns at a time.
/// Of `product`, b is not read; first_panel and panels count panels of 64 columns. rows and words
/// are 1 or more and at most as many as above. forms, scratch and, where `streams` says so, sums
/// and its rows are on borders of 64 bytes.
typedef struct {
  addend_binary_product product;
  const uint8_t *forms;  // panels as `addend_binary_forms` leaves them
  uint64_t *scratch;     // ADDEND_BINARY_FORM_SCRATCH · words
  bool streams;          // sums bypass the caches, which they would not fit
} addend_binary_many;
typedef void (*addend_binary_many_fn)(const addend_binary_many *many);

enum {
  /// Weights whose sums with as many pixels are looked up at a time.
  ADDEND_BINARY_GROUP = 6,
  /// The most rows and panels of one call for pixels.
  ADDEND_BINARY_PIXEL_ROWS = 4,
  ADDEND_BINARY_PIXEL_PANELS = 128,
};

/// The product of pixels x [rows][inputs] and signs without planes: v(r, j) is what eight planes of
/// x give. codes are panels as `addend_binary_codes` leaves them, bases[j] = 255 · the ones among
/// column j's weights. Of `product`, a, b, words and planes are not read; rows ≤
/// ADDEND_BINARY_PIXEL_ROWS and panels ≤ ADDEND_BINARY_PIXEL_PANELS.
///
/// A table of 64 sums of 6 pixels of a row serves all columns: a permutation of words looks 32 of
/// them up, two operations for 192 products.
typedef struct {
  addend_binary_product product;
  const uint8_t *x;
  size_t inputs;  // below 2^22
  const uint16_t *codes;
  const int32_t *bases;  // [columns]
} addend_binary_pixels;
typedef void (*addend_binary_pixels_fn)(const addend_binary_pixels *pixels);

/// Kernels that give the same bits, whatever the set.
typedef struct {
  addend_binary_product_fn product;
  addend_binary_signs_fn signs;
  addend_binary_planes_fn planes;
  addend_binary_pixels_fn pixels;  // NULL where planes are faster
  addend_binary_many_fn many;      // NULL where the processor does not map bytes by matrices of bits
} addend_binary_kernels;

/// The kernels of the widest set that `isa` contains. Counting bits within a vector is an instruction of
/// its own from ADDEND_ISA_AVX512_VNNI on, where the processor has it.
addend_binary_kernels addend_binary_select(addend_isa isa);

/// Packs the signs of n columns of k weights each, rows [n][⌈k / 64⌉], as codes: ⌈n / 32⌉ panels of
/// [⌈k / 12⌉][32], each with the bits of weights 12 i … 12 i + 5 from its bit 0 on, of the next six from
/// bit 8 on. Column c of a panel's first half is at place 2 c, of its second at 2 (c − 16) + 1.
void addend_binary_codes(size_t n, size_t k, const uint64_t *restrict rows, uint16_t *restrict codes);

/// Chains rows of bits; y may be x.
void addend_binary_chain(size_t rows, size_t words, const uint64_t *x, uint64_t *y);

/// Packs n rows of bits, of a column's weights each, as panels: ⌈n / 32⌉ of [words][2][32] halves of
/// chained words. In the last panel, columns past n hold zeros.
void addend_binary_pack(size_t n, size_t words, const uint64_t *restrict rows,
                        uint32_t *restrict panels);

/// Lays n packed columns out as forms: ⌈n / 64⌉ panels of [words][16][64] bytes and the columns'
/// parities, [64] bytes of 0 or 255. With p the parity of all places before a place and itself, q
/// of those before it, and x the bit of the place after it, u = p, w = q ^ x and t = q ^ (u & w)
/// are numbers of each even place. Of four places from the even places j and j + 2 a byte holds,
/// from its bit 0 on, w(j), u(j), w(j + 2), u(j + 2), 1, t(j), 1, t(j + 2). Bytes 0–7 of a word's
/// 16 are its 4-bit digits of even, 8–15 of odd index. Column c of a panel is at place 16 (c / 4
/// mod 4) + 4 (c / 16) + c mod 4; columns past n are zeros.
void addend_binary_forms(size_t n, size_t words, const uint32_t *restrict panels,
                         uint8_t *restrict forms);

/// The extents of one image of rows of bits and of the windows over it.
typedef struct {
  size_t height, width, words;
  size_t filter_height, filter_width, stride, padding, dilation;
  size_t output_height, output_width;
} addend_binary_image;

/// Output positions first_row ..< first_row + rows of an image's patches as rows of bits, chained:
/// y[p][tap][w]; x is [height][width][words], words of taps outside the image are 0.
void addend_binary_patches(const addend_binary_image *image, const uint64_t *restrict x,
                           size_t first_row, size_t rows, uint64_t *restrict y);

/// An image's patches as rows of pixels: y[p][tap][channel], zeros outside; x is
/// [height][width][channels] with as many channels as `words` says.
void addend_binary_pixel_patches(const addend_binary_image *image, const uint8_t *restrict x,
                                 size_t first_row, size_t rows, uint8_t *restrict y);

/// Pools windows of bits: y = the AND of the window's words where the bits of `any` are 0, the OR where
/// they are 1. Taps outside the image hold nothing; each window has a pixel. x is [height][width][words],
/// y is [output_height][output_width][words], any is [words].
void addend_binary_pool(const addend_binary_image *image, const uint64_t *restrict x,
                        const uint64_t *restrict any, uint64_t *restrict y);
#endif
