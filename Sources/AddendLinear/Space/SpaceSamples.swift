internal import AddendKernels
internal import AddendTensors

/// Blocks seen of late, to make words from and to judge them by: the newest overwrite the oldest.
struct SpaceSamples<Scalar: TensorScalar>: Sendable {
  /// `[capacity, dimension]`, filled up to `taken`, then around again; in float32, as words are made.
  private var blocks: Tensor<Float>
  /// Blocks taken in so far.
  var taken = 0

  private static var capacity: Int { 16_384 }
  /// Blocks taken of each batch: a codebook then sees the last 16 batches, or time steps.
  private static var share: Int { 1024 }

  init(dimension: Int) { blocks = Tensor([Self.capacity, dimension]) }

  private var dimension: Int { blocks.shape[1] }

  /// Takes in blocks of `rows`, drawn at random, each number times `2^−exponent` of its row.
  mutating func take(
    _ rows: Tensor<Scalar>, exponents: [Int32] = [], using random: inout RandomSource
  ) {
    let (count, size) = (rows.shape[0], rows.shape[1])
    guard count > 0 && size > 0 else { return }
    let dimension = dimension
    let blocksOfRow = (size + dimension - 1) / dimension
    let floats = Tensor<Float>(rows)
    let numbers = floats.span
    let first = taken
    taken += min(Self.share, count * blocksOfRow)
    let new = first..<taken
    var span = blocks.mutableSpan
    for slot in new {
      let chosen = Int(random.next() % UInt64(count * blocksOfRow))
      let (i, s) = (chosen / blocksOfRow, chosen % blocksOfRow)
      let exponent = exponents.isEmpty ? 0 : -Int(exponents[i])
      for b in 0..<dimension {
        let j = s * dimension + b
        span[slot % Self.capacity * dimension + b] =
          j < size
          ? Float(sign: .plus, exponent: exponent, significand: numbers[i * size + j]) : 0
      }
    }
  }

  /// The samples; where there are none, draws from the standard normal law.
  func points(using random: inout RandomSource) -> SpacePoints {
    let count = taken == 0 ? 1024 : min(taken, Self.capacity)
    return SpacePoints(
      Tensor([count, dimension]) { span in
        for i in span.indices {
          span[i] = taken == 0 ? Float(random.normal()) : blocks.span[i]
        }
      })
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>, named name: String) {
    var numbers = Tensor<Scalar>(blocks)
    visitor.visit(&numbers, named: name)
    blocks = Tensor<Float>(numbers)
  }
}
