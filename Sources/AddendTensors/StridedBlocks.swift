/// Equal runs of neighbouring elements, one every `step`: a matrix's columns, a batch's time step.
public struct StridedBlocks: Hashable, Sendable {
  /// The offset of the first block's first element.
  public var first: Int
  /// The distance from one block to the next.
  public var step: Int

  public init(first: Int = 0, step: Int) {
    precondition(first >= 0 && step >= 0, "blocks lie at offsets")
    self.first = first
    self.step = step
  }

  /// Whether `count` blocks of `length` lie within `extent` elements.
  func fit(_ extent: Int, length: Int, count: Int) -> Bool {
    length == 0 || count == 0 || first + (count - 1) * step + length <= extent
  }
}
