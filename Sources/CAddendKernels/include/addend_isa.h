#ifndef ADDEND_ISA_H
#define ADDEND_ISA_H
#include <stdbool.h>

/// The instruction sets that kernels are compiled for, each containing those before it that its
/// architecture has. `ADDEND_ISA_SCALAR` is what the compiler makes of the definitions with what every
/// processor of the architecture has: SSE2 on x86-64, NEON on 64-bit Arm.
typedef enum {
  ADDEND_ISA_SCALAR,
  ADDEND_ISA_NEON,         // 64-bit Arm: kernels written for its table look-ups
  ADDEND_ISA_AVX2,         // AVX2, FMA, F16C
  ADDEND_ISA_AVX512,       // AVX-512 F, BW, DQ, VL
  ADDEND_ISA_AVX512_VBMI,  // and byte permutations
  ADDEND_ISA_AVX512_VNNI,  // and dot products of bytes
  ADDEND_ISA_AVX512_BF16,  // and dot products of bfloat16
} addend_isa;

/// Whether this build has code for the set and this machine, its operating system included, runs it.
bool addend_isa_is_available(addend_isa isa);
#endif
