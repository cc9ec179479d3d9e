#ifndef ADDEND_KTANH_CELLS_H
#define ADDEND_KTANH_CELLS_H
#include "addend_ktanh_functions.h"

// Steps of recurrent layers around a variant's own T; each variant compiles them for its instruction
// set.

/// y = T(scale (a + b)).
ADDEND_KTANH_INLINE void addend_ktanh_of_sums(float scale, size_t n, const float *restrict a,
                                              const float *restrict b, float *restrict y,
                                              addend_ktanh_tangent *tangent) {
  float sums[addend_ktanh_block];
  for (size_t i = 0; i < n; i += addend_ktanh_block) {
    const size_t count = n - i < addend_ktanh_block ? n - i : addend_ktanh_block;
    for (size_t j = 0; j < count; ++j) sums[j] = scale * (a[i + j] + b[i + j]);
    tangent(count, sums, y + i);
  }
}

ADDEND_KTANH_INLINE void addend_ktanh_lstm(size_t rows, size_t size, const float *restrict input,
                                           const float *restrict recurrent,
                                           const float *restrict memory, float *restrict gates,
                                           float *restrict next_memory, float *restrict output,
                                           addend_ktanh_tangent *tangent) {
  for (size_t r = 0; r < rows; ++r) {
    addend_ktanh_of_sums(0.5f, 3 * size, input, recurrent, gates, tangent);
    addend_ktanh_of_sums(1, size, input + 3 * size, recurrent + 3 * size, gates + 3 * size, tangent);
    for (size_t j = 0; j < 3 * size; ++j) gates[j] = 0.5f + 0.5f * gates[j];
    for (size_t j = 0; j < size; ++j)
      next_memory[j] = gates[size + j] * memory[j] + gates[j] * gates[3 * size + j];
    tangent(size, next_memory, output);
    for (size_t j = 0; j < size; ++j) output[j] *= gates[2 * size + j];
    input += 4 * size, recurrent += 4 * size, gates += 4 * size;
    memory += size, next_memory += size, output += size;
  }
}

ADDEND_KTANH_INLINE void addend_ktanh_lstm_gradient(
    size_t rows, size_t size, const float *restrict gates, const float *restrict memory,
    const float *restrict next_memory, const float *restrict output_gradient,
    float *restrict memory_gradient, float *restrict gate_gradient,
    addend_ktanh_tangent *tangent) {
  float tangents[addend_ktanh_block];
  for (size_t r = 0; r < rows; ++r) {
    for (size_t first = 0; first < size; first += addend_ktanh_block) {
      const size_t count = size - first < addend_ktanh_block ? size - first : addend_ktanh_block;
      tangent(count, next_memory + first, tangents);
      for (size_t k = 0; k < count; ++k) {
        const size_t j = first + k;
        const float i = gates[j], f = gates[size + j];
        const float o = gates[2 * size + j], c = gates[3 * size + j];
        const float dh = output_gradient[j], t = tangents[k];
        const float ds = memory_gradient[j] + dh * o * (1 - t * t);
        gate_gradient[j] = ds * c * i * (1 - i);
        gate_gradient[size + j] = ds * memory[j] * f * (1 - f);
        gate_gradient[2 * size + j] = dh * t * o * (1 - o);
        gate_gradient[3 * size + j] = ds * i * (1 - c * c);
        memory_gradient[j] = ds * f;
      }
    }
    gates += 4 * size, gate_gradient += 4 * size;
    memory += size, next_memory += size, output_gradient += size, memory_gradient += size;
  }
}

ADDEND_KTANH_INLINE void addend_ktanh_gru(size_t rows, size_t size, const float *restrict input,
                                          const float *restrict recurrent,
                                          const float *restrict state, float *restrict gates,
                                          float *restrict output, addend_ktanh_tangent *tangent) {
  for (size_t r = 0; r < rows; ++r) {
    addend_ktanh_of_sums(0.5f, 2 * size, input, recurrent, gates, tangent);
    for (size_t j = 0; j < 2 * size; ++j) gates[j] = 0.5f + 0.5f * gates[j];
    for (size_t j = 0; j < size; ++j)
      output[j] = input[2 * size + j] + gates[j] * recurrent[2 * size + j];
    tangent(size, output, gates + 2 * size);
    for (size_t j = 0; j < size; ++j) {
      const float candidate = gates[2 * size + j];
      output[j] = candidate + gates[size + j] * (state[j] - candidate);
    }
    input += 3 * size, recurrent += 3 * size, gates += 3 * size;
    state += size, output += size;
  }
}

// The kernels of a variant, from its `bf16_name` and `tangent_name`.
#define ADDEND_KTANH_VARIANT(name, attribute)                                                     \
  attribute static void activate_##name(addend_ktanh_function f, size_t n,                        \
                                        const float *restrict x, float *restrict y) {             \
    addend_ktanh_activate(f, n, x, y, tangent_##name);                                            \
  }                                                                                               \
  attribute static void gradient_##name(addend_ktanh_function f, size_t n,                        \
                                        const float *restrict x, const float *restrict y,         \
                                        const float *restrict dy, float *restrict dx) {           \
    addend_ktanh_gradients(f, n, x, y, dy, dx, tangent_##name);                                   \
  }                                                                                               \
  attribute static void lstm_##name(size_t rows, size_t size, const float *restrict input,        \
                                    const float *restrict recurrent,                              \
                                    const float *restrict memory, float *restrict gates,          \
                                    float *restrict next_memory, float *restrict output) {        \
    addend_ktanh_lstm(rows, size, input, recurrent, memory, gates, next_memory, output,           \
                      tangent_##name);                                                            \
  }                                                                                               \
  attribute static void lstm_gradient_##name(                                                     \
      size_t rows, size_t size, const float *restrict gates, const float *restrict memory,        \
      const float *restrict next_memory, const float *restrict output_gradient,                   \
      float *restrict memory_gradient, float *restrict gate_gradient) {                           \
    addend_ktanh_lstm_gradient(rows, size, gates, memory, next_memory, output_gradient,           \
                               memory_gradient, gate_gradient, tangent_##name);                   \
  }                                                                                               \
  attribute static void gru_##name(size_t rows, size_t size, const float *restrict input,         \
                                   const float *restrict recurrent, const float *restrict state,  \
                                   float *restrict gates, float *restrict output) {               \
    addend_ktanh_gru(rows, size, input, recurrent, state, gates, output, tangent_##name);         \
  }                                                                                               \
  attribute static void elman_##name(size_t n, const float *restrict input,                       \
                                     const float *restrict recurrent, float *restrict y) {        \
    addend_ktanh_of_sums(1, n, input, recurrent, y, tangent_##name);                              \
  }                                                                                               \
  static const addend_ktanh_kernels kernels_##name = {                                            \
      bf16_##name, activate_##name,      gradient_##name, lstm_##name,                            \
      lstm_gradient_##name, gru_##name, elman_##name};
#endif
