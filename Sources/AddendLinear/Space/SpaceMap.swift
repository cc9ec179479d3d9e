internal import AddendKernels
public import AddendTensors

/// `y = x W` by space quantization: blocks of numbers become codes, and products are read from
/// tables, in all three passes of training and in inference.
///
/// Inputs are cut into blocks of `d` numbers, each coded as the nearest of N_V vectors `v`; the
/// matrix is cut into blocks that take `d` inputs to `r` outputs, each coded as the nearest of N_M
/// small matrices `m`; output gradients are cut into blocks of `r` and coded with words `g` of their
/// own, after each example's is divided by a power of two. With `c`, `w` and `γ` the codes of
/// inputs, matrix and gradients:
///
///     y[n, o]  = Σ_s T[c(n, s), w(s, o)]              T[v, m] = m v
///     dx[n, s] = 2^e(n) Σ_o U[γ(n, o), w(s, o)]       U[g, m] = mᵀ g
///     dW[s, o] = Σ_n 2^e(n) O[c(n, s), γ(n, o)]       O[v, g] = g vᵀ
///
/// A table holds 16-bit integers, in units of a power of two; sums are sums of these.
///
/// Training. For `warmup` epochs the product is exact, and blocks that pass are sampled. Then
/// codebooks are made by k-means and stay as they are: from there on no matrix product remains. The
/// weight is a latent float matrix whose codes are found anew every few steps; gradients go through
/// the coding as if it were the identity (straight through), and a commitment term `β ‖x − v‖²`,
/// averaged over the rows, keeps inputs near their words. `freeze` drops all but codes and codebooks.
///
/// Encoding is free of multiplications: `bits` comparisons find a coordinate's level, the levels of a
/// block name a cell, and a table holds the word that is nearest to the cell. Coding the weight is an
/// exhaustive search, made every few steps and not in a pass.
///
/// Memorising: a codebook with about as many words as the matrix has blocks holds the matrix itself.
/// `bitsPerWeight` counts codebooks too, and tells.
///
/// Padding is coded as zeros are: where the words for it are not quite zero, the product of two small
/// errors comes to the sum.
///
/// NaN is coded as the least level, so it does not show in the result.
///
/// Cost per row, frozen: `blocks · d · bits` comparisons, `blocks + blocks · outputSize` look-ups and
/// `(blocks − 1) · outputSize` additions, `blocks = ⌈inputSize / d⌉`, the padding of the last one
/// included.
///
/// There is no paper: the nearest relatives are Covell et al., "Table-based neural units" (2019), for
/// tables of products, and van den Oord et al., "Neural discrete representation learning" (2017), for
/// codebooks that are trained through.
public struct SpaceMap<Scalar: TensorScalar>: LinearMap {
  public let configuration: SpaceConfiguration
  let geometry: SpaceGeometry
  /// Of the warm-up's products.
  let precision: Precision

  /// The weight that gradients train; `nil` once frozen.
  var latent: ExactMap<Scalar>?
  /// What codebooks will be made from; `nil` once they are.
  var samples: Samples?
  /// `nil` until codebooks are made.
  var product: SpaceProduct<Scalar>?
  /// `nil` until codebooks are made, and once frozen.
  var adjoint: SpaceAdjoint<Scalar>?
  /// Training steps seen.
  var steps = 0
  var random: RandomSource

  /// Blocks of inputs and of output gradients.
  struct Samples: Sendable {
    var inputs: SpaceSamples<Scalar>
    var gradients: SpaceSamples<Scalar>
  }

  /// What `backward` needs.
  public enum Residuals: Sendable {
    /// Of an exact product.
    case exact(ExactMap<Scalar>.Residuals)
    /// The input and its codes.
    case coded(input: Tensor<Scalar>, codes: Codes)
  }

  /// The codes of an input, padded rows of one byte a block.
  public struct Codes: Sendable { let buffer: AlignedBuffer<UInt8> }

  /// A map that starts from `weight: [inputSize, outputSize]`; `precision` is that of the warm-up's
  /// products.
  public init(
    weight: Tensor<Scalar>, _ configuration: SpaceConfiguration, precision: Precision = .own,
    using random: inout RandomSource
  ) {
    let latent = ExactMap(weight: weight, precision: precision)
    self.configuration = configuration
    self.precision = precision
    self.latent = latent
    geometry = SpaceGeometry(
      inputSize: latent.inputSize, outputSize: latent.outputSize,
      dimension: configuration.dimension, rows: configuration.rows)
    samples = Self.noSamples(geometry)
    self.random = RandomSource(seed: random.next())
  }

  static func noSamples(_ geometry: SpaceGeometry) -> Samples {
    Samples(
      inputs: SpaceSamples(dimension: geometry.dimension),
      gradients: SpaceSamples(dimension: geometry.rows))
  }

  public var inputSize: Int { geometry.inputSize }
  public var outputSize: Int { geometry.outputSize }

  /// The float map of the latent weight; once frozen, of the weight that the codes stand for.
  public var exactTwin: ExactMap<Scalar> {
    latent?.exactTwin ?? ExactMap(weight: quantizedWeight)
  }

  /// Stored bits over the number of weights, codebooks included; those of the float weight until
  /// codebooks are made.
  public var bitsPerWeight: Double {
    let bytes = product?.form.byteCount ?? inputSize * outputSize * MemoryLayout<Scalar>.size
    return Double(8 * bytes) / Double(max(1, inputSize * outputSize))
  }

  /// What `forward` does at present: an exact product until codebooks are made.
  public var cost: OperationCount {
    guard let product else { return latent?.cost ?? .zero }
    let (blocks, d) = (geometry.inputBlocks, geometry.dimension)
    let entries = blocks * outputSize
    return OperationCount(
      additions: max(0, entries - outputSize), lookups: blocks + entries,
      comparisons: blocks * d * product.encoder.bits, bitOperations: blocks * d,
      // The input and the matrix's codes; cells and table entries are look-ups.
      bytesRead: inputSize * MemoryLayout<Scalar>.size + blocks * geometry.outputBlocks,
      bytesWritten: outputSize * MemoryLayout<Scalar>.size)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "space map")
    guard let product else { return try (latent ?? exactTwin).forward(x) }
    return product.forward(product.encoder.encode(x), examples: x.shape[0])
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "space map")
    guard var latent else {
      throw .notTrainable(operation: "space map", reason: "it is frozen, its weight is codes only")
    }
    if let product {
      let codes = product.encoder.encode(x)
      let y = product.forward(codes, examples: x.shape[0])
      return (y, .coded(input: x, codes: Codes(buffer: codes)))
    }
    samples?.inputs.take(x, using: &random)
    let (y, residuals) = try latent.trainingForward(x)
    return (y, .exact(residuals))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    switch residuals {
    case .exact(let residuals):
      sampleGradients(dy)
      guard let dx = latent?.backward(dy, residuals) else { Self.refuseBackward() }
      return dx
    case .coded(let input, let codes):
      guard let product, let coded = adjoint?.encode(dy) else { Self.refuseBackward() }
      addWeightGradient(codes.buffer, coded)
      var dx = adjoint?.inputGradient(coded) ?? dy
      product.addCommitment(
        input, codes: codes.buffer, factor: 2 * configuration.commitment, to: &dx)
      return dx
    }
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    switch residuals {
    case .exact(let residuals):
      sampleGradients(dy)
      latent?.parameterBackward(dy, residuals)
    case .coded(_, let codes):
      guard let coded = adjoint?.encode(dy) else { Self.refuseBackward() }
      addWeightGradient(codes.buffer, coded)
    }
  }

  private mutating func sampleGradients(_ dy: Tensor<Scalar>) {
    samples?.gradients.take(dy, scales: dy.powersOfTwo.inverses, using: &random)
  }

  private mutating func addWeightGradient(
    _ input: AlignedBuffer<UInt8>, _ dy: SpaceAdjoint<Scalar>.Coded
  ) {
    guard let gradient = adjoint?.weightGradient(input, dy) else { Self.refuseBackward() }
    latent?.weight.addGradient(gradient)
  }

  private static func refuseBackward() -> Never {
    preconditionFailure("backward goes back through a trainingForward of an unfrozen map")
  }
}
