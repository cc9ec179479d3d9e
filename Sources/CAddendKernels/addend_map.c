#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "addend_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif

// Advice only: where it is refused the memory is as good and slower.
static void advise(void *memory, size_t bytes) {
#if defined(MADV_HUGEPAGE)
  (void)madvise(memory, bytes, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

void *addend_map_memory(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  advise(memory, bytes);
  return memory;
}

const void *addend_map_file(const char *path, size_t *bytes, int *failure) {
  static const char empty[64];
  *failure = 0;
  *bytes = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    *failure = errno;
    return NULL;
  }
  struct stat status;
  void *memory = NULL;
  if (fstat(file, &status) != 0) {
    *failure = errno;
  } else if (!S_ISREG(status.st_mode)) {
    *failure = -1;
  } else if (status.st_size == 0) {
    close(file);
    return empty;
  } else {
    *bytes = (size_t)status.st_size;
    memory = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
      *failure = errno;
      memory = NULL;
    } else {
      advise(memory, *bytes);
    }
  }
  close(file);
  return memory;
}

void addend_unmap(const void *memory, size_t bytes) {
  if (bytes) munmap((void *)memory, bytes);
}
