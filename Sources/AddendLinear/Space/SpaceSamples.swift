internal import AddendKernels
internal import AddendTensors

/// Blocks seen of late, from which a codebook will be made: the newest overwrite the oldest.
struct SpaceSamples<Scalar: TensorScalar>: Sendable {
  /// `[capacity, dimension]`, filled up to `count`, then around again.
  private var blocks: Tensor<Scalar>
  /// Blocks taken in so far.
  var taken = 0

  private static var capacity: Int { 16_384 }
  /// Blocks taken of each batch: a codebook then sees the last 16 batches, or time steps.
  private static var share: Int { 1024 }

  init(dimension: Int) { blocks = Tensor([Self.capacity, dimension]) }

  private var dimension: Int { blocks.shape[1] }

  /// Takes in blocks of `rows`, drawn at random, each number times its row's scale.
  mutating func take(
    _ rows: Tensor<Scalar>, scales: Tensor<Float>? = nil, using random: inout RandomSource
  ) {
    let (count, size) = (rows.shape[0], rows.shape[1])
    guard count > 0 && size > 0 else { return }
    let dimension = dimension
    let blocksOfRow = (size + dimension - 1) / dimension
    let numbers = rows.span
    let first = taken
    taken += min(Self.share, count * blocksOfRow)
    let new = first..<taken
    var span = blocks.mutableSpan
    for slot in new {
      let chosen = Int(random.next() % UInt64(count * blocksOfRow))
      let (i, s) = (chosen / blocksOfRow, chosen % blocksOfRow)
      let scale = scales.map { Double($0.span[i]) } ?? 1
      for b in 0..<dimension {
        let j = s * dimension + b
        let number = j < size ? numbers[i * size + j].double * scale : 0
        span[slot % Self.capacity * dimension + b] = Scalar(number)
      }
    }
  }

  /// The samples as points `[dimension, count]`; where there are none, draws from the standard
  /// normal law.
  func points(using random: inout RandomSource) -> Tensor<Float> {
    let count = taken == 0 ? 1024 : min(taken, Self.capacity)
    return Tensor([dimension, count]) { span in
      for b in 0..<dimension {
        for i in 0..<count {
          span[b * count + i] =
            taken == 0
            ? Float(random.normal()) : Float(blocks.span[i * dimension + b].double)
        }
      }
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>, named name: String) {
    visitor.visit(&blocks, named: name)
  }
}
