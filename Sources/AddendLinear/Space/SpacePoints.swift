internal import AddendKernels
internal import AddendTensors

/// Blocks to learn words from.
struct SpacePoints: Sendable {
  /// `[count, dimension]`; what was not finite is zero.
  let blocks: Tensor<Float>

  var count: Int { blocks.shape[0] }
  var dimension: Int { blocks.shape[1] }

  /// Numbers block by block.
  init(_ numbers: [Float], dimension: Int) {
    blocks = Tensor([numbers.count / dimension, dimension], numbers)
  }

  init(_ blocks: Tensor<Float>) {
    var finite = blocks
    var span = finite.mutableSpan
    for i in span.indices where !span[i].isFinite { span[i] = 0 }
    self.blocks = finite
  }

  /// At least `count` blocks: some more than once where there are fewer.
  func filled(to count: Int) -> SpacePoints {
    guard self.count < count else { return self }
    let (source, size) = (blocks.span, blocks.count)
    return SpacePoints(
      Tensor([count, dimension]) { span in
        for i in span.indices { span[i] = source[i % size] }
      })
  }

  /// At most `count` of them, drawn at random where there are more.
  func thinned(to count: Int, using random: inout RandomSource) -> SpacePoints {
    guard self.count > count else { return self }
    let (source, all, dimension) = (blocks.span, self.count, dimension)
    return SpacePoints(
      Tensor([count, dimension]) { span in
        for i in 0..<count {
          let chosen = Int(random.next() % UInt64(all))
          for c in 0..<dimension { span[i * dimension + c] = source[chosen * dimension + c] }
        }
      })
  }

  /// All numbers as points of one dimension.
  var coordinates: SpacePoints { SpacePoints(blocks.reshaped([blocks.count, 1])) }

  /// The same numbers as `[dimension, count]`.
  var columns: Tensor<Float> {
    let (source, count, dimension) = (blocks.span, count, dimension)
    return Tensor<Float>([dimension, count]) { span in
      for i in 0..<count {
        for c in 0..<dimension { span[c * count + i] = source[i * dimension + c] }
      }
    }
  }

  /// The word nearest to each point, by an exhaustive search.
  func nearest(in words: Tensor<Float>) -> AlignedBuffer<UInt8> {
    let columns = columns
    let codes = AlignedBuffer<UInt8>(uninitializedCount: count)
    var span = codes.uniqueSpan
    SpaceKernels.best.nearest(
      points: columns.span, dimension: dimension, words: words.span, into: &span)
    return codes
  }
}
