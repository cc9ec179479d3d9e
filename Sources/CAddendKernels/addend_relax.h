// What a thread does between two looks at a word that another one changes.
#ifndef ADDEND_RELAX_H
#define ADDEND_RELAX_H
#if defined(__x86_64__)
#define ADDEND_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define ADDEND_RELAX() __asm__ volatile("yield")
#else
#define ADDEND_RELAX() ((void)0)
#endif
#endif
