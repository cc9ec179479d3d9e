#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One of the two streams that a command writes to.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Whether a person is likely to look at it.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// The terminal's width in columns; `nil` where there is no terminal.
  public var columns: Int? {
    var size = winsize()
    guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes `text` at once; a stream that nobody reads any more is not an error of ours.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var start = 0
      while start < bytes.count {
        // Safe: the slice from `start` ends with the buffer.
        let rest = unsafe UnsafeBufferPointer(rebasing: bytes[start...])
        let written = unsafe platformWrite(rawValue, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        start += written
      }
    }
  }
}
