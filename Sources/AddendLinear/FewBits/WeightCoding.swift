internal import AddendKernels
internal import AddendTensors

/// How the latent weights become what is multiplied.
enum WeightCoding: Hashable, Sendable {
  /// Their signs, times `unit`.
  case signs(unit: Double)
  /// Codes in a grid whose range follows the weights' root mean square.
  case codes(CodeGrid)

  func codes<Scalar: TensorScalar>(
    of latent: Tensor<Scalar>, packs: Bool
  ) -> WeightCodes<Scalar> {
    switch self {
    case .signs(let unit):
      return WeightCodes(latent.quantized(by: .sign), unit: unit, packs: packs)
    case .codes(let grid):
      let meanSquare = Scalar.sumOfSquares(latent.span) / Double(max(1, latent.count))
      let range = grid.range(rootMeanSquare: meanSquare.squareRoot())
      let (rule, unit) = grid.rule(range: range, for: Scalar.self)
      return WeightCodes(latent.quantized(by: rule), unit: unit, packs: packs)
    }
  }

  var grid: CodeGrid {
    switch self {
    case .signs: CodeGrid(bits: 1, scheme: .linear, isSigned: true)
    case .codes(let grid): grid
    }
  }

  /// What the gradient at the product's weight is multiplied by on its way to the latent one: signs stand
  /// for themselves, codes for the weight.
  func gradientFactor(unit: Double) -> Double {
    switch self {
    case .signs: unit
    case .codes: 1
    }
  }
}

/// A weight's codes as products read them, made once for all products until the weight changes.
struct WeightCodes<Scalar: TensorScalar>: Sendable {
  /// `[inputSize, outputSize]`.
  let numbers: Tensor<Scalar>
  /// What a code of 1 stands for.
  let unit: Double
  private var packed: NarrowMatrix<Scalar>?
  private var transposed: NarrowMatrix<Scalar>?
  private var rowCount = 0

  /// - Parameter packs: whether many rows are to be multiplied, and not images.
  init(_ numbers: Tensor<Scalar>, unit: Double, packs: Bool) {
    self.numbers = numbers
    self.unit = unit
    packed = packs ? NarrowMatrix(numbers) : nil
  }

  /// `a W`, in units; the same bits whether packed or not.
  func multiplied(by a: InputCodes<Scalar>) -> Tensor<Scalar> {
    guard a.isNarrow, let packed else { return matmul(a.numbers, numbers) }
    return packed.multiplied(by: a.numbers)
  }

  /// Packs once there have been so many rows as repay it: packing reads and writes the matrix some four
  /// times.
  mutating func expect(_ a: InputCodes<Scalar>) {
    rowCount += a.numbers.shape[0]
    if packed == nil, a.isNarrow, rowCount >= Self.rowsWorthPacking {
      packed = NarrowMatrix(numbers)
    }
  }

  private static var rowsWorthPacking: Int { 256 }

  /// `patches(a) W`, in units. Products are summed as they stand: integers stay integers.
  func convolved(_ a: InputCodes<Scalar>, _ geometry: ConvolutionGeometry) -> Tensor<Scalar> {
    let (x, filter) = (a.numbers.span, numbers.span)
    return PlainConvolution.$isExact.withValue(true) {
      Tensor(geometry.outputShape(channels: numbers.shape[1])) {
        Scalar.convolve(x, filter, geometry, into: &$0)
      }
    }
  }

  /// `dy Wᵀ`, in units.
  mutating func inputGradient(_ dy: GradientCodes<Scalar>) -> Tensor<Scalar> {
    guard dy.isNarrow else { return matmul(dy.numbers, numbers, transposingB: true) }
    let matrix = transposed ?? NarrowMatrix(numbers, transposed: true)
    transposed = matrix
    return matrix.multiplied(by: dy.numbers)
  }

  func inputGradient(
    _ dy: GradientCodes<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    let (gradient, filter) = (dy.numbers.span, numbers.span)
    return Tensor([geometry.batch, geometry.height, geometry.width, geometry.channels]) {
      Scalar.convolutionInputGradient(gradient, filter, geometry, into: &$0)
    }
  }
}
