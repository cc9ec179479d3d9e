// Kernels on words of logarithms, for one instruction set: see addend_sets.h. Words are lanes of 32 bits.
#define WORDS INTEGERS
#define PATTERNS ADDEND_VARIANT(patterns)
#define EACH(x) ((WORDS){0} + (x))
#define NAMED(name) ADDEND_VARIANT(name)

typedef uint16_t PATTERNS __attribute__((vector_size(2 * LANES), aligned(2)));
typedef int32_t NAMED(loose) __attribute__((vector_size(4 * LANES), aligned(4)));

ADDEND_INLINE WORDS NAMED(gathered)(const int32_t *from, WORDS at) {
#if LANES == 16
  return (WORDS)_mm512_i32gather_epi32((__m512i)at, from, 4);
#elif LANES == 8
  return (WORDS)_mm256_i32gather_epi32(from, (__m256i)at, 4);
#else
  WORDS found;
  for (size_t i = 0; i < LANES; ++i) found[i] = from[at[i]];
  return found;
#endif
}

#if LANES == 16
ADDEND_INLINE __m128i NAMED(four)(const int32_t *from, uint64_t at) {
  const __m128i first = _mm_cvtsi32_si128(from[at & 0xffff]);
  const __m128i second = _mm_insert_epi32(first, from[at >> 16 & 0xffff], 1);
  return _mm_insert_epi32(_mm_insert_epi32(second, from[at >> 32 & 0xffff], 2), from[at >> 48], 3);
}
#endif

// As `gathered`, for places below 2^16: with AVX-512 single loads take four fifths of a gather's
// time on Zen 5.
ADDEND_INLINE WORDS NAMED(gathered_near)(const int32_t *from, WORDS at) {
#if LANES == 16
  const __m256i places = _mm512_cvtepi32_epi16((__m512i)at);
  const __m128i low = _mm256_castsi256_si128(places), high = _mm256_extracti128_si256(places, 1);
  const __m128i a = NAMED(four)(from, (uint64_t)_mm_cvtsi128_si64(low));
  const __m128i b = NAMED(four)(from, (uint64_t)_mm_extract_epi64(low, 1));
  const __m128i c = NAMED(four)(from, (uint64_t)_mm_cvtsi128_si64(high));
  const __m128i d = NAMED(four)(from, (uint64_t)_mm_extract_epi64(high, 1));
  const __m256i first = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
  const __m256i second = _mm256_inserti128_si256(_mm256_castsi128_si256(c), d, 1);
  return (WORDS)_mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
#else
  return NAMED(gathered)(from, at);
#endif
}

// x where the mask's lanes are all ones, y where they are zero.
ADDEND_INLINE WORDS NAMED(chosen)(WORDS mask, WORDS x, WORDS y) {
#if LANES == 8
  return (WORDS)_mm256_blendv_epi8((__m256i)y, (__m256i)x, (__m256i)mask);
#else
  return (mask & x) | (~mask & y);
#endif
}

// The table's numbers in vectors.
typedef struct {
  WORDS bias, half, offset, last;
  int32_t shift;
  bool is_near;  // Places in the table are below 2^16.
  const int32_t *sums;
} NAMED(rule);

ADDEND_INLINE NAMED(rule) NAMED(rule_of)(const addend_lns_table *t) {
  return (NAMED(rule)){.bias = EACH(t->bias),
                       .half = EACH(t->half),
                       .offset = EACH(t->offset),
                       .last = EACH(t->last),
                       .shift = t->shift,
                       .is_near = t->last < 1 << 15,
                       .sums = t->sums};
}

ADDEND_INLINE WORDS NAMED(place)(const NAMED(rule) *t, WORDS distance) {
  const WORDS step = ((distance + t->half) >> t->shift) + t->offset;
  return __builtin_elementwise_min(__builtin_elementwise_min(distance, step), t->last);
}

ADDEND_INLINE WORDS NAMED(gain)(const NAMED(rule) *t, WORDS place) {
  return t->is_near ? NAMED(gathered_near)(t->sums, place) : NAMED(gathered)(t->sums, place);
}

ADDEND_INLINE WORDS NAMED(sum)(const NAMED(rule) *t, WORDS a, WORDS b) {
  const WORDS most = __builtin_elementwise_max(a, b), least = __builtin_elementwise_min(a, b);
  const WORDS place = NAMED(place)(t, (most >> 1) - (least >> 1));
  return most + NAMED(gain)(t, place + place + ((a ^ b) & 1));
}

// Of words above zero.
ADDEND_INLINE WORDS NAMED(sum_above)(const NAMED(rule) *t, WORDS a, WORDS b) {
  const WORDS most = __builtin_elementwise_max(a, b), least = __builtin_elementwise_min(a, b);
  const WORDS place = NAMED(place)(t, (most - least) >> 1);
  return most + NAMED(gain)(t, place + place);
}

ADDEND_INLINE WORDS NAMED(product)(WORDS a, WORDS b) { return (a + (b & ~1)) ^ (b & 1); }
ADDEND_INLINE WORDS NAMED(negative)(WORDS a) { return a ^ 1; }

ADDEND_INLINE WORDS NAMED(words_of)(const NAMED(rule) *t, PATTERNS patterns) {
  const WORDS x = __builtin_convertvector(patterns, WORDS), magnitude = x & 0x7fff;
  const WORDS word = 2 * (magnitude - t->bias) + (x >> 15);
  return NAMED(chosen)(magnitude == 0, EACH(ADDEND_LNS_ZERO), word);
}

ADDEND_INLINE PATTERNS NAMED(patterns_of)(const NAMED(rule) *t, WORDS word) {
  const WORDS l = word >> 1;
  const WORDS pattern = (__builtin_elementwise_min(l, t->bias - 1) + t->bias) | (word & 1) << 15;
  return __builtin_convertvector((l + t->bias > 0) & pattern, PATTERNS);
}

// What becomes of a word that is kept as a pattern in between.
ADDEND_INLINE WORDS NAMED(kept)(const NAMED(rule) *t, WORDS word) {
  const WORDS l = word >> 1;
  const WORDS cut = 2 * __builtin_elementwise_min(l, t->bias - 1) + (word & 1);
  return NAMED(chosen)(l + t->bias > 0, cut, EACH(ADDEND_LNS_ZERO));
}

ADDEND_INLINE WORDS NAMED(load)(const NAMED(rule) *t, const uint16_t *from, size_t count) {
  if (count >= LANES) return NAMED(words_of)(t, *(const PATTERNS *)from);
  PATTERNS part = {0};
  memcpy(&part, from, count * sizeof *from);
  return NAMED(words_of)(t, part);
}

ADDEND_INLINE void NAMED(store)(const NAMED(rule) *t, WORDS word, uint16_t *to, size_t count) {
  const PATTERNS patterns = NAMED(patterns_of)(t, word);
  if (count >= LANES) *(PATTERNS *)to = patterns;
  else memcpy(to, &patterns, count * sizeof *to);
}

#include "addend_lns_products.h"

static void NAMED(add)(const addend_lns_table *table, size_t n, uint16_t alpha,
                       const uint16_t *restrict x, uint16_t *restrict y) {
  const NAMED(rule) t = NAMED(rule_of)(table);
  const WORDS factor = EACH(word_of(table, alpha));
  for (size_t i = 0; i < n; i += LANES) {
    const WORDS term = NAMED(kept)(&t, NAMED(product)(NAMED(load)(&t, x + i, n - i), factor));
    NAMED(store)(&t, NAMED(sum)(&t, NAMED(load)(&t, y + i, n - i), term), y + i, n - i);
  }
}

static void NAMED(scale)(const addend_lns_table *table, size_t n, uint16_t alpha,
                         uint16_t *restrict y) {
  const NAMED(rule) t = NAMED(rule_of)(table);
  const WORDS factor = EACH(word_of(table, alpha));
  for (size_t i = 0; i < n; i += LANES)
    NAMED(store)(&t, NAMED(product)(NAMED(load)(&t, y + i, n - i), factor), y + i, n - i);
}

static void NAMED(multiply)(const addend_lns_table *table, size_t n, const uint16_t *restrict x,
                            uint16_t *restrict y) {
  const NAMED(rule) t = NAMED(rule_of)(table);
  for (size_t i = 0; i < n; i += LANES) {
    const WORDS a = NAMED(load)(&t, y + i, n - i), b = NAMED(load)(&t, x + i, n - i);
    NAMED(store)(&t, NAMED(product)(a, b), y + i, n - i);
  }
}

static void NAMED(rectify)(const addend_lns_table *table, size_t n, uint16_t slope,
                           const uint16_t *restrict x, uint16_t *restrict y) {
  const NAMED(rule) t = NAMED(rule_of)(table);
  const WORDS factor = EACH(word_of(table, slope));
  for (size_t i = 0; i < n; i += LANES) {
    const WORDS a = NAMED(load)(&t, x + i, n - i);
    NAMED(store)(&t, NAMED(chosen)((a & 1) != 0, NAMED(product)(a, factor), a), y + i, n - i);
  }
}

static void NAMED(rectify_gradient)(const addend_lns_table *table, size_t n, uint16_t slope,
                                    const uint16_t *restrict y, const uint16_t *restrict dy,
                                    uint16_t *restrict dx) {
  const NAMED(rule) t = NAMED(rule_of)(table);
  const WORDS factor = EACH(word_of(table, slope));
  for (size_t i = 0; i < n; i += LANES) {
    const WORDS a = NAMED(load)(&t, y + i, n - i), d = NAMED(load)(&t, dy + i, n - i);
    const WORDS is_flat = ((a & 1) != 0) | (a < ADDEND_LNS_ZERO / 2);
    NAMED(store)(&t, NAMED(chosen)(is_flat, NAMED(product)(d, factor), d), dx + i, n - i);
  }
}

static void NAMED(update)(const addend_lns_table *table, size_t n, addend_lns_step step,
                          const uint16_t *restrict g, uint16_t *restrict v, uint16_t *restrict lost,
                          uint16_t *restrict w) {
  const NAMED(rule) rule = NAMED(rule_of)(table), *const t = &rule;
  const WORDS rate = EACH(word_of(table, step.rate)), decay = EACH(word_of(table, step.decay));
  const WORDS momentum = EACH(word_of(table, step.momentum));
  // Zero adds nothing.
  const bool decays = (step.decay & 0x7fff) != 0, moves_on = (step.momentum & 0x7fff) != 0;
#define TIMES(a, b) NAMED(kept)(t, NAMED(product)(a, b))
#define PLUS(a, b) NAMED(kept)(t, NAMED(sum)(t, a, b))
  for (size_t i = 0; i < n; i += LANES) {
    const WORDS weight = NAMED(load)(t, w + i, n - i);
    WORDS direction = NAMED(load)(t, g + i, n - i);
    if (decays) direction = PLUS(direction, TIMES(weight, decay));
    WORDS velocity = direction;
    if (moves_on) velocity = PLUS(TIMES(NAMED(load)(t, v + i, n - i), momentum), direction);
    NAMED(store)(t, velocity, v + i, n - i);
    const bool is_ahead = step.looks_ahead && moves_on;
    const WORDS way = is_ahead ? PLUS(direction, TIMES(velocity, momentum)) : velocity;
    const WORDS move = NAMED(negative)(TIMES(way, rate));
    if (!lost) {
      NAMED(store)(t, NAMED(sum)(t, weight, move), w + i, n - i);
      continue;
    }
    const WORDS y = PLUS(move, NAMED(negative)(NAMED(load)(t, lost + i, n - i)));
    const WORDS moved = PLUS(weight, y);
    const WORDS gained = PLUS(moved, NAMED(negative)(weight));
    NAMED(store)(t, NAMED(sum)(t, gained, NAMED(negative)(y)), lost + i, n - i);
    NAMED(store)(t, moved, w + i, n - i);
  }
#undef TIMES
#undef PLUS
}

static void NAMED(round)(const addend_lns_rounding *rounding, size_t n, const float *restrict x,
                         float *restrict y) {
  const int32_t f = rounding->fraction, lower = 22 - f, part = (1 << f) - 1;
  const int32_t *const cells = (const int32_t *)rounding->cells;
  const int32_t *const powers = rounding->powers;
  const WORDS largest = EACH(rounding->largest);
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    NAMED(loose) loaded = {0};
    if (count == LANES) loaded = *(const NAMED(loose) *)(x + i);
    else memcpy(&loaded, x + i, count * sizeof *x);
    const WORDS number = loaded, bits = number & 0x7fffffff, mantissa = bits & 0x7fffff;
    const WORDS cell = NAMED(gathered)(cells, mantissa >> lower);
    // A comparison that holds is −1.
    const WORDS above = (mantissa & ((1 << lower) - 1)) >= (cell & ((2 << lower) - 1));
    WORDS l = (((bits >> 23) - 127) << f) + (cell >> (lower + 1)) - above;
    l = __builtin_elementwise_min(l, largest);
    const WORDS power = NAMED(gathered)(powers, l & part) + (l >> f) * (1 << 23);
    const WORDS kept = (l >= -largest) & (bits >= 0x800000);
    const WORDS rounded = (kept & power) | (number & (kept | (bits == 0)) & INT32_MIN);
    const NAMED(loose) result = NAMED(chosen)(bits > 0x7f800000, number, rounded);
    if (count == LANES) *(NAMED(loose) *)(y + i) = result;
    else memcpy(y + i, &result, count * sizeof *y);
  }
}

static const addend_lns_kernels NAMED(lns_kernels) = {
    .gemm = NAMED(gemm), .add = NAMED(add), .scale = NAMED(scale), .multiply = NAMED(multiply),
    .rectify = NAMED(rectify), .rectify_gradient = NAMED(rectify_gradient),
    .update = NAMED(update), .round = NAMED(round)};

#undef WORDS
#undef PATTERNS
#undef EACH
#undef NAMED
