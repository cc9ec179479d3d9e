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
/// Training. For 16 steps, or `warmup` epochs, the product is exact, and blocks that pass are sampled.
/// Then words are made from them, by k-means as a standard, and from there on no matrix product
/// remains. The weight is a latent float matrix that is coded anew before each step; the matrices'
/// words follow it as the means of the blocks coded as them, and a word that has lost its blocks starts
/// again. The other words are refitted to the blocks of the last steps in the same way, in the first
/// half of training. Gradients go through the coding as if it were the identity (straight through), and
/// a commitment term `β ‖x − v‖²`, averaged over the rows, keeps inputs near their words; its factor
/// `2β / rows` is rounded to a power of two. `freeze` drops all but codes and words.
///
/// (Tried and lost on validation images of Fashion-MNIST, blocks of 4: words trained by their gradients,
/// no better than refitted ones; a codebook for each block's position, 64 words there do worse than 256
/// for all; drawing latent weights to their words; k-means weighted by the inputs' energy; square tiles
/// of the image, no better than runs.)
///
/// Encoding is free of multiplications (`SpaceEncoder`), that of the weight too, and so are the sums:
/// powers of two are added to exponents. Only filling tables, when words move, multiplies words.
///
/// Memorising: a codebook with about as many words as the matrix has blocks holds the matrix itself.
/// `bitsPerWeight` counts words too, and tells.
///
/// Padding is coded as zeros are: where the words for it are not quite zero, the product of two small
/// errors comes to the sum.
///
/// NaN is below every threshold, so it does not show in the result.
///
/// Cost per row, frozen: `blocks · d · bits` comparisons (a tree's depth for each block),
/// `blocks + blocks · outputSize` look-ups and `(blocks − 1) · outputSize` additions, `blocks =
/// ⌈inputSize / d⌉`, the padding of the last one included.
///
/// There is no paper: the nearest relatives are Covell et al., "Table-based neural units" (2019), for
/// tables of products, and van den Oord et al., "Neural discrete representation learning" (2017), for
/// codebooks that are trained through.
///
/// One codebook for all layers is out of this map's reach: a map sees its own layer only.
public struct SpaceMap<Scalar: TensorScalar>: LinearMap {
  public let configuration: SpaceConfiguration
  let geometry: SpaceGeometry
  /// Of the warm-up's products.
  let precision: Precision

  /// The weight that gradients train; `nil` once frozen.
  var latent: ExactMap<Scalar>?
  /// What words are made from and measured on; `nil` once frozen.
  var samples: Samples?
  /// `nil` until codebooks are made.
  var product: SpaceProduct<Scalar>?
  /// `nil` until words are made, and once frozen.
  var adjoint: SpaceAdjoint<Scalar>?
  /// What the weight is coded with; `nil` until words are made, and once frozen.
  var coder: SpaceCodebook<Scalar>?
  /// Of inputs, the weight and output gradients, as `codingError` tells; known once frozen.
  var codingErrors: Tensor<Scalar> = Tensor([3])
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
    let encoder = product.form.vectors.encoder
    return OperationCount(
      additions: max(0, entries - outputSize), lookups: blocks + entries,
      comparisons: blocks * encoder.comparisons,
      bitOperations: encoder.kind == .cells ? blocks * d : 0,
      // The input and the matrix's codes; cells and table entries are look-ups.
      bytesRead: inputSize * MemoryLayout<Scalar>.size + blocks * geometry.outputBlocks,
      bytesWritten: outputSize * MemoryLayout<Scalar>.size)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "space map")
    guard let product else { return try (latent ?? exactTwin).forward(x) }
    return product.forward(product.encode(x), examples: x.shape[0])
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "space map")
    guard var latent else {
      throw .notTrainable(operation: "space map", reason: "it is frozen, its weight is codes only")
    }
    samples?.inputs.take(x, using: &random)
    if let product {
      let codes = product.encode(x)
      let y = product.forward(codes, examples: x.shape[0])
      return (y, .coded(input: x, codes: Codes(buffer: codes)))
    }
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
      guard let product, let adjoint else { Self.refuseBackward() }
      let coded = encodeGradients(dy, adjoint)
      latent?.weight.addGradient(adjoint.weightGradient(codes.buffer, coded))
      var dx = adjoint.inputGradient(coded)
      if let exponent = commitmentExponent(rows: input.shape[0]) {
        product.addCommitment(input, codes: codes.buffer, exponent: exponent, to: &dx)
      }
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
      guard let adjoint else { Self.refuseBackward() }
      let coded = encodeGradients(dy, adjoint)
      latent?.weight.addGradient(adjoint.weightGradient(codes.buffer, coded))
    }
  }

  private mutating func sampleGradients(_ dy: Tensor<Scalar>) {
    samples?.gradients.take(dy, exponents: dy.rowExponents, using: &random)
  }

  private mutating func encodeGradients(
    _ dy: Tensor<Scalar>, _ adjoint: SpaceAdjoint<Scalar>
  ) -> SpaceAdjoint<Scalar>.Coded {
    let coded = adjoint.encode(dy)
    samples?.gradients.take(dy, exponents: coded.exponents, using: &random)
    return coded
  }

  /// Of the power of two nearest to the commitment's factor, `2β / rows`, in the exponent.
  private func commitmentExponent(rows: Int) -> Int? {
    guard rows > 0, case let factor = 2 * configuration.commitment / Double(rows), factor > 0
    else { return nil }
    return Int((Math.log(factor) / Math.log(2)).rounded())
  }

  private static func refuseBackward() -> Never {
    preconditionFailure("backward goes back through a trainingForward of an unfrozen map")
  }
}
