// Logarithms of any type as the patterns that kernels take.

extension Span where Element: BitwiseCopyable {
  @unsafe var patterns: UnsafePointer<UInt16>? {
    precondition(
      MemoryLayout<Element>.size == 2 && MemoryLayout<Element>.alignment == 2,
      "a pattern has 16 bits")
    return unsafe address.map { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: UInt16.self) }
  }
}

extension MutableSpan where Element: BitwiseCopyable {
  @unsafe var patterns: UnsafeMutablePointer<UInt16>? {
    mutating get {
      precondition(
        MemoryLayout<Element>.size == 2 && MemoryLayout<Element>.alignment == 2,
        "a pattern has 16 bits")
      return unsafe address.map {
        unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: UInt16.self)
      }
    }
  }
}
