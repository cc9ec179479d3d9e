// Runs each family of kernels in a set's variant and in the definition, or beside the equation that it
// stands for, on random and on extreme operands, and prints a line for each: how many results were
// compared, and a checksum of the definition's, which must be the same on all machines. The
// argument names the set.
#define _GNU_SOURCE
#include "check.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { border = 64, most_rooms = 128 };

static uint64_t state;
static const char *family;
static bool is_variant;
static size_t agreed, different, failures;
static uint64_t checksum;
static struct {
  void *start;
  size_t size;
} rooms[most_rooms];
static size_t room_count;

// SplitMix64.
uint64_t check_random(void) {
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

size_t check_below(size_t limit) { return (size_t)(check_random() >> 16) % limit; }

size_t check_one_of(const size_t *numbers, size_t count) { return numbers[check_below(count)]; }

float check_float(void) {
  return ((float)(int32_t)(check_random() >> 40) - 8388608.0f) * (1.0f / 1048576.0f);
}

void *check_room(size_t bytes, size_t alignment) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t size = (bytes + alignment + page - 1) / page * page;
  uint8_t *start = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || room_count == most_rooms || mprotect(start + size, page, PROT_NONE)) {
    fprintf(stderr, "check: no room for %zu bytes\n", bytes);
    exit(71);
  }
  rooms[room_count].start = start;
  rooms[room_count++].size = size + page;
  return (void *)((uintptr_t)(start + size - bytes) / alignment * alignment);
}

float *check_floats(size_t count) {
  float *numbers = check_room(count * sizeof *numbers, sizeof *numbers);
  for (size_t i = 0; i < count; ++i) numbers[i] = check_float();
  return numbers;
}

float *check_whole_floats(size_t count) {
  float *numbers = check_room(count * sizeof *numbers, sizeof *numbers);
  for (size_t i = 0; i < count; ++i) numbers[i] = (float)check_below(9) - 4;
  return numbers;
}

uint8_t *check_bytes_below(size_t count, size_t limit) {
  uint8_t *bytes = check_room(count, 1);
  for (size_t i = 0; i < count; ++i) bytes[i] = (uint8_t)check_below(limit);
  return bytes;
}

void check_free(void) {
  while (room_count > 0) {
    --room_count;
    munmap(rooms[room_count].start, rooms[room_count].size);
  }
}

check_result check_results(size_t bytes) {
  const check_result result = {check_room(bytes + border, 64), check_room(bytes + border, 64), bytes};
  memset(result.wanted, 0xA5, bytes + border);
  memset(result.found, 0xA5, bytes + border);
  return result;
}

void check_compare(const char *what, check_result result) {
  for (size_t i = 0; i < result.bytes; ++i)
    checksum = (checksum ^ result.wanted[i]) * 0x100000001B3u;
  if (memcmp(result.wanted, result.found, result.bytes + border) == 0) {
    ++agreed;
    return;
  }
  size_t at = 0;
  while (result.wanted[at] == result.found[at]) ++at;
  if (++different <= 3)
    fprintf(stderr, "%s, %s: byte %zu of %zu differs\n", family, what, at, result.bytes);
}

void check_forget_nans(check_result result) {
  float *wanted = (float *)(void *)result.wanted, *found = (float *)(void *)result.found;
  for (size_t i = 0; i < result.bytes / sizeof *wanted; ++i) {
    if (isnan(wanted[i])) wanted[i] = NAN;
    if (isnan(found[i])) found[i] = NAN;
  }
}

void check_near(const char *what, const float *found, const double *wanted, size_t count,
                double bound) {
  for (size_t i = 0; i < count; ++i) {
    if (fabs((double)found[i] - wanted[i]) <= bound) continue;
    if (++different <= 3)
      fprintf(stderr, "%s, %s: number %zu of %zu is %g, wanted %g within %g\n", family, what, i,
              count, (double)found[i], wanted[i], bound);
    return;
  }
  ++agreed;
}

// Where an operand ends, so does readable memory.
static void beyond(int number) {
  (void)number;
  static const char what[] = ": reads or writes beyond an operand\n";
  const bool is_told = write(STDERR_FILENO, family, strlen(family)) > 0 &&
                       write(STDERR_FILENO, what, sizeof what - 1) > 0;
  _exit(is_told ? 70 : 71);
}

void check_begin(const char *name, bool is_written, bool must_be) {
  family = name;
  is_variant = is_written;
  state = 1;
  agreed = different = 0;
  checksum = 0xCBF29CE484222325u;
  if (must_be && !is_written) {
    fprintf(stderr, "%s: there is no variant\n", name);
    ++failures;
  }
}

void check_end(void) {
  printf("%-26s %4zu results, %s; bits %016llx\n", family, agreed + different,
         different > 0 ? "NOT ALL AS DEFINED" : is_variant ? "as defined" : "the definition's own",
         (unsigned long long)checksum);
  if (different > 0) ++failures;
}

int main(int count, char **arguments) {
  static const struct {
    const char *name;
    addend_isa set;
  } sets[] = {{"scalar", ADDEND_ISA_SCALAR},
              {"neon", ADDEND_ISA_NEON},
              {"avx2", ADDEND_ISA_AVX2},
              {"avx512", ADDEND_ISA_AVX512},
              {"avx512-vbmi", ADDEND_ISA_AVX512_VBMI},
              {"avx512-vnni", ADDEND_ISA_AVX512_VNNI},
              {"avx512-bf16", ADDEND_ISA_AVX512_BF16}};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; ++i) {
    if (count != 2 || strcmp(arguments[1], sets[i].name) != 0) continue;
    if (!addend_isa_is_available(sets[i].set)) {
      fprintf(stderr, "check: this machine has no %s\n", sets[i].name);
      return 69;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGSEGV, beyond);
    signal(SIGBUS, beyond);
    check_lookups(sets[i].set);
    check_bytes(sets[i].set);
    check_spaces(sets[i].set);
    check_products(sets[i].set);
    check_convolutions(sets[i].set);
    check_recurrences(sets[i].set);
    check_functions(sets[i].set);
    check_codebooks(sets[i].set);
    check_binary(sets[i].set);
    check_int8(sets[i].set);
    check_halves(sets[i].set);
    check_half_convolutions(sets[i].set);
    check_roundings(sets[i].set);
    check_quantize(sets[i].set);
    check_logarithms(sets[i].set);
    return failures > 0;
  }
  fprintf(stderr, "check: give one instruction set, such as neon or scalar\n");
  return 64;
}
