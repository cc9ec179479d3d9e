// Compiles ADDEND_SOURCE, a file of this folder, once for each instruction set, so that no kernel is
// written twice. In it ADDEND_VARIANT(name) is the set's own name, ADDEND_SET the set, and VECTOR, LANES
// and the like are its vectors. The file ends what it defines; it has no include guard, as this one.
#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "addend_f32_math.h"
#include "addend_isa.h"

// The definition.
#define ADDEND_VARIANT(name) name##_scalar
#define ADDEND_SET ADDEND_ISA_SCALAR
#include "addend_vectors_scalar.h"
#include ADDEND_SOURCE
#include "addend_vectors_end.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define ADDEND_VARIANT(name) name##_avx2
#define ADDEND_SET ADDEND_ISA_AVX2
#include "addend_vectors_avx2.h"
#include ADDEND_SOURCE
#include "addend_vectors_end.h"
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
    apply_to = function)
#define ADDEND_VARIANT(name) name##_avx512
#define ADDEND_SET ADDEND_ISA_AVX512
#include "addend_vectors_avx512.h"
#include ADDEND_SOURCE
#include "addend_vectors_end.h"
#pragma clang attribute pop

/// The address of the widest of `kernels`, one for each set, that `isa` allows.
#define ADDEND_SELECT(isa, kernels)                          \
  ((isa) >= ADDEND_ISA_AVX512 ? &kernels##_avx512            \
   : (isa) >= ADDEND_ISA_AVX2 ? &kernels##_avx2 : &kernels##_scalar)
#else
#define ADDEND_SELECT(isa, kernels) ((void)(isa), &kernels##_scalar)
#endif
