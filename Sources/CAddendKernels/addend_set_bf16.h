// After addend_sets.h: compiles ADDEND_SOURCE once more, with ADDEND_HAS_WORDS, for processors that
// round to bfloat16 and multiply it themselves.
#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_bf16
#define ADDEND_HAS_WORDS
#include "addend_vectors_avx512.h"
#include ADDEND_SOURCE
#include "addend_vectors_end.h"
#undef ADDEND_HAS_WORDS
#pragma clang attribute pop

#define ADDEND_SELECT_BF16(isa, kernels) \
  ((isa) >= ADDEND_ISA_AVX512_BF16 ? &kernels##_avx512_bf16 : ADDEND_SELECT(isa, kernels))
#else
#define ADDEND_SELECT_BF16(isa, kernels) ADDEND_SELECT(isa, kernels)
#endif
