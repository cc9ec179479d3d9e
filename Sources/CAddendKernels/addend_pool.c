#include "addend_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addend_relax.h"

// How often a waiting thread looks before it sleeps: some 20 µs, about the gap between two kernels
// of one training step. Sleeping at once cost a futex call for each of them.
enum { spin_limit = 4000 };

// The word that workers watch: the number of the current piece of work, whether it may still be
// joined, and how many workers have joined it.
static const size_t joined_mask = 0xFFFF, open_bit = 0x10000, number_step = 0x20000;

/// The indices that a thread takes first: neighbours, and the same ones whenever the work is the same,
/// so that what it read then is in its cache now. On a line of the cache of its own.
typedef struct {
  _Alignas(64) atomic_size_t next;  // the first that nobody has taken
  size_t end;
} share;

typedef struct {
  addend_pool *pool;
  size_t number;  // of the worker's share
  pthread_t thread;
} worker;

struct addend_pool {
  size_t workers;
  worker *crew;
  pthread_mutex_t mutex;
  pthread_cond_t work_arrived;
  atomic_flag busy;
  atomic_size_t state;
  atomic_size_t sleepers;  // changed under mutex
  bool stopping;           // guarded by mutex
  // The piece of work. Written while nobody has joined; read by those who have.
  share *shares;  // the caller's, then one for each worker
  addend_task task;
  void *context;
};

static _Thread_local bool inside_task;

/// Runs the indices of share `own`, then what others have left of theirs.
static void take_indices(addend_pool *pool, size_t own) {
  inside_task = true;
  const size_t shares = pool->workers + 1;
  for (size_t k = 0; k < shares; ++k) {
    share *from = pool->shares + (own + k < shares ? own + k : own + k - shares);
    // A look first: taking costs others the line.
    while (atomic_load_explicit(&from->next, memory_order_relaxed) < from->end) {
      const size_t i = atomic_fetch_add_explicit(&from->next, 1, memory_order_relaxed);
      if (i < from->end) pool->task(pool->context, i);
    }
  }
  inside_task = false;
}

/// Whether `state` holds work other than `seen` that may be joined.
static bool is_fresh(size_t state, size_t seen) {
  return (state & open_bit) && state / number_step != seen;
}

static void *work(void *argument) {
  const worker *self = argument;
  addend_pool *pool = self->pool;
  size_t seen = 0;
  for (;;) {
    size_t state, spins = 0;
    while (!is_fresh(state = atomic_load_explicit(&pool->state, memory_order_relaxed), seen)) {
      if (++spins < spin_limit) {
        ADDEND_RELAX();
        continue;
      }
      pthread_mutex_lock(&pool->mutex);
      // In the order of all: either we see the work that an owner opens, or it sees us asleep.
      atomic_fetch_add_explicit(&pool->sleepers, 1, memory_order_seq_cst);
      while (!is_fresh(atomic_load_explicit(&pool->state, memory_order_seq_cst), seen) &&
             !pool->stopping)
        pthread_cond_wait(&pool->work_arrived, &pool->mutex);
      atomic_fetch_sub_explicit(&pool->sleepers, 1, memory_order_relaxed);
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
    take_indices(pool, self->number);
    atomic_fetch_sub_explicit(&pool->state, 1, memory_order_release);
  }
}

addend_pool *addend_pool_create(size_t threads) {
  const size_t count = threads ? threads : 1;
  addend_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->crew = calloc(count, sizeof *pool->crew);
  pool->shares = addend_allocate(count * sizeof *pool->shares);
  if (!pool->crew || !pool->shares) {
    addend_free(pool->shares);
    free(pool->crew);
    free(pool);
    return NULL;
  }
  for (size_t i = 0; i < count; ++i) {
    atomic_init(&pool->shares[i].next, 0);
    pool->shares[i].end = 0;
  }
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work_arrived, NULL);
  atomic_flag_clear(&pool->busy);
  // Workers read how many they are once they have joined work, which is after this.
  for (size_t started = 0; started + 1 < count; pool->workers = ++started) {
    worker *w = pool->crew + started;
    *w = (worker){.pool = pool, .number = started + 1};
    if (pthread_create(&w->thread, NULL, work, w)) {
      addend_pool_destroy(pool);
      return NULL;
    }
  }
  return pool;
}

void addend_pool_destroy(addend_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->stopping = true;
  pthread_cond_broadcast(&pool->work_arrived);
  pthread_mutex_unlock(&pool->mutex);
  for (size_t i = 0; i < pool->workers; ++i) pthread_join(pool->crew[i].thread, NULL);
  pthread_cond_destroy(&pool->work_arrived);
  pthread_mutex_destroy(&pool->mutex);
  addend_free(pool->shares);
  free(pool->crew);
  free(pool);
}

void addend_pool_run(addend_pool *pool, size_t count, addend_task task, void *context) {
  const bool alone = count < 2 || pool->workers == 0 || inside_task;
  if (alone || atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    for (size_t i = 0; i < count; ++i) task(context, i);
    return;
  }
  pool->task = task;
  pool->context = context;
  const size_t shares = pool->workers + 1, size = count / shares, longer = count % shares;
  for (size_t i = 0, first = 0; i < shares; ++i) {
    pool->shares[i].end = first + size + (i < longer);
    atomic_store_explicit(&pool->shares[i].next, first, memory_order_relaxed);
    first = pool->shares[i].end;
  }
  const size_t number = atomic_load_explicit(&pool->state, memory_order_relaxed) / number_step + 1;
  atomic_store_explicit(&pool->state, number * number_step | open_bit, memory_order_seq_cst);
  if (atomic_load_explicit(&pool->sleepers, memory_order_seq_cst)) {
    // A thread that is about to sleep holds the mutex until it does.
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work_arrived);
    pthread_mutex_unlock(&pool->mutex);
  }
  take_indices(pool, 0);
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
#if defined(MADV_HUGEPAGE)
  // Large memory in large pages: products walk over rows that lie far apart, each on a page of its own.
  const size_t page = (size_t)2 << 20;
  if (bytes >= 2 * page) {
    bytes = (bytes + page - 1) / page * page;
    if (posix_memalign(&memory, page, bytes)) return NULL;
    // A hint: a system without such pages goes on with small ones.
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
  }
#endif
  return posix_memalign(&memory, 64, bytes ? bytes : 64) ? NULL : memory;
}

void addend_free(void *memory) { free(memory); }

long addend_account(long bytes) {
  static _Thread_local long account;
  return account += bytes;
}

long addend_processor_count(void) { return sysconf(_SC_NPROCESSORS_ONLN); }
