#ifndef ADDEND_POOL_STEPS_H
#define ADDEND_POOL_STEPS_H
#include "addend_pool.h"

/// One part of one step.
typedef void (*addend_pool_step_task)(void *context, size_t step, size_t part);

/// The most parts that a step may have.
enum { addend_pool_steps_most_parts = 16 };

/// Runs the parts of each step on a pool, those of a step after all of the one before: for steps of a few
/// microseconds, each of which would be too short for a piece of work of its own.
///
/// A part keeps to one thread, so that what it reads stays in that thread's caches; one whose thread is
/// late is taken by another. Nothing waits for a thread that the operating system has not started.
void addend_pool_run_steps(addend_pool *pool, size_t steps, size_t parts, addend_pool_step_task task,
                           void *context);
#endif
