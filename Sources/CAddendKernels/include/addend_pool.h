#ifndef ADDEND_POOL_H
#define ADDEND_POOL_H
#include <stddef.h>

/// A fixed crew of threads that run `task(context, index)` for every index below a count.
///
/// The caller works too, so a pool of n threads starts n − 1. Each thread begins with neighbouring
/// indices that are its own whenever the count is the same, and then takes what others have left, one
/// by one; a task must therefore not depend on which thread runs it. A call made from inside a
/// task, or while another thread is using the pool, runs its indices in order on the calling
/// thread.
typedef struct addend_pool addend_pool;
typedef void (*addend_task)(void *context, size_t index);

/// Returns NULL when threads or memory are not to be had.
addend_pool *addend_pool_create(size_t threads);
void addend_pool_destroy(addend_pool *pool);
void addend_pool_run(addend_pool *pool, size_t count, addend_task task, void *context);

/// The processors that are online.
long addend_processor_count(void);

/// 64-byte aligned memory, or NULL. Freed with `addend_free`.
void *addend_allocate(size_t bytes);
void addend_free(void *memory);

/// Adds to the calling thread's account of memory in use, and returns what it comes to.
long addend_account(long bytes);
#endif
