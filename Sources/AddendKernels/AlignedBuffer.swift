/// Fixed-size memory on a 64-byte border, owned by whoever holds the last reference.
///
/// Freed blocks are kept by size and handed out again: a training step asks for the same sizes each
/// time, and fresh pages from the system cost more than many of the kernels that fill them.
// Invariant behind @unchecked: the pointer never changes, and the owner (`Tensor`, which copies on
// write) mutates the memory only while it holds the one reference.
@safe public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public let count: Int
  private let pointer: UnsafeMutablePointer<Element>

  /// Memory for `count` elements with whatever was there before.
  public init(uninitializedCount count: Int) {
    precondition(count >= 0, "a buffer's count is not negative")
    self.count = count
    unsafe pointer = MemoryPool.shared.take(byteCount: Self.byteCount(count))
      .assumingMemoryBound(to: Element.self)
  }

  deinit { unsafe MemoryPool.shared.give(UnsafeMutableRawPointer(pointer), Self.byteCount(count)) }

  /// Other memory with the same elements.
  public func copy() -> AlignedBuffer {
    let copy = AlignedBuffer(uninitializedCount: count)
    unsafe copy.pointer.update(from: pointer, count: count)
    return copy
  }

  private static func byteCount(_ count: Int) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    precondition(!overflow && bytes <= Int.max - 64, "a buffer of \(count) elements does not exist")
    return max(64, (bytes + 63) & ~63)
  }

  public var span: Span<Element> {
    @_lifetime(borrow self) get {
      // Safe: the memory lives as long as self, and self is borrowed.
      unsafe _overrideLifetime(Span(_unsafeStart: pointer, count: count), borrowing: self)
    }
  }

  /// The whole buffer for writing.
  ///
  /// The caller holds the only reference; `Tensor` sees to that.
  public var uniqueSpan: MutableSpan<Element> {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(MutableSpan(_unsafeStart: pointer, count: count), borrowing: self)
    }
  }
}
