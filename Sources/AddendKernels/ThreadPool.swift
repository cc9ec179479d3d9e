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
  /// kernels, its callers, hand it disjoint parts of a buffer.
  package func run(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var task = Task(body: body)
      unsafe withUnsafeMutablePointer(to: &task) { task in
        unsafe addend_pool_run(
          handle.pool, count,
          { context, index in
            guard let context = unsafe context else { return }
            unsafe context.assumingMemoryBound(to: Task.self).pointee.body(index)
          }, task)
      }
    }
  }

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

  private struct Task { let body: (Int) -> Void }

  // Invariant: the C pool guards its own fields; the pointer is set once, in `init`.
  @safe private struct Handle: @unchecked Sendable { let pool: OpaquePointer }
}
