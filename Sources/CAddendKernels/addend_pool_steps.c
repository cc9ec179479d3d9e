#include "addend_pool_steps.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "addend_relax.h"

enum {
  // How often a thread that is done with its part looks whether the others are, before it takes those
  // that nobody has begun from threads that were there in the step before. From others it takes them
  // at once.
  grace = 32,
  // How often before it lets another process have its processor.
  patience = 4000,
};

typedef struct {
  size_t steps, parts;
  addend_pool_step_task task;
  void *context;
  /// Parts that are done, of all steps.
  _Alignas(64) atomic_size_t done;
  /// For each part the step that nobody has begun, and whether its own thread had the step before.
  struct {
    _Alignas(64) atomic_size_t step;
    atomic_bool is_attended;
  } next[addend_pool_steps_most_parts];
} schedule;

/// Runs a part if nobody has begun it. All earlier steps are done, and this thread has seen that.
static void run_part(schedule *s, size_t step, size_t part, bool is_own) {
  size_t expected = step;
  if (!atomic_compare_exchange_strong_explicit(&s->next[part].step, &expected, step + 1,
                                               memory_order_relaxed, memory_order_relaxed))
    return;
  atomic_store_explicit(&s->next[part].is_attended, is_own, memory_order_relaxed);
  s->task(s->context, step, part);
  atomic_fetch_add_explicit(&s->done, 1, memory_order_release);
}

static void run_member(void *context, size_t member) {
  schedule *s = context;
  for (size_t step = 0; step < s->steps; ++step) {
    const size_t end = (step + 1) * s->parts;
    if (atomic_load_explicit(&s->done, memory_order_acquire) >= end) continue;
    run_part(s, step, member, true);
    for (size_t spins = 0; atomic_load_explicit(&s->done, memory_order_acquire) < end; ++spins) {
      if (spins == 0 || spins == grace)
        for (size_t part = 0; part < s->parts; ++part)
          if (spins || !atomic_load_explicit(&s->next[part].is_attended, memory_order_relaxed))
            run_part(s, step, part, false);
      ADDEND_RELAX();
      if (spins > patience) sched_yield();
    }
  }
}

void addend_pool_run_steps(addend_pool *pool, size_t steps, size_t parts, addend_pool_step_task task,
                           void *context) {
  schedule s = {.steps = steps, .parts = parts, .task = task, .context = context};
  addend_pool_run(pool, parts, run_member, &s);
}

// Swift declares this function by its name, as `addend_pool_run_closure`.
typedef __attribute__((swiftcall)) void (*closure_code)(
    size_t step, size_t part, __attribute__((swift_context)) const void *captured);
__attribute__((swiftcall)) void addend_pool_run_steps_closure(addend_pool *pool, size_t steps,
                                                              size_t parts, closure_code code,
                                                              const void *captured);

typedef struct {
  closure_code code;
  const void *captured;
} closure;

static void call_closure(void *context, size_t step, size_t part) {
  const closure *body = context;
  body->code(step, part, body->captured);
}

__attribute__((swiftcall)) void addend_pool_run_steps_closure(addend_pool *pool, size_t steps,
                                                              size_t parts, closure_code code,
                                                              const void *captured) {
  closure body = {code, captured};
  addend_pool_run_steps(pool, steps, parts, call_closure, &body);
}
