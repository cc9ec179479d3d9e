#ifndef ADDEND_BRGEMM_H
#define ADDEND_BRGEMM_H
#include <stdbool.h>
#include <stddef.h>

#include "addend_isa.h"

/// A batch-reduce product (Georganas et al., 2020, "Harnessing Deep Learning via a Single Building
/// Block"): one tile of a result, summed over a list of blocks while it stays in registers.
///
///   c[i][j] = max(Σ_t Σ_{p<depth} A_t(i, p) B_t[p][j] + c[i][j] + bias[j] + residual[i][j], 0)
///
/// with the parts that are asked for. Sums run over t, then p, one after another.
typedef struct {
  /// The tile's extents, within the limits of the kernels that run it.
  size_t rows, columns;
  /// Blocks, which may be the taps of a filter, and the length of the sums in each.
  size_t taps, depth;

  /// A_t(i, p) = a[t·a_step + i][a_offset + p]: any `rows` rows of memory, so that patches of an
  /// image need not be laid out. Where the kernel is the transposed one, A_t(i, p) =
  /// a[t·a_step][a_offset + p·lda + i]. Where the rows of a straight kernel's tile lie at equal
  /// distances, a_row > 0 tells them, and A_t(i, p) = a[t·a_step][a_offset + i·a_row + p].
  const float *const *a;
  size_t a_step, a_offset, a_row, lda;

  /// B_t[p][j] = b[n·b_step + p·ldb + j] where n = b_numbers[t], or t where there are none.
  const float *b;
  size_t b_step, ldb;
  const size_t *b_numbers;
  /// Whether whole vectors of b may be read beyond `columns`, as in a packed panel.
  bool is_padded;

  /// c[i·ldc + j]; the residual lies as c does. Nothing overlaps c but a residual that is c itself.
  float *c;
  size_t ldc;
  /// [columns], or NULL.
  const float *bias;
  /// NULL for none.
  const float *residual;
  /// Two factors of the sums, one after the other, where the kernels are those of addend_dfp.h; others do
  /// not look at it.
  const float *scale;
  /// Whether what c holds is added, and whether negative results become zeros.
  bool accumulates, rectifies;
} addend_brgemm_tile;

typedef void (*addend_brgemm_fn)(const addend_brgemm_tile *tile);

/// A streaming kernel fetches B this many rows before they are used.
enum { addend_brgemm_most_vectors = 4, addend_brgemm_most_rows = 8, addend_brgemm_lead = 32 };

/// The kernels of one instruction set. A tile of up to `vectors · lanes` columns takes
/// v = ⌈columns / lanes⌉ vectors; it has at most row_limit[v − 1] rows.
typedef struct {
  size_t lanes, vectors;
  size_t row_limit[addend_brgemm_most_vectors];
  /// Places of a sum that are added as integers, counted from a tap's first; 0 where none are.
  size_t chunk;
  /// [v − 1][rows − 1]: rows of A anywhere, and A transposed.
  addend_brgemm_fn straight[addend_brgemm_most_vectors][addend_brgemm_most_rows];
  addend_brgemm_fn transposed[addend_brgemm_most_vectors][addend_brgemm_most_rows];
  /// As straight, for a B that lies in a far cache or in memory, and that the next product's follows.
  addend_brgemm_fn streaming[addend_brgemm_most_vectors][addend_brgemm_most_rows];
} addend_brgemm_kernels;

/// The kernels of the widest set that `isa` contains.
const addend_brgemm_kernels *addend_brgemm_select(addend_isa isa);

/// Panels: `columns` cut into as few strips as the kernels allow, of as equal widths as whole vectors
/// allow. In memory a packed operand is panel after panel, each [depth][its width].
size_t addend_brgemm_panel_count(const addend_brgemm_kernels *kernels, size_t columns);
/// The first column of a panel; `columns` or more for the one past the last.
size_t addend_brgemm_panel_start(const addend_brgemm_kernels *kernels, size_t columns,
                                 size_t panel);
/// `columns` rounded up to whole vectors: a row of all panels.
size_t addend_brgemm_padded(const addend_brgemm_kernels *kernels, size_t columns);

/// Rows of the next tile when `rows` are left: tiles of as equal heights as can be.
static inline size_t addend_brgemm_next_rows(size_t rows, size_t limit) {
  if (rows <= limit) return rows;
  const size_t tiles = (rows + limit - 1) / limit;
  return (rows + tiles - 1) / tiles;
}
#endif
