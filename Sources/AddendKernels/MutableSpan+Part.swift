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
}
