internal import CAddendKernels

/// Zeroed memory straight from the system, in huge pages where it grants them.
///
/// For tables of gigabytes that are read at random; it goes back to the system at once.
// Invariant behind @unchecked: the pointer never changes, and the owner mutates the memory only while
// it holds the one reference.
@safe public final class MappedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public let count: Int
  private let pointer: UnsafeMutablePointer<Element>

  /// Memory for `count` elements, one or more; `nil` where the system has not so much.
  public init?(zeros count: Int) {
    precondition(count > 0, "a mapped buffer has elements")
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, let memory = unsafe addend_map_memory(bytes) else { return nil }
    self.count = count
    unsafe pointer = memory.assumingMemoryBound(to: Element.self)
  }

  deinit { unsafe addend_unmap(pointer, count * MemoryLayout<Element>.stride) }

  public var span: Span<Element> {
    @_lifetime(borrow self) get {
      // Safe: the memory lives as long as self, and self is borrowed.
      unsafe _overrideLifetime(Span(_unsafeStart: pointer, count: count), borrowing: self)
    }
  }

  /// The whole buffer for writing; the caller holds the only reference.
  public var uniqueSpan: MutableSpan<Element> {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(MutableSpan(_unsafeStart: pointer, count: count), borrowing: self)
    }
  }
}
