public import AddendTables
internal import AddendTensors

/// How a layer's numbers are cut into blocks.
///
/// What a size lacks to a whole number of blocks is padded with zeros.
public struct LayerBlocks: Hashable, Sendable {
  public let inputSize: Int
  public let outputSize: Int
  public let block: TableBlock

  public init(inputSize: Int, outputSize: Int, block: TableBlock) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.block = block
  }

  public var inputBlocks: Int { (inputSize + block.dimension - 1) / block.dimension }
  public var outputBlocks: Int { (outputSize + block.rows - 1) / block.rows }

  /// Zeros that a row of inputs is padded with.
  public var inputPadding: Int { inputBlocks * block.dimension - inputSize }
  /// Zeros that a row of outputs is padded with.
  public var outputPadding: Int { outputBlocks * block.rows - outputSize }
  /// Blocks of the matrix.
  public var matrixBlocks: Int { inputBlocks * outputBlocks }

  /// Rows of `size` numbers in blocks of `width`: `[rows · blocks, width]`.
  static func blocks(_ rows: Tensor<Float>, width: Int) -> Tensor<Float> {
    let (count, size) = (rows.shape[0], rows.shape[1])
    let blocks = (size + width - 1) / width
    let source = rows.span
    return Tensor([count * blocks, width]) { target in
      for i in 0..<count {
        for c in 0..<blocks * width {
          target[i * blocks * width + c] = c < size ? source[i * size + c] : 0
        }
      }
    }
  }

  /// The rows that such blocks came from: `[rows, size]`.
  static func rows(_ blocks: Tensor<Float>, size: Int) -> Tensor<Float> {
    let width = blocks.shape[1]
    let stride = (size + width - 1) / width * width
    let count = stride == 0 ? 0 : blocks.count / stride
    let source = blocks.span
    return Tensor([count, size]) { target in
      for i in 0..<count { for c in 0..<size { target[i * size + c] = source[i * stride + c] } }
    }
  }

  /// The blocks of `weight`, `[inputSize, outputSize]`, as `[inputBlocks · outputBlocks, rows ·
  /// dimension]`: number `a · dimension + b` of block `(s, o)` is `W[s · dimension + b, o · rows + a]`.
  func blocks(ofWeight weight: Tensor<Float>) -> Tensor<Float> {
    let source = weight.span
    return Tensor([matrixBlocks, block.rows * block.dimension]) { target in
      forEachNumber { place, number in target[place] = number.map { source[$0] } ?? 0 }
    }
  }

  /// The weight that such blocks make.
  func weight(_ blocks: Tensor<Float>) -> Tensor<Float> {
    let source = blocks.span
    return Tensor([inputSize, outputSize]) { target in
      forEachNumber { place, number in
        if let number { target[number] = source[place] }
      }
    }
  }

  /// Calls `body` with the place of each number in the blocks and in the matrix, `nil` in the padding.
  private func forEachNumber(_ body: (_ place: Int, _ number: Int?) -> Void) {
    let (r, d) = (block.rows, block.dimension)
    for s in 0..<inputBlocks {
      for o in 0..<outputBlocks {
        for a in 0..<r {
          for b in 0..<d {
            let (i, j) = (s * d + b, o * r + a)
            body(
              ((s * outputBlocks + o) * r + a) * d + b,
              i < inputSize && j < outputSize ? i * outputSize + j : nil)
          }
        }
      }
    }
  }
}
