#include <math.h>

#include "addend_f32_math.h"
#include "addend_lns.h"

// Constants of the format: computed once, by the C library in double.

static int32_t rounded(double x) { return (int32_t)lrint(x); }

void addend_lns_plan(int32_t integer, int32_t fraction, int32_t steps, addend_lns_table *table) {
  int32_t shift = 0;
  while (steps > 0 && steps << shift < 1 << fraction) ++shift;
  const int32_t fine = shift > 0 ? 1 << fraction : 0;
  // G is less than half a unit in the last place from 2^-d = ln 2 / 2^(f + 1) on.
  const int32_t reach = (fraction + 2) << fraction;
  table->bias = 1 << (integer + fraction - 1);
  table->shift = shift;
  table->half = shift > 0 ? 1 << (shift - 1) : 0;
  table->offset = fine - (fine >> shift);
  table->last = (reach >> shift) + table->offset;
  table->fraction = fraction;
  table->sums = 0;
  table->curves = 0;
}

bool addend_lns_has_curves(const addend_lns_table *plan) {
  return plan->shift > 0 && plan->fraction >= 6;
}

void addend_lns_fill_curves(const addend_lns_table *plan, uint16_t *curves) {
  uint16_t *const powers = curves, *const bases = curves + 64, *const slopes = curves + 128;
  const int32_t step = (1 << plan->shift) >> (plan->fraction - 6);
  const double scale = ldexp(1 / M_LN2, plan->fraction + ADDEND_LNS_CURVE_BITS);
  for (int32_t i = 0; i < 64; ++i) {
    const int32_t power = rounded(ldexp(exp2(-(double)(i & -step) / 64), 16));
    powers[i] = (uint16_t)(power < 65535 ? power : 65535);
    // The chord, moved towards the arc by half of its largest distance.
    const double from = i / 64.0, start = scale * log1p(from), end = scale * log1p(from + 1 / 64.0);
    const double slope = 64 * (end - start), farthest = scale / slope - 1;
    const double distance = scale * log1p(farthest) - start - slope * (farthest - from);
    slopes[i] = (uint16_t)rounded(slope);
    const double middle = from + 1 / 128.0, value = (start + end) / 2 + distance / 2;
    bases[i] = (uint16_t)rounded(value - slopes[i] * middle + (1 << ADDEND_LNS_CURVE_BITS) / 2);
  }
}

static int32_t curve(const addend_lns_table *plan, const uint16_t *curves, int32_t distance) {
  const int32_t step = (distance + plan->half) >> (plan->fraction - 6);
  const uint32_t power = step >> 6 < 16 ? (uint32_t)curves[step & 63] >> (step >> 6) : 0;
  const uint32_t base = curves[64 + (power >> 10)], slope = curves[128 + (power >> 10)];
  return (int32_t)((base + (power * slope >> 16)) >> ADDEND_LNS_CURVE_BITS);
}

void addend_lns_fill_sums(const addend_lns_table *plan, int32_t *sums) {
  const int32_t fraction = plan->fraction;
  const double one = 1 << fraction;
  const int32_t fine = plan->shift > 0 ? 1 << fraction : 0;
  uint16_t curves[192];
  const bool has_curves = addend_lns_has_curves(plan);
  if (has_curves) addend_lns_fill_curves(plan, curves);
  for (int32_t i = 0; i < plan->last; ++i) {
    const int32_t beyond = (i - plan->offset) * (1 << plan->shift);
    const int32_t same = i < fine ? (i + plan->half) >> plan->shift << plan->shift : beyond;
    const int32_t opposite = i < fine ? i : beyond;
    sums[2 * i] = 2 * (has_curves ? curve(plan, curves, same)
                                  : rounded(one * log1p(exp2(-same / one)) / M_LN2));
    sums[2 * i + 1] = opposite == 0 ? ADDEND_LNS_ZERO
                                    : 2 * rounded(one * log1p(-exp2(-opposite / one)) / M_LN2);
  }
  sums[2 * plan->last] = sums[2 * plan->last + 1] = 0;
}

void addend_lns_fill_halves(int32_t fraction, uint32_t *halves) {
  for (int32_t i = 0; i < 1 << fraction; ++i)
    halves[i] = (uint32_t)ceil(ldexp(exp2(ldexp(i + 0.5, -fraction)), 30));
}

void addend_lns_fill_exponents(int32_t fraction, uint32_t *powers) {
  for (int32_t i = 0; i < 1 << fraction; ++i)
    powers[i] = (uint32_t)llrint(ldexp(M_LOG2E * exp2(ldexp(i, -fraction)), 30));
}

static void fill(double (*function)(double), int32_t fraction, int32_t first, size_t count,
                 int16_t *values) {
  for (size_t i = 0; i < count; ++i) {
    const double x = exp2(ldexp((double)first + (double)i, -fraction));
    values[i] = (int16_t)rounded(ldexp(log2(function(x)), fraction));
  }
}

void addend_lns_fill_tangents(int32_t fraction, int32_t first, size_t count, int16_t *tangents) {
  fill(tanh, fraction, first, count, tangents);
}

void addend_lns_fill_errors(int32_t fraction, int32_t first, size_t count, int16_t *errors) {
  fill(erf, fraction, first, count, errors);
}

void addend_lns_fill_cells(int32_t fraction, uint32_t *cells) {
  const int32_t lower = 22 - fraction;
  int32_t passed = 0;
  for (int32_t cell = 0; cell < 2 << fraction; ++cell) {
    // The halves lie further apart than cells: 2^-f ln 2 at least, against 2^-(f + 1).
    const double half = ldexp(exp2(ldexp(passed + 0.5, -fraction)) - 1, 23);
    const double start = ldexp(cell, lower), end = ldexp(cell + 1, lower);
    const bool is_here = half < end;
    const uint32_t from = is_here ? (uint32_t)ceil(half - start) : 1u << lower;
    cells[cell] = (uint32_t)passed << (lower + 1) | from;
    passed += is_here;
  }
}

void addend_lns_fill_powers(int32_t fraction, int32_t *powers) {
  for (int32_t i = 0; i < 1 << fraction; ++i)
    powers[i] = f32_to_bits((float)exp2(ldexp(i, -fraction)));
}

uint16_t addend_lns_from_double(int32_t bias, int32_t fraction, double x) {
  if (isnan(x) || x == 0) return 0;
  const double l = rint(ldexp(log2(fabs(x)), fraction));
  if (l < 1 - bias) return 0;
  const int32_t cut = l > bias - 1 ? bias - 1 : (int32_t)l;
  return (uint16_t)((cut + bias) | (x < 0 ? 0x8000 : 0));
}

double addend_lns_to_double(int32_t bias, int32_t fraction, uint16_t pattern) {
  const int32_t magnitude = pattern & 0x7fff;
  if (magnitude == 0) return 0;
  const double x = exp2(ldexp(magnitude - bias, -fraction));
  return pattern >> 15 ? -x : x;
}
