#ifndef ADDEND_MAP_H
#define ADDEND_MAP_H
#include <stddef.h>

// Memory straight from the system, in huge pages where it grants them: a table of gigabytes read at
// random otherwise waits for page tables as long as for its entries.

/// Zeroed memory of `bytes` > 0, or NULL. Freed with `addend_unmap`.
void *addend_map_memory(size_t bytes);

/// The file at `path` for reading, or NULL with `*failure` set: to the system's error number, or to −1
/// for what is no regular file. `*bytes` is the file's size; an empty file has the address of a
/// constant and is not unmapped. Pages behind an end that moved forward later cannot be read.
const void *addend_map_file(const char *path, size_t *bytes, int *failure);

void addend_unmap(const void *memory, size_t bytes);
#endif
