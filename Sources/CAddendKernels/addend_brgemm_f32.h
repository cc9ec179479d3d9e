// Products of float32 with the vectors of one instruction set: a source of addend_sets.h.
#define ADD(x, y) ((x) + (y))
#define ADD_PRODUCT(x, y, sum) MULTIPLY_ADD(x, y, sum)
#if LANES == 16
// 32 registers: 24 sums, four or three vectors of B, the rest for numbers of A.
#define VECTORS 4
#define PAIRS true
#define ROW_LIMITS {8, 8, 8, 6}
#define ADDEND_TILES(kernel) \
  ROWS_8(kernel, 1) ROWS_8(kernel, 2) ROWS_8(kernel, 3) ROWS_6(kernel, 4)
#elif LANES == 8
// 16 registers: 12 sums, two vectors of B, one number of A.
#define VECTORS 2
#define PAIRS false
#define ROW_LIMITS {8, 6}
#define ADDEND_TILES(kernel) ROWS_8(kernel, 1) ROWS_6(kernel, 2)
#else
#define VECTORS 4
#define PAIRS false
#define ROW_LIMITS {6, 6, 6, 6}
#define ADDEND_TILES(kernel) \
  ROWS_6(kernel, 1) ROWS_6(kernel, 2) ROWS_6(kernel, 3) ROWS_6(kernel, 4)
#endif
#include "addend_brgemm_tile.h"
#undef ADD
#undef ADD_PRODUCT
#undef VECTORS
#undef PAIRS
#undef ROW_LIMITS
#undef ADDEND_TILES
