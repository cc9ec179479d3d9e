#ifndef ADDEND_LOOKUP_DISPATCH_H
#define ADDEND_LOOKUP_DISPATCH_H
#include "addend_lookup.h"

// Defines addend_lookup_<family>_select over <family>_scalar, <family>_avx2 and <family>_avx512;
// `has_rest` says whether the processor has what the last needs beyond AVX2.
#if defined(__x86_64__)
#define ADDEND_LOOKUP_SELECT(family, has_rest)                                              \
  addend_lookup_##family##_fn addend_lookup_##family##_select(addend_lookup_variant variant) { \
    const int has_avx2 = __builtin_cpu_supports("avx2");                                  \
    switch (variant) {                                                                    \
      case addend_lookup_scalar: return family##_scalar;                                  \
      case addend_lookup_avx2: return has_avx2 ? family##_avx2 : 0;                       \
      case addend_lookup_avx512:                                                          \
        return has_avx2 && (has_rest) ? family##_avx512 : 0;          \
    }                                                                                     \
    return 0;                                                                             \
  }
#else
#define ADDEND_LOOKUP_SELECT(family, has_rest)                                              \
  addend_lookup_##family##_fn addend_lookup_##family##_select(addend_lookup_variant variant) { \
    return variant == addend_lookup_scalar ? family##_scalar : 0;                         \
  }
#endif
#endif
