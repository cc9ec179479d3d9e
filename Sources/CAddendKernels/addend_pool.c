#include "addend_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ADDEND_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define ADDEND_RELAX() __asm__ volatile("yield")
#else
#define ADDEND_RELAX() ((void)0)
#endif

// How often a waiting thread looks before it sleeps: some 20 µs, about the gap between two kernels
// of one training step. Sleeping at once cost a futex call for each of them.
enum { spin_limit = 4000 };

// The word that workers watch: the number of the current piece of work, whether it may still be
// joined, and how many workers have joined it.
static const size_t joined_mask = 0xFFFF, open_bit = 0x10000, number_step = 0x20000;

struct addend_pool {
  size_t workers;
  pthread_t *threads;
  pthread_mutex_t mutex;
  pthread_cond_t work_arrived;
  atomic_flag busy;
  atomic_size_t state;
  atomic_size_t next;  // the first index that nobody has taken
  size_t sleepers;     // guarded by mutex
  bool stopping;       // guarded by mutex
  // The piece of work. Written while nobody has joined; read by those who have.
  size_t count;
  addend_task task;
  void *context;
};

static _Thread_local bool inside_task;

static void take_indices(addend_pool *pool) {
  inside_task = true;
  const size_t count = pool->count;
  for (size_t i; (i = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < count;)
    pool->task(pool->context, i);
  inside_task = false;
}

/// Whether `state` holds work other than `seen` that may be joined.
static bool is_fresh(size_t state, size_t seen) {
  return (state & open_bit) && state / number_step != seen;
}

static void *work(void *argument) {
  addend_pool *pool = argument;
  size_t seen = 0;
  for (;;) {
    size_t state, spins = 0;
    while (!is_fresh(state = atomic_load_explicit(&pool->state, memory_order_relaxed), seen)) {
      if (++spins < spin_limit) {
        ADDEND_RELAX();
        continue;
      }
      pthread_mutex_lock(&pool->mutex);
      ++pool->sleepers;
      while (!is_fresh(atomic_load_explicit(&pool->state, memory_order_relaxed), seen) &&
             !pool->stopping)
        pthread_cond_wait(&pool->work_arrived, &pool->mutex);
      --pool->sleepers;
      const bool stopping = pool->stopping;
      pthread_mutex_unlock(&pool->mutex);
      if (stopping) return NULL;
      spins = 0;
    }
    // Acquires what the owner of the work wrote before opening it. Fails when that has closed it, or
    // another worker joined, meanwhile.
    if (!atomic_compare_exchange_strong_explicit(&pool->state, &state, state + 1,
                                                 memory_order_acquire, memory_order_relaxed))
      continue;
    seen = state / number_step;
    take_indices(pool);
    atomic_fetch_sub_explicit(&pool->state, 1, memory_order_release);
  }
}

addend_pool *addend_pool_create(size_t threads) {
  addend_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->threads = calloc(threads ? threads : 1, sizeof *pool->threads);
  if (!pool->threads) {
    free(pool);
    return NULL;
  }
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work_arrived, NULL);
  atomic_flag_clear(&pool->busy);
  while (pool->workers + 1 < threads) {
    if (pthread_create(&pool->threads[pool->workers], NULL, work, pool)) {
      addend_pool_destroy(pool);
      return NULL;
    }
    ++pool->workers;
  }
  return pool;
}

void addend_pool_destroy(addend_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->stopping = true;
  pthread_cond_broadcast(&pool->work_arrived);
  pthread_mutex_unlock(&pool->mutex);
  for (size_t i = 0; i < pool->workers; ++i) pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->work_arrived);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->threads);
  free(pool);
}

void addend_pool_run(addend_pool *pool, size_t count, addend_task task, void *context) {
  const bool alone = count < 2 || pool->workers == 0 || inside_task;
  if (alone || atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    for (size_t i = 0; i < count; ++i) task(context, i);
    return;
  }
  pool->count = count;
  pool->task = task;
  pool->context = context;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  const size_t number = atomic_load_explicit(&pool->state, memory_order_relaxed) / number_step + 1;
  atomic_store_explicit(&pool->state, number * number_step | open_bit, memory_order_release);
  pthread_mutex_lock(&pool->mutex);
  if (pool->sleepers) pthread_cond_broadcast(&pool->work_arrived);
  pthread_mutex_unlock(&pool->mutex);
  take_indices(pool);
  // All indices are taken: late workers stay out, and those inside must leave before the fields
  // above may change. One that the operating system has taken off its processor would otherwise
  // make us burn ours, hence the yield.
  atomic_fetch_and_explicit(&pool->state, ~open_bit, memory_order_relaxed);
  for (size_t spins = 0; atomic_load_explicit(&pool->state, memory_order_acquire) & joined_mask;)
    if (++spins < spin_limit)
      ADDEND_RELAX();
    else
      sched_yield();
  atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}

// Swift declares this function by its name (ThreadPool.swift): a closure that does not escape comes as
// its code and the place of what it has captured, on the caller's stack. C could take it in no other
// way without a copy on the heap for every call.
typedef __attribute__((swiftcall)) void (*closure_code)(
    size_t index, __attribute__((swift_context)) const void *captured);
__attribute__((swiftcall)) void addend_pool_run_closure(addend_pool *pool, size_t count,
                                                        closure_code code, const void *captured);

typedef struct {
  closure_code code;
  const void *captured;
} closure;

static void call_closure(void *context, size_t index) {
  const closure *body = context;
  body->code(index, body->captured);
}

__attribute__((swiftcall)) void addend_pool_run_closure(addend_pool *pool, size_t count,
                                                        closure_code code, const void *captured) {
  closure body = {code, captured};
  addend_pool_run(pool, count, call_closure, &body);
}

void *addend_allocate(size_t bytes) {
  void *memory = NULL;
  return posix_memalign(&memory, 64, bytes ? bytes : 64) ? NULL : memory;
}

void addend_free(void *memory) { free(memory); }

long addend_account(long bytes) {
  static _Thread_local long account;
  return account += bytes;
}

long addend_processor_count(void) { return sysconf(_SC_NPROCESSORS_ONLN); }
