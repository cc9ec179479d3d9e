internal import Dispatch
internal import Synchronization

/// The batches of one epoch, in order.
public struct BatchSequence: Sequence, Sendable {
  private let numbers: Range<Int>
  private let prefetchCount: Int
  private let make: @Sendable (Int) -> Batch

  init(_ numbers: Range<Int>, prefetchCount: Int, make: @escaping @Sendable (Int) -> Batch) {
    self.numbers = numbers
    self.prefetchCount = prefetchCount
    self.make = make
  }

  public var underestimatedCount: Int { numbers.count }

  public func makeIterator() -> Iterator {
    Iterator(numbers, prefetchCount: prefetchCount, make: make)
  }

  /// Hands out batches and has the next ones prepared meanwhile.
  ///
  /// At most `prefetchCount` batches are ready or in the making. Each is one short piece of work on a
  /// queue, so nothing waits anywhere for a reader who has gone: an iterator that is dropped cancels
  /// the pieces not yet begun.
  public final class Iterator: IteratorProtocol {
    private var unscheduled: Range<Int>
    private var pending: [PendingBatch] = []
    private let prefetchCount: Int
    private let make: @Sendable (Int) -> Batch
    private let queue = DispatchQueue(label: "addend.batches", qos: .userInitiated)

    init(_ numbers: Range<Int>, prefetchCount: Int, make: @escaping @Sendable (Int) -> Batch) {
      unscheduled = numbers
      self.prefetchCount = prefetchCount
      self.make = make
    }

    deinit { for batch in pending { batch.cancel() } }

    public func next() -> Batch? {
      guard prefetchCount > 0 else { return unscheduled.popFirst().map(make) }
      schedule()
      guard !pending.isEmpty else { return nil }
      let batch = pending.removeFirst().wait()
      schedule()
      return batch
    }

    private func schedule() {
      while pending.count < prefetchCount, let number = unscheduled.popFirst() {
        let batch = PendingBatch()
        pending.append(batch)
        queue.async { [make] in batch.fulfil { make(number) } }
      }
    }
  }
}

/// A batch in the making: filled once by the queue, taken once by the reader.
private final class PendingBatch: Sendable {
  private let batch = Mutex<Batch?>(nil)
  private let isCancelled = Atomic(false)
  private let isReady = DispatchSemaphore(value: 0)

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  func fulfil(_ make: () -> Batch) {
    if isCancelled.load(ordering: .relaxed) { return }
    let made = make()
    batch.withLock { $0 = made }
    isReady.signal()
  }

  func wait() -> Batch {
    isReady.wait()
    guard let made = batch.withLock({ $0.take() }) else {
      preconditionFailure("a batch that is ready is there")
    }
    return made
  }
}
