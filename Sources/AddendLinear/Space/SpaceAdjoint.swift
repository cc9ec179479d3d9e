internal import AddendKernels
internal import AddendTensors

/// What the two backward passes of a space-quantized product look things up in.
struct SpaceAdjoint<Scalar: TensorScalar>: Sendable {
  private let geometry: SpaceGeometry
  /// Of output gradients, each example's divided by its power of two; zero is among the words.
  private(set) var gradients: SpaceCodebook<Scalar>

  private var inputTable: SpaceTable
  private var weightTable: SpaceTable
  /// The matrix's codes transposed, `[outputBlocks, inputStride]`.
  private(set) var transposed: AlignedBuffer<UInt8>

  init(_ product: SpaceProduct<Scalar>, gradients: SpaceCodebook<Scalar>) {
    geometry = product.geometry
    self.gradients = gradients
    inputTable = Self.inputTable(product, gradients)
    weightTable = Self.weightTable(product, gradients)
    transposed = AlignedBuffer(uninitializedCount: geometry.outputBlocks * geometry.inputStride)
    var span = transposed.uniqueSpan
    span.update(repeating: 0)
    let packed = product.packed.span
    for s in 0..<geometry.inputBlocks {
      for o in 0..<geometry.outputBlocks {
        span[o * geometry.inputStride + s] = packed[s * geometry.outputStride + o]
      }
    }
  }

  private static func inputTable(
    _ product: SpaceProduct<Scalar>, _ gradients: SpaceCodebook<Scalar>
  ) -> SpaceTable {
    SpaceTables.transposed(
      gradients: gradients.words, matrices: product.form.matrices, product.geometry,
      products: product.products)
  }

  private static func weightTable(
    _ product: SpaceProduct<Scalar>, _ gradients: SpaceCodebook<Scalar>
  ) -> SpaceTable {
    SpaceTables.outer(
      vectors: product.form.vectors.words, gradients: gradients.words, product.geometry,
      products: product.products)
  }

  mutating func replaceCodes(_ transposed: AlignedBuffer<UInt8>) { self.transposed = transposed }

  /// Takes up the product's words of the matrix.
  mutating func followMatrices(of product: SpaceProduct<Scalar>) {
    inputTable = Self.inputTable(product, gradients)
  }

  /// Takes up other words of gradients, and the product's words of inputs.
  mutating func replaceWords(
    gradients: SpaceCodebook<Scalar>, of product: SpaceProduct<Scalar>
  ) {
    self.gradients = gradients
    inputTable = Self.inputTable(product, gradients)
    weightTable = Self.weightTable(product, gradients)
  }

  /// Output gradients as codes, with the exponent of a power of two for each example.
  struct Coded: Sendable {
    let codes: AlignedBuffer<UInt8>
    let exponents: [Int32]
    var examples: Int { exponents.count }
  }

  func encode(_ dy: Tensor<Scalar>) -> Coded {
    let exponents = dy.rowExponents
    return Coded(
      codes: gradients.encoder.encode(dy, exponents: exponents), exponents: exponents)
  }

  func inputGradient(_ dy: Coded) -> Tensor<Scalar> {
    geometry.inputGradientScan(examples: dy.examples).sums(
      inputTable, selectors: dy.codes, indices: transposed, rowExponents: dy.exponents,
      shaped: [dy.examples, geometry.inputSize])
  }

  /// - Parameter input: the codes of the input that `dy` belongs to.
  func weightGradient(_ input: AlignedBuffer<UInt8>, _ dy: Coded) -> Tensor<Scalar> {
    geometry.weightGradientScan(examples: dy.examples).sums(
      weightTable, selectors: input, indices: dy.codes, termExponents: dy.exponents,
      shaped: [geometry.inputSize, geometry.outputSize])
  }
}
