// Counts what a program asks the system's allocator for. For the GNU C library: LD_PRELOAD.
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t border, size_t bytes);

static atomic_size_t count;

void *malloc(size_t bytes) {
  ++count;
  return __libc_malloc(bytes);
}
void *calloc(size_t number, size_t bytes) {
  ++count;
  return __libc_calloc(number, bytes);
}
void *realloc(void *memory, size_t bytes) {
  ++count;
  return __libc_realloc(memory, bytes);
}
void *memalign(size_t border, size_t bytes) {
  ++count;
  return __libc_memalign(border, bytes);
}
void *aligned_alloc(size_t border, size_t bytes) { return memalign(border, bytes); }
int posix_memalign(void **memory, size_t border, size_t bytes) {
  *memory = memalign(border, bytes);
  return *memory ? 0 : ENOMEM;
}

/// How often memory was asked for so far.
size_t allocation_count(void) { return count; }
