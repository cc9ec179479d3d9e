internal import CAddendKernels

/// The threads that kernels spread over.
///
/// Work is cut into pieces whose number depends on the work alone, never on the thread count, and
/// every piece writes its own part of the result: figures do not depend on `threadCount`.
public final class ThreadPool: Sendable {
  /// The pool that kernels called from here use; `$current.withValue(_:)` sets another for a scope.
  @TaskLocal public static var current = ThreadPool(threadCount: ThreadPool.availableProcessors)

  public let threadCount: Int
  private let handle: Handle

  /// Starts `threadCount − 1` threads: the caller is the last one.
  public init(threadCount: Int) {
    precondition(threadCount > 0, "a pool has at least one thread")
    guard let pool = unsafe addend_pool_create(threadCount) else {
      preconditionFailure("the system refused \(threadCount) threads")
    }
    self.threadCount = threadCount
    unsafe handle = Handle(pool: pool)
  }

  deinit { unsafe addend_pool_destroy(handle.pool) }

  /// The number of processors that are online.
  public static var availableProcessors: Int { max(1, addend_processor_count()) }

  /// Calls `body` once for every index below `count`, in no particular order.
  ///
  /// `body` runs on several threads at once. It takes no references that are not thread-safe:
  /// kernels, its callers, hand it disjoint parts of a buffer. Nothing is allocated.
  package func run(_ count: Int, _ body: (Int) -> Void) {
    // Safe: C calls the closure before it returns, and does not keep it.
    unsafe runClosure(handle.pool, count, body)
  }

  /// Calls `body` once for every part of every step, the parts of a step after all of the one before:
  /// for steps of a few microseconds. Parts keep to one thread each as far as these are there.
  ///
  /// `body` is as in `run`.
  package func runSteps(
    _ steps: Int, parts: Int, _ body: (_ step: Int, _ part: Int) -> Void
  ) {
    precondition(parts <= Self.mostStepParts, "a step has few parts")
    // Safe: as above.
    unsafe runStepsClosure(handle.pool, steps, parts, body)
  }

  /// The most parts of a step.
  static let mostStepParts = Int(addend_pool_steps_most_parts)

  /// Cuts `count` units of work into parts of `size`, the last one shorter, and runs `body` on the
  /// current pool for each; one part alone stays on the calling thread.
  static func forEachPart(
    of count: Int, size: Int, _ body: (_ first: Int, _ count: Int) -> Void
  ) {
    guard count > size else {
      if count > 0 { body(0, count) }
      return
    }
    current.run((count + size - 1) / size) { part in
      body(part * size, min(size, count - part * size))
    }
  }

  // Invariant: the C pool guards its own fields; the pointer is set once, in `init`.
  @safe private struct Handle: @unchecked Sendable { let pool: OpaquePointer }
}

/// `addend_pool_run` with a closure where it lies: `withoutActuallyEscaping` would copy it to the heap in
/// every call.
@_silgen_name("addend_pool_run_closure")
@unsafe private func runClosure(_ pool: OpaquePointer, _ count: Int, _ body: (Int) -> Void)

@_silgen_name("addend_pool_run_steps_closure")
@unsafe private func runStepsClosure(
  _ pool: OpaquePointer, _ steps: Int, _ parts: Int, _ body: (Int, Int) -> Void)
