internal import CAddendKernels

/// A file mapped for reading, in huge pages where the system grants them: what is read of it comes
/// into memory, and nothing else.
///
/// The file is not to be cut shorter while it is mapped: the system ends a program that reads behind
/// its end. Files that appear whole and are replaced by renaming, as this package writes them, never
/// are.
// Invariant behind @unchecked: the memory is never written, and lives as long as self.
@safe public final class MappedFile: @unchecked Sendable {
  public let byteCount: Int
  private let pointer: UnsafeRawPointer

  /// Why a file could not be mapped.
  public enum Failure: Error, Equatable, Sendable {
    case notAFile
    /// The system's error number.
    case refused(code: Int32)
  }

  public init(contentsOf path: String) throws(Failure) {
    var (size, failure): (Int, Int32) = (0, 0)
    guard let memory = unsafe addend_map_file(path, &size, &failure) else {
      throw failure < 0 ? .notAFile : .refused(code: failure)
    }
    byteCount = size
    unsafe pointer = memory
  }

  deinit { unsafe addend_unmap(pointer, byteCount) }

  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { elements(UInt8.self, at: 0, count: byteCount) }
  }

  /// `count` numbers that lie in the file from byte `offset` on, which is a multiple of their size.
  @_lifetime(borrow self)
  public func elements<Element: BitwiseCopyable & FixedWidthInteger>(
    _ type: Element.Type, at offset: Int, count: Int
  ) -> Span<Element> {
    unsafe view(at: offset, count: count)
  }

  /// The same for float32.
  @_lifetime(borrow self)
  public func floats(at offset: Int, count: Int) -> Span<Float> {
    unsafe view(at: offset, count: count)
  }

  // Safe for numbers of which every pattern of bits is one.
  @_lifetime(borrow self)
  @unsafe private func view<Element: BitwiseCopyable>(at offset: Int, count: Int) -> Span<Element> {
    let size = MemoryLayout<Element>.stride
    precondition(
      offset >= 0 && offset % size == 0 && count >= 0 && offset <= byteCount
        && count <= (byteCount - offset) / size, "mapped file: extents")
    // Safe: the extents lie inside the file, whose memory begins on a page's border and lives as long
    // as self.
    let start = unsafe (pointer + offset).assumingMemoryBound(to: Element.self)
    return unsafe _overrideLifetime(Span(_unsafeStart: start, count: count), borrowing: self)
  }
}
