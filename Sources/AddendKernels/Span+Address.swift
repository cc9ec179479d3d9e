// A span is an address and a count, and its memory stays where it is while the span is borrowed.
// The addresses below are therefore good throughout the function that was given the span, and this
// module uses them nowhere else. They are `nil` for spans without elements.

extension Span where Element: BitwiseCopyable {
  @unsafe var address: UnsafePointer<Element>? {
    unsafe withUnsafeBufferPointer { $0.baseAddress }
  }
}

extension MutableSpan where Element: BitwiseCopyable {
  @unsafe var address: UnsafeMutablePointer<Element>? {
    mutating get { unsafe withUnsafeMutableBufferPointer { $0.baseAddress } }
  }
}
