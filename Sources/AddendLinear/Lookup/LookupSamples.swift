internal import AddendTensors

/// Rows that the next encoder will be learned from.
struct LookupSamples<Scalar: TensorScalar>: Sendable {
  /// `[wantedSamples, width]` while they are collected, else without rows.
  private var rows: Tensor<Scalar>
  private(set) var count = 0
  /// How many an encoder is learned from.
  let wanted: Int

  init(width: Int, wanted: Int) {
    rows = Tensor([0, width])
    self.wanted = wanted
  }

  private var width: Int { rows.shape[1] }

  mutating func start() {
    rows = Tensor([wanted, width])
    count = 0
  }

  mutating func clear() {
    rows = Tensor([0, width])
    count = 0
  }

  var taken: Tensor<Scalar> {
    Tensor([count, width]) { span in
      guard count > 0 else { return }
      Scalar.copyBlocks(
        1, length: count * width, from: rows.span, StridedBlocks(step: 0), to: &span,
        StridedBlocks(step: 0))
    }
  }

  /// Takes an eighth of what is wanted, evenly spread, from one call at most: a recurrent layer's first
  /// time steps, or a convolution's first image, would not stand for all. Returns how many.
  mutating func take(_ x: Tensor<Scalar>) -> Int {
    let (there, width, first) = (x.shape[0], width, count)
    let taken = min(there, rows.shape[0] - count, wanted / 8)
    let source = x.span
    var span = rows.mutableSpan
    for (sample, row) in LookupSchedule.sampledRows(of: there, taken: max(0, taken)).enumerated() {
      Scalar.copyBlocks(
        1, length: width, from: source, StridedBlocks(first: row * width, step: 0),
        to: &span, StridedBlocks(first: (first + sample) * width, step: 0))
    }
    count += max(0, taken)
    return max(0, taken)
  }

  /// - Parameter count: how many rows are there, for who keeps that elsewhere.
  mutating func visit(
    _ visitor: inout some StateVisitor<Scalar>, isCollecting: Bool, count: Int
  ) {
    let wanted = isCollecting ? self.wanted : 0
    if rows.shape[0] != wanted { rows = Tensor([wanted, width]) }
    visitor.visit(&rows, named: "samples")
    self.count = count
  }
}
