// Compiles addend_dfp_words.h for each instruction set, with chunks of CHUNK words.
#define ADDEND_SOURCE "addend_dfp_words.h"
#include "addend_sets.h"

#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512_vnni
#define ADDEND_HAS_DOTS
#include "addend_vectors_avx512.h"
#include "addend_dfp_words.h"
#include "addend_vectors_end.h"
#pragma clang attribute pop
#endif

static const addend_brgemm_kernels *dfp_kernels(addend_isa isa) {
#if defined(__x86_64__)
  if (isa >= ADDEND_ISA_AVX512_VNNI) return &brgemm_avx512_vnni;
#endif
  return ADDEND_SELECT(isa, brgemm);
}
