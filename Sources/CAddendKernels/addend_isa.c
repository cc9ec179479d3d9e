#include "addend_isa.h"

bool addend_isa_is_available(addend_isa isa) {
#if defined(__x86_64__)
  // The builtin asks the processor and whether the operating system saves the registers.
  __builtin_cpu_init();
  bool available = isa != ADDEND_ISA_NEON;
  if (isa >= ADDEND_ISA_AVX2)
    available = available && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                __builtin_cpu_supports("f16c");
  if (isa >= ADDEND_ISA_AVX512)
    available = available && __builtin_cpu_supports("avx512f") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vl");
  if (isa >= ADDEND_ISA_AVX512_VBMI) available = available && __builtin_cpu_supports("avx512vbmi");
  if (isa >= ADDEND_ISA_AVX512_VNNI) available = available && __builtin_cpu_supports("avx512vnni");
  if (isa >= ADDEND_ISA_AVX512_BF16) available = available && __builtin_cpu_supports("avx512bf16");
  return available;
#elif defined(__aarch64__)
  return isa <= ADDEND_ISA_NEON;
#else
  return isa == ADDEND_ISA_SCALAR;
#endif
}
