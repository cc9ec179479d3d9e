extension MutableSpan where Element: BitwiseCopyable {
  /// The elements at `range`, for writing.
  @_lifetime(&self)
  public mutating func part(_ range: Range<Int>) -> MutableSpan {
    _mutatingExtracting(range)
  }

  /// The first `count` elements, for writing.
  @_lifetime(&self)
  public mutating func part(first count: Int) -> MutableSpan {
    _mutatingExtracting(first: count)
  }

  /// Takes the elements of `source`, which are as many and lie elsewhere.
  public mutating func update(from source: Span<Element>) {
    precondition(source.count == count, "update: extents")
    guard let from = unsafe source.address, let to = unsafe address else { return }
    unsafe to.update(from: from, count: source.count)
  }
}
