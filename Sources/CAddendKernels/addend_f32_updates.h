static void ADDEND_VARIANT(momentum_update)(const addend_momentum_step *step, size_t n,
                                            const float *restrict gradient,
                                            float *restrict weights, float *restrict velocity) {
  const float rate = step->rate, momentum = step->momentum, decay = step->decay;
  if (step->looks_ahead)
    for (size_t i = 0; i < n; ++i) {
      const float direction = gradient[i] + decay * weights[i];
      velocity[i] = momentum * velocity[i] + direction;
      weights[i] -= rate * (direction + momentum * velocity[i]);
    }
  else
    for (size_t i = 0; i < n; ++i) {
      velocity[i] = momentum * velocity[i] + (gradient[i] + decay * weights[i]);
      weights[i] -= rate * velocity[i];
    }
}

static void ADDEND_VARIANT(adam_update)(const addend_adam_step *step, size_t n,
                                        const float *restrict gradient, float *restrict weights,
                                        float *restrict first_moment,
                                        float *restrict second_moment) {
  const addend_adam_step s = *step;
  for (size_t i = 0; i < n; ++i) {
    const float direction = gradient[i] + s.decay * weights[i];
    first_moment[i] = s.first * first_moment[i] + s.first_share * direction;
    second_moment[i] = s.second * second_moment[i] + s.second_share * direction * direction;
    const float denominator = __builtin_elementwise_sqrt(second_moment[i]) * s.scale + s.epsilon;
    weights[i] = s.kept * weights[i] - s.rate * first_moment[i] / denominator;
  }
}

static void ADDEND_VARIANT(adamax_update)(const addend_adamax_step *step, size_t n,
                                          const float *restrict gradient, float *restrict weights,
                                          float *restrict first_moment, float *restrict largest) {
  const addend_adamax_step s = *step;
  for (size_t i = 0; i < n; ++i) {
    const float direction = gradient[i] + s.decay * weights[i];
    first_moment[i] = s.first * first_moment[i] + s.first_share * direction;
    const float kept = s.second * largest[i], size = f32_magnitude(direction) + s.epsilon;
    largest[i] = size >= kept ? size : kept;
    weights[i] -= s.rate * first_moment[i] / largest[i];
  }
}
