static void ADDEND_VARIANT(lstm_step)(size_t rows, size_t size, const float *restrict input,
                                      const float *restrict recurrent,
                                      const float *restrict memory, float *restrict gates,
                                      float *restrict next_memory, float *restrict output) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t j = 0; j < 3 * size; ++j) gates[j] = f32_sigmoid(input[j] + recurrent[j]);
    for (size_t j = 3 * size; j < 4 * size; ++j) gates[j] = f32_tanh(input[j] + recurrent[j]);
    for (size_t j = 0; j < size; ++j) {
      const float next = gates[size + j] * memory[j] + gates[j] * gates[3 * size + j];
      next_memory[j] = next;
      output[j] = gates[2 * size + j] * f32_tanh(next);
    }
    input += 4 * size, recurrent += 4 * size, gates += 4 * size;
    memory += size, next_memory += size, output += size;
  }
}

static void ADDEND_VARIANT(lstm_step_gradient)(size_t rows, size_t size,
                                               const float *restrict gates,
                                               const float *restrict memory,
                                               const float *restrict next_memory,
                                               const float *restrict output_gradient,
                                               float *restrict memory_gradient,
                                               float *restrict gate_gradient) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t j = 0; j < size; ++j) {
      const float i = gates[j], f = gates[size + j];
      const float o = gates[2 * size + j], c = gates[3 * size + j];
      const float dh = output_gradient[j], squashed = f32_tanh(next_memory[j]);
      const float ds = memory_gradient[j] + dh * o * (1.0f - squashed * squashed);
      gate_gradient[j] = ds * c * i * (1.0f - i);
      gate_gradient[size + j] = ds * memory[j] * f * (1.0f - f);
      gate_gradient[2 * size + j] = dh * squashed * o * (1.0f - o);
      gate_gradient[3 * size + j] = ds * i * (1.0f - c * c);
      memory_gradient[j] = ds * f;
    }
    gates += 4 * size, gate_gradient += 4 * size;
    memory += size, next_memory += size, output_gradient += size, memory_gradient += size;
  }
}

static void ADDEND_VARIANT(gru_step)(size_t rows, size_t size, const float *restrict input,
                                     const float *restrict recurrent,
                                     const float *restrict state, float *restrict gates,
                                     float *restrict output) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t j = 0; j < 2 * size; ++j) gates[j] = f32_sigmoid(input[j] + recurrent[j]);
    for (size_t j = 0; j < size; ++j) {
      const float candidate =
          f32_tanh(input[2 * size + j] + gates[j] * recurrent[2 * size + j]);
      gates[2 * size + j] = candidate;
      output[j] = candidate + gates[size + j] * (state[j] - candidate);
    }
    input += 3 * size, recurrent += 3 * size, gates += 3 * size;
    state += size, output += size;
  }
}

static void ADDEND_VARIANT(gru_step_gradient)(size_t rows, size_t size,
                                              const float *restrict gates,
                                              const float *restrict recurrent,
                                              const float *restrict state,
                                              const float *restrict output_gradient,
                                              float *restrict state_gradient,
                                              float *restrict input_gradient,
                                              float *restrict recurrent_gradient) {
  for (size_t row = 0; row < rows; ++row) {
    for (size_t j = 0; j < size; ++j) {
      const float r = gates[j], z = gates[size + j], n = gates[2 * size + j];
      const float dh = output_gradient[j];
      const float dn = dh * (1.0f - z) * (1.0f - n * n);
      const float dz = dh * (state[j] - n) * z * (1.0f - z);
      const float dr = dn * recurrent[2 * size + j] * r * (1.0f - r);
      input_gradient[j] = dr;
      recurrent_gradient[j] = dr;
      input_gradient[size + j] = dz;
      recurrent_gradient[size + j] = dz;
      input_gradient[2 * size + j] = dn;
      recurrent_gradient[2 * size + j] = dn * r;
      state_gradient[j] = dh * z;
    }
    gates += 3 * size, recurrent += 3 * size;
    input_gradient += 3 * size, recurrent_gradient += 3 * size;
    state += size, output_gradient += size, state_gradient += size;
  }
}

static void ADDEND_VARIANT(elman_step)(size_t n, const float *restrict input,
                                       const float *restrict recurrent, float *restrict output) {
  for (size_t i = 0; i < n; ++i) output[i] = f32_tanh(input[i] + recurrent[i]);
}
