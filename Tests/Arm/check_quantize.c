#include <math.h>
#include <stdio.h>
#include <string.h>

#include "addend_quantize.h"
#include "check.h"

// On Arm there is the definition alone, in vectors as the compiler makes them: it is checked beside the
// equations.
#pragma STDC FP_CONTRACT OFF

enum { kinds = 7 };
static const char *const names[] = {"signs", "grid",  "powers",  "powers drawn",
                                    "pass",  "clamp", "extremes"};

typedef struct {
  float factor, low, high;
  uint32_t count;
  uint64_t seed;
  size_t first;
} settings;

/// Of all magnitudes, some of them whole or half, some at the borders of what is wanted.
static float *numbers(size_t count, const settings *s) {
  float *x = check_room(4 * count, 4);
  for (size_t i = 0; i < count; ++i) {
    // The last two lie on both sides of √2, where powers are equally near.
    const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, s->low, s->high, 1 / s->factor,
                             0x1.6a09e6p0f / s->factor, 0x1.6a09e8p0f / s->factor};
    const uint32_t bits = (uint32_t)check_random();
    switch (check_below(6)) {
      case 0: x[i] = special[check_below(10)]; break;
      case 1: memcpy(x + i, &bits, 4); break;
      case 2: x[i] = ((float)check_below(64) - 32) * 0.5f / s->factor; break;
      default: x[i] = ldexpf(check_float(), (int)check_below(20) - 10);
    }
  }
  return x;
}

static float cut(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

/// The power of two nearest to |x| factor by logarithm, or drawn such that it is the mean.
static float power(const settings *s, float x, bool is_drawn, size_t i) {
  const double v = fabs((double)(x * s->factor)), most = ldexp(1, (int)s->count - 1);
  if (isnan(v)) return 0;
  double y;
  if (isinf(v)) {
    y = most;
  } else if (is_drawn) {
    const double below = v < 1 ? 0 : ldexp(1, ilogb(v)), above = v < 1 ? 1 : 2 * below;
    const uint32_t draw = addend_quantize_draw(s->seed, s->first + i) >> 9;
    y = ldexp(draw, -23) < (v - below) / (above - below) ? above : below;
  } else {
    const double e = v > 0 ? rint(log2(v)) : -1;
    y = e < 0 ? 0 : ldexp(1, (int)e);
  }
  if (y == 0) return 0;
  return copysignf((float)(y > most ? most : y), x);
}

static void run(addend_quantize_kernels k, size_t kind, const settings *s, size_t n, const float *x,
                const float *dy, float *y) {
  switch (kind) {
    case 0: k.signs(n, x, y); break;
    case 1: k.grid(n, s->factor, s->low, s->high, x, y); break;
    case 2: k.powers(n, s->factor, s->count, x, y); break;
    case 3: k.powers_drawn(n, s->factor, s->count, s->seed, s->first, x, y); break;
    case 4: k.pass(n, s->low, s->high, x, dy, y); break;
    case 5: k.clamp(n, s->low, s->high, memcpy(y, x, 4 * n)); break;
    default: y[0] = s->low, y[1] = s->high, k.extremes(n, x, y, y + 1);
  }
}

static float wanted_of(size_t kind, const settings *s, float x, float dy, size_t i) {
  switch (kind) {
    case 0: return x >= 0 ? 1 : -1;
    // The sum makes zeros positive.
    case 1: return rintf(cut(x * s->factor, s->low, s->high)) + 0.0f;
    case 2: return power(s, x, false, i);
    case 3: return power(s, x, true, i);
    case 4: return x >= s->low && x <= s->high ? dy : 0;
    default: return cut(x, s->low, s->high);
  }
}

void check_quantize(addend_isa set) {
  const addend_quantize_kernels kernels = addend_quantize_select(set);
  for (size_t kind = 0; kind < kinds; ++kind) {
    char name[40];
    snprintf(name, sizeof name, "codes of few bits, %s", names[kind]);
    check_begin(name, true, false);
    for (size_t n = 0; n < 80; ++n) {
      const size_t count = CHECK_ONE_OF(1, 3, 4, 15, 16, 17, 33, 64, 200);
      const settings s = {.factor = ldexpf(1 + (float)check_below(8) / 8, (int)check_below(7) - 3),
                          .low = -(float)check_below(20),
                          .high = (float)check_below(20),
                          .count = 1 + (uint32_t)CHECK_ONE_OF(0, 1, 6, 14, 126),
                          .seed = check_random(),
                          .first = check_below(100000)};
      const float *x = numbers(count, &s), *dy = check_floats(count);
      check_result y = check_results(4 * (kind == 6 ? 2 : count));
      float *wanted = (float *)(void *)y.wanted;
      if (kind == 6) {
        wanted[0] = s.low, wanted[1] = s.high;
        for (size_t i = 0; i < count; ++i) {
          if (x[i] < wanted[0]) wanted[0] = x[i];
          if (x[i] > wanted[1]) wanted[1] = x[i];
        }
      } else {
        for (size_t i = 0; i < count; ++i) wanted[i] = wanted_of(kind, &s, x[i], dy[i], i);
      }
      run(kernels, kind, &s, count, x, dy, (float *)(void *)y.found);
      check_forget_nans(y);
      char what[80];
      snprintf(what, sizeof what, "%zu numbers by %g, %u powers", count, (double)s.factor,
               (unsigned)s.count);
      check_compare(what, y);
      check_free();
    }
    check_end();
  }
}
