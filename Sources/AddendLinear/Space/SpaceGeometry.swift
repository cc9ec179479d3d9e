internal import AddendKernels
internal import AddendTensors

/// How a matrix is cut into blocks: rows of inputs into blocks of `dimension` numbers, the matrix
/// into blocks that take one such block to `rows` outputs.
///
/// What a size lacks to a whole number of blocks is padded with zeros; padded outputs are never
/// computed.
struct SpaceGeometry: Hashable, Sendable {
  let inputSize: Int
  let outputSize: Int
  /// Inputs in a block.
  let dimension: Int
  /// Outputs in a block.
  let rows: Int

  var inputBlocks: Int { Self.blocks(inputSize, dimension) }
  var outputBlocks: Int { Self.blocks(outputSize, rows) }
  /// Numbers in a block of the matrix.
  var matrixSize: Int { rows * dimension }
  var inputStride: Int { SpaceScanShape.codeStride(inputBlocks) }
  var outputStride: Int { SpaceScanShape.codeStride(outputBlocks) }

  private static func blocks(_ size: Int, _ block: Int) -> Int { (size + block - 1) / block }

  /// The blocks whose number at `offset` exists.
  private static func blocks(_ size: Int, _ block: Int, at offset: Int) -> Int {
    (size - offset + block - 1) / block
  }

  /// `y[n, o·rows + a] = Σ_s table[x(n, s)][a][w(s, o)]`.
  func forwardScan(examples: Int) -> SpaceScanShape {
    SpaceScanShape(
      rows: examples, terms: inputBlocks, columns: outputBlocks,
      selectorStrides: .init(row: inputStride, element: 1), indexStride: outputStride,
      resultStrides: .init(row: outputSize, element: rows),
      components: (0..<rows).map { a in
        .init(offset: a, rows: examples, columns: Self.blocks(outputSize, rows, at: a))
      })
  }

  /// `dx[n, s·dimension + b] = Σ_o table[g(n, o)][b][w(o, s)]`.
  func inputGradientScan(examples: Int) -> SpaceScanShape {
    SpaceScanShape(
      rows: examples, terms: outputBlocks, columns: inputBlocks,
      selectorStrides: .init(row: outputStride, element: 1), indexStride: inputStride,
      resultStrides: .init(row: inputSize, element: dimension),
      components: (0..<dimension).map { b in
        .init(offset: b, rows: examples, columns: Self.blocks(inputSize, dimension, at: b))
      })
  }

  /// `dW[s·dimension + b, o·rows + a] = Σ_n table[x(n, s)][a·dimension + b][g(n, o)]`.
  func weightGradientScan(examples: Int) -> SpaceScanShape {
    SpaceScanShape(
      rows: inputBlocks, terms: examples, columns: outputBlocks,
      selectorStrides: .init(row: 1, element: inputStride), indexStride: outputStride,
      resultStrides: .init(row: dimension * outputSize, element: rows),
      components: (0..<matrixSize).map { c in
        let (a, b) = (c / dimension, c % dimension)
        return .init(
          offset: b * outputSize + a, rows: Self.blocks(inputSize, dimension, at: b),
          columns: Self.blocks(outputSize, rows, at: a))
      })
  }

  /// Calls `body` with the place of each number of a block in the block and in the matrix
  /// `[inputSize, outputSize]`, `nil` in the padding.
  func forEachNumber(
    ofBlock input: Int, _ output: Int, _ body: (_ number: Int, _ place: Int?) -> Void
  ) {
    for a in 0..<rows {
      for b in 0..<dimension {
        let (i, o) = (input * dimension + b, output * rows + a)
        body(a * dimension + b, i < inputSize && o < outputSize ? i * outputSize + o : nil)
      }
    }
  }

  /// The blocks of `weight`, `[outputBlocks, inputBlocks · matrixSize]`: rows of inputs for an
  /// encoder of blocks of `matrixSize` numbers.
  func blocks<Scalar: TensorScalar>(of weight: Tensor<Scalar>) -> Tensor<Scalar> {
    // Each step does this: in float32 without the generic form's calls for every element.
    if Scalar.self == Float.self { return Tensor(floatBlocks(of: Tensor<Float>(weight))) }
    let (numbers, width) = (weight.span, inputBlocks * matrixSize)
    return Tensor([outputBlocks, width]) { span in
      Scalar.fill(&span, with: .zero)
      forEachRun { source, target in
        for o in 0..<outputSize { span[place(of: o, target, width)] = numbers[source + o] }
      }
    }
  }

  private func floatBlocks(of weight: Tensor<Float>) -> Tensor<Float> {
    let (numbers, width) = (weight.span, inputBlocks * matrixSize)
    return Tensor([outputBlocks, width]) { span in
      span.update(repeating: 0)
      forEachRun { source, target in
        for o in 0..<outputSize { span[place(of: o, target, width)] = numbers[source + o] }
      }
    }
  }

  /// Calls `body` for each input with where its weights start in the matrix, and where the first of
  /// them stands among the blocks.
  private func forEachRun(_ body: (_ source: Int, _ target: Int) -> Void) {
    for i in 0..<inputSize {
      body(i * outputSize, i / dimension * matrixSize + i % dimension)
    }
  }

  private func place(of output: Int, _ target: Int, _ width: Int) -> Int {
    rows == 1
      ? output * width + target : output / rows * width + output % rows * dimension + target
  }
}
