internal import AddendKernels
internal import AddendTensors

/// Frozen signs as products on bits read them: of rows of signs, or of pixels.
struct PackedSigns: Sendable {
  private enum Form: Sendable {
    case signs(BinaryMatrix, offsets: [Int32])
    case pixels(BinaryPixelMatrix, offsets: [Int32])
  }
  private let form: Form
  private let inputs: Int
  private let columns: Int

  /// `nil` for inputs that are neither signs nor pixels, and for extents that the kernels do not take.
  ///
  /// - Parameter numbers: `[inputs, columns]`, each −1 or 1.
  init?(_ numbers: Tensor<Float>, for coding: InputCoding) {
    (inputs, columns) = (numbers.shape[0], numbers.shape[1])
    guard inputs > 0, columns > 0, BinaryRows.wordCount(inputs) < BinaryMatrix.mostWords else {
      return nil
    }
    let transposed = numbers.reshaped([inputs, columns, 1]).exchangingOuterAxes()
    var words = [UInt64](repeating: 0, count: columns * BinaryRows.wordCount(inputs))
    var span = words.mutableSpan
    BinaryRows.signs(of: transposed.span, columns: inputs, into: &span)
    switch coding {
    case .signs, .given:
      let matrix = BinaryMatrix(
        words.span, columns: columns, wordCount: BinaryRows.wordCount(inputs))
      form = .signs(matrix, offsets: Array(repeating: Int32(inputs), count: columns))
    case .pixels:
      let matrix = BinaryPixelMatrix(words.span, columns: columns, inputs: inputs)
      form = .pixels(matrix, offsets: matrix.columnBases.map { -$0 })
    case .real, .codes: return nil
    }
  }

  /// `Σ_i x̂[r, i] sign(w[i, o])` of rows `[rows, inputs]`, one or more, `x̂` being signs or pixels.
  func sums(of x: Tensor<Float>) -> Tensor<Float> {
    let rows = x.shape[0]
    let sums = AlignedBuffer<Int32>(uninitializedCount: rows * columns)
    var results = sums.uniqueSpan
    switch form {
    case .signs(let matrix, let offsets):
      var words = [UInt64](repeating: 0, count: rows * matrix.wordCount)
      var bits = words.mutableSpan
      BinaryRows.signs(of: x.span, columns: inputs, into: &bits)
      BinaryRows.chain(&bits, wordCount: matrix.wordCount)
      matrix.sums(of: words.span, offsets: offsets.span, into: &results)
    case .pixels(let matrix, let offsets):
      let pixels = x.quantized(by: .grid(factor: 255, range: 0...255))
      let numbers = pixels.span
      // NaN has no pixel; it counts as 0.
      let bytes = (0..<pixels.count).map { UInt8(exactly: numbers[$0]) ?? 0 }
      var scratch = [UInt64](repeating: 0, count: matrix.scratchCount(rows: rows))
      var memory = scratch.mutableSpan
      matrix.sums(of: bytes.span, offsets: offsets.span, scratch: &memory, into: &results)
    }
    let found = sums.span
    return Tensor([rows, columns]) { for i in $0.indices { $0[i] = Float(found[i]) } }
  }
}
