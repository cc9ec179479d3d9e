internal import AddendKernels
internal import AddendTensors

/// What the two backward passes of a space-quantized product look things up in.
struct SpaceAdjoint<Scalar: TensorScalar>: Sendable {
  private let geometry: SpaceGeometry
  /// Of output gradients, each example's divided by its power of two; zero is among the words.
  let gradients: SpaceCodebook<Scalar>

  private let encoder: SpaceEncoder<Scalar>
  /// `inputTable[g][b][m] = Σ_a matrix_m[a, b] · gradient_g[a]`.
  private let inputTable: SpaceTable
  /// `weightTable[v][a, b][g] = gradient_g[a] · vector_v[b]`.
  private let weightTable: SpaceTable
  /// The matrix's codes transposed, `[outputBlocks, inputStride]`.
  private var transposed: AlignedBuffer<UInt8>

  init(_ product: SpaceProduct<Scalar>, gradients: SpaceCodebook<Scalar>) {
    geometry = product.geometry
    self.gradients = gradients
    encoder = gradients.encoder
    let (d, r) = (geometry.dimension, geometry.rows)
    let g = gradients.words.elements.map(\.double)
    let v = product.form.vectors.words.elements.map(\.double)
    let m = product.form.matrices.elements.map(\.double)
    inputTable = SpaceTable(
      selectors: gradients.words.shape[0], components: d, words: product.form.matrices.shape[0]
    ) { gradient, b, matrix in
      (0..<r).reduce(0) { sum, a in sum + m[(matrix * r + a) * d + b] * g[gradient * r + a] }
    }
    weightTable = SpaceTable(
      selectors: product.form.vectors.words.shape[0], components: r * d,
      words: gradients.words.shape[0]
    ) { vector, component, gradient in
      g[gradient * r + component / d] * v[vector * d + component % d]
    }
    transposed = Self.transpose(product)
  }

  private static func transpose(_ product: SpaceProduct<Scalar>) -> AlignedBuffer<UInt8> {
    let geometry = product.geometry
    let transposed = AlignedBuffer<UInt8>(
      uninitializedCount: geometry.outputBlocks * geometry.inputStride)
    var span = transposed.uniqueSpan
    span.update(repeating: 0)
    let packed = product.packed.span
    for s in 0..<geometry.inputBlocks {
      for o in 0..<geometry.outputBlocks {
        span[o * geometry.inputStride + s] = packed[s * geometry.outputStride + o]
      }
    }
    return transposed
  }

  mutating func followCodes(of product: SpaceProduct<Scalar>) {
    transposed = Self.transpose(product)
  }

  /// Output gradients as codes, with a power of two for each example.
  struct Coded: Sendable {
    let codes: AlignedBuffer<UInt8>
    let scales: Tensor<Float>
    let examples: Int
  }

  func encode(_ dy: Tensor<Scalar>) -> Coded {
    let (scales, inverseScales) = dy.powersOfTwo
    return Coded(
      codes: encoder.encode(dy, inverseScales: inverseScales), scales: scales,
      examples: dy.shape[0])
  }

  func inputGradient(_ dy: Coded) -> Tensor<Scalar> {
    geometry.inputGradientScan(examples: dy.examples).sums(
      inputTable, selectors: dy.codes, indices: transposed, rowScales: dy.scales,
      shaped: [dy.examples, geometry.inputSize])
  }

  /// - Parameter input: the codes of the input that `dy` belongs to.
  func weightGradient(_ input: AlignedBuffer<UInt8>, _ dy: Coded) -> Tensor<Scalar> {
    geometry.weightGradientScan(examples: dy.examples).sums(
      weightTable, selectors: input, indices: dy.codes, termScales: dy.scales,
      shaped: [geometry.inputSize, geometry.outputSize])
  }
}

extension Tensor {
  /// For each row the power of two `s` with `s/2 ≤ max |x| < s`, and `1/s`, kept within 2^±100.
  var powersOfTwo: (scales: Tensor<Float>, inverses: Tensor<Float>) {
    let rows = shape[0]
    var inverses = Tensor<Float>([rows]) { _ in }
    var inverse = inverses.mutableSpan
    let scales = Tensor<Float>([rows]) { scale in
      if Scalar.self == Float.self {
        SpaceKernels.best.rowScales(
          Tensor<Float>(self).span, scales: &scale, inverseScales: &inverse)
        return
      }
      for i in 0..<rows {
        var largest = 0.0
        for j in 0..<shape[1] { largest = max(largest, span[i * shape[1] + j].double.magnitude) }
        let exponent = largest > 0 && largest.isFinite ? largest.exponent + 1 : -100
        scale[i] = Float(sign: .plus, exponent: min(max(exponent, -100), 100), significand: 1)
        inverse[i] = 1 / scale[i]
      }
    }
    return (scales, inverses)
  }
}
