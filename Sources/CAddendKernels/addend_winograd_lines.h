// The transforms of one line for one instruction set, named by ADDEND_VARIANT: those of tiles are
// these along columns, then along rows. No include guard: addend_winograd_tile.h includes this file.

#define A (5.0f / 8)
#define B (3.0f / 2)
// The scales of G at 0, ±A and ±B.
#define S0 (256.0f / 225)
#define SA (-2048.0f / 2975)
#define SB (128.0f / 1071)

/// Bᵀ x of one row or column, for a tile of `size` outputs.
ADDEND_INLINE void ADDEND_VARIANT(input_line)(const size_t size, const VECTOR *d, VECTOR *v) {
  if (size == 4) {
    const VECTOR even_a = d[4] - B * B * d[2], odd_a = d[3] - B * B * d[1];
    const VECTOR even_b = d[4] - A * A * d[2], odd_b = d[3] - A * A * d[1];
    v[0] = A * A * B * B * d[0] - (A * A + B * B) * d[2] + d[4];
    v[1] = even_a + A * odd_a;
    v[2] = even_a - A * odd_a;
    v[3] = even_b + B * odd_b;
    v[4] = A * A * B * B * d[1] - (A * A + B * B) * d[3] + d[5];
    v[5] = even_b - B * odd_b;
  } else if (size == 3) {
    const VECTOR e0 = d[1] - B * d[0], e1 = d[2] - B * d[1], e2 = d[3] - B * d[2];
    const VECTOR e3 = d[4] - B * d[3];
    v[0] = B * e2 - A * A * B * e0;
    v[1] = (A + B) * e2 + (A + B) * A * e1;
    v[2] = (B - A) * e2 - (B - A) * A * e1;
    v[3] = 2 * B * d[3] - 2 * A * A * B * d[1];
    v[4] = e3 - A * A * e1;
  } else if (size == 2) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[3] - d[1];
    v[3] = d[2] - d[1];
  } else {
    v[0] = d[0] - d[1];
    v[1] = d[1] + d[1];
    v[2] = d[2] - d[1];
  }
}

/// Aᵀ m of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(output_line)(const size_t size, const VECTOR *m, VECTOR *y) {
  if (size == 4) {
    const VECTOR sum_a = m[1] + m[2], sum_b = m[3] + m[5];
    const VECTOR gap_a = m[1] - m[2], gap_b = m[3] - m[5];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = A * gap_a + B * gap_b;
    y[2] = A * A * sum_a + B * B * sum_b;
    y[3] = A * A * A * gap_a + (B * B * B * gap_b + m[4]);
  } else if (size == 3) {
    const VECTOR sum_a = m[1] + m[2], gap_a = m[1] - m[2];
    y[0] = m[0] + sum_a + m[3];
    y[1] = A * gap_a + B * m[3];
    y[2] = A * A * sum_a + (B * B * m[3] + m[4]);
  } else if (size == 2) {
    y[0] = m[0] + m[1] + m[3];
    y[1] = m[1] + m[2] - m[3];
  } else {
    y[0] = m[0] + m[1] + m[2];
  }
}

/// A dy of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(adjoint_line)(const size_t size, const VECTOR *y, VECTOR *w) {
  if (size == 4) {
    const VECTOR even_a = y[0] + A * A * y[2], odd_a = y[1] + A * A * y[3];
    const VECTOR even_b = y[0] + B * B * y[2], odd_b = y[1] + B * B * y[3];
    w[0] = y[0];
    w[1] = even_a + A * odd_a;
    w[2] = even_a - A * odd_a;
    w[3] = even_b + B * odd_b;
    w[4] = y[3];
    w[5] = even_b - B * odd_b;
  } else if (size == 3) {
    const VECTOR even = y[0] + A * A * y[2];
    w[0] = y[0];
    w[1] = even + A * y[1];
    w[2] = even - A * y[1];
    w[3] = y[0] + B * (y[1] + B * y[2]);
    w[4] = y[2];
  } else if (size == 2) {
    w[0] = y[0];
    w[1] = y[0] + y[1];
    w[2] = y[1];
    w[3] = y[0] - y[1];
  } else {
    w[0] = w[1] = w[2] = y[0];
  }
}

/// G g of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(filter_line)(const size_t points, const VECTOR *g, VECTOR *u) {
  if (points == 6) {
    const VECTOR even_a = SA * g[0] + SA * A * A * g[2], odd_a = SA * A * g[1];
    const VECTOR even_b = SB * g[0] + SB * B * B * g[2], odd_b = SB * B * g[1];
    u[0] = S0 * g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = g[2];
    u[5] = even_b - odd_b;
  } else {
    const VECTOR even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = g[2];
    u[3] = even - odd;
  }
}

/// Gᵀ dU of one row or column.
ADDEND_INLINE void ADDEND_VARIANT(gradient_line)(const size_t points, const VECTOR *u, VECTOR *g) {
  if (points == 6) {
    const VECTOR sum_a = u[1] + u[2], sum_b = u[3] + u[5];
    const VECTOR gap_a = u[1] - u[2], gap_b = u[3] - u[5];
    g[0] = S0 * u[0] + (SA * sum_a + SB * sum_b);
    g[1] = SA * A * gap_a + SB * B * gap_b;
    g[2] = SA * A * A * sum_a + (SB * B * B * sum_b + u[4]);
  } else {
    const VECTOR sum = 0.5f * (u[1] + u[3]);
    g[0] = u[0] + sum;
    g[1] = 0.5f * (u[1] - u[3]);
    g[2] = sum + u[2];
  }
}
#undef A
#undef B
#undef S0
#undef SA
#undef SB
