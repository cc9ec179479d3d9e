public import AddendKernels
public import AddendTensors

/// A convolution through look-ups that encodes each pixel once: `lookup` where the rows are patches
/// that share their pixels.
///
/// Blocks are groups of channels at one pixel, and a group's encoder and prototypes are the same
/// under every tap of the filter; the tables are each tap's own. With `c(g, p)` the code of group `g`
/// at pixel `p`,
/// `y[p, :] = Σ_t Σ_g T[t, g, c(g, p + t), :]` over the taps `t`, and in training
/// `T[t, g, k, :] = P[g, k] W[t, g] + R[t, g, k, :]`. This is `LookupMap` on patches whose blocks at
/// the same channels share encoder and prototypes; `forward` on rows takes each for such a patch.
/// The padding's pixels are zeros, and are encoded like any other: their code's entries are what
/// they contribute.
///
/// Shapes: `W` `[taps · channels, outputSize]`, `P` `[groups, codewords, block]`, `R` and `T` `[taps ·
/// groups, codewords, outputSize]`. A last group that is not full is padded, and counts as a whole
/// one.
///
/// Learning, freezing and the surrogate of the gradients are those of `LookupMap`, with sums over the
/// taps where they share: `dP[g, k] = Σ_t S[t, g, k, :] W[t, g]ᵀ`. Towards the image,
/// `dx = patchesᵀ(dy Wᵀ) + (β / pixels) (x − P[c])`.
///
/// Cost, frozen, with `g` groups of `2^l` codewords, `t` taps and `m` outputs: for each pixel `g l`
/// comparisons (and a hash's sums); for each position `t g m` look-ups, as many additions and `m`
/// multiplications. A convolution's patches would cost `t` times the comparisons.
public struct LookupConvolution<Scalar: TensorScalar>: LinearMap {
  public let inputSize: Int
  public let outputSize: Int
  let settings: LookupConfiguration
  let filter: LookupFilter
  // One of the two is there.
  var training: LookupConvolutionTraining<Scalar>?
  var frozen: FrozenLookupConvolution<Scalar>?

  /// What `backward` needs: the image, and its codes once products are no longer exact.
  public struct Residuals: Sendable {
    let image: Tensor<Scalar>
    let geometry: ConvolutionGeometry
    let codes: CodeImage?
  }
  public typealias ImageResiduals = Residuals

  /// A map that starts from `weight: [inputSize, outputSize]`; `role` is that of a patch.
  public init(_ settings: LookupConfiguration, _ role: MapRole, weight: Tensor<Scalar>) {
    precondition(weight.shape == [role.inputSize, role.outputSize], "a weight fits its role")
    guard let grid = role.inputGrid, grid.rank == 3, grid.count == role.inputSize else {
      preconditionFailure("a patch has height, width and channels")
    }
    inputSize = role.inputSize
    outputSize = role.outputSize
    self.settings = settings
    filter = LookupFilter(height: grid[0], width: grid[1], channels: grid[2], block: settings.block)
    training = LookupConvolutionTraining(settings, filter, weight: weight)
  }

  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try check(image, geometry)
    if let frozen { return frozen.forward(image, geometry) }
    return part.forward(image, geometry)
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try check(image, geometry)
    guard let result = training?.trainingForward(image, geometry) else {
      throw .notTrainable(operation: "lookup map", reason: "it is frozen to int8 tables")
    }
    return result
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    let dx = part.inputGradient(dy, residuals)
    training?.addGradients(dy, residuals)
    return dx
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) {
    training?.addGradients(dy, residuals)
  }

  public mutating func prepare(for progress: TrainingProgress) {
    training?.prepare(for: progress)
  }

  /// Learns the encoder from `pixels: [count, channels]` now: what a conversion after training does.
  /// - Throws: `TensorError.shapeMismatch`; `TensorError.notTrainable` once frozen.
  public mutating func learnEncoder(from pixels: Tensor<Scalar>) throws(TensorError) {
    guard pixels.shape.rank == 2, pixels.shape[1] == filter.channels else {
      throw .shapeMismatch(
        operation: "lookup map", argument: "pixels", expected: "count×\(filter.channels)",
        found: pixels.shape)
    }
    guard training != nil else {
      throw .notTrainable(operation: "lookup map", reason: "it is frozen to int8 tables")
    }
    training?.learn(from: pixels)
  }

  /// Turns the tables into int8. A map that has seen no pixels learns its encoder from normal ones.
  public mutating func freeze() {
    guard var last = training.take() else { return }
    last.learnIfNeeded()
    frozen = FrozenLookupConvolution(last.encoder, filter, tables: last.builtTables())
  }

  /// The latent matrix `W`; once frozen, the matrix that explains the tables best
  /// (`FrozenLookupConvolution.effectiveWeight`).
  public var exactTwin: ExactMap<Scalar> {
    if let frozen { return ExactMap(weight: frozen.effectiveWeight) }
    return ExactMap(weight: part.weight)
  }

  /// Of one patch by itself, in the frozen form, frozen or not.
  public var cost: OperationCount { imageCost(filter.patches(count: 1)) }

  public func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    let encoder = frozen?.encoder ?? part.encoder
    let number = MemoryLayout<Scalar>.size
    let sums = filter.taps * encoder.layout.count * outputSize
    let pixels = geometry.batch * geometry.height * geometry.width
    let trees = encoder.layout.count * (encoder.levels + encoder.entries * number)
    let encoding =
      encoder.cost
      + OperationCount(
        bytesRead: filter.channels * number + trees, bytesWritten: encoder.layout.count)
    let summing = OperationCount(
      multiplications: outputSize, additions: sums, lookups: sums,
      bytesRead: filter.taps * encoder.layout.count + 2 * outputSize * number,
      bytesWritten: outputSize * number)
    return pixels * encoding + geometry.patchCount * summing
  }

  /// The training form of a map that is not frozen.
  private var part: LookupConvolutionTraining<Scalar> {
    guard let training else { preconditionFailure("a map that is not frozen is in training") }
    return training
  }

  private func check(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) {
    guard image.count == geometry.imageCount, geometry.channels == filter.channels,
      geometry.filterHeight == filter.height, geometry.filterWidth == filter.width
    else {
      throw .shapeMismatch(
        operation: "lookup map", argument: "image",
        expected: "\(geometry.batch)×\(geometry.height)×\(geometry.width)×\(filter.channels) "
          + "under a filter of \(filter.height)×\(filter.width)", found: image.shape)
    }
  }

  /// Visits first whether the map is frozen: a fresh map takes on the form that it is told.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    if visitor.visit(frozen == nil ? .training : .frozen, of: "lookup map") == .frozen {
      if frozen == nil {
        frozen = FrozenLookupConvolution(
          settings.makeEncoder(filter.layout), filter, outputs: outputSize)
        training = nil
      }
    } else if training == nil {
      training = LookupConvolutionTraining(
        settings, filter, weight: Tensor([inputSize, outputSize]))
      frozen = nil
    }
    training?.visit(&visitor)
    frozen?.visit(&visitor)
  }
}

// A row by itself is an image of the filter's size.
extension LookupConvolution {
  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "lookup map")
    let y = try imageForward(x, filter.patches(count: x.shape[0]))
    return y.reshaped([x.shape[0], outputSize])
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "lookup map")
    let (y, residuals) = try imageTrainingForward(x, filter.patches(count: x.shape[0]))
    return (y.reshaped([x.shape[0], outputSize]), residuals)
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (rows, geometry) = (dy.shape[0], residuals.geometry)
    return imageBackward(dy, residuals, geometry).reshaped([rows, inputSize])
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    training?.addGradients(dy, residuals)
  }
}

/// The extents of a filter whose pixels are encoded apart.
struct LookupFilter: Hashable, Sendable {
  let height: Int
  let width: Int
  /// How a pixel's channels are cut into groups.
  let layout: BlockLayout

  init(height: Int, width: Int, channels: Int, block: Int) {
    self.height = height
    self.width = width
    layout = BlockLayout(
      MapRole(inputSize: channels, outputSize: 1), blockSize: block, form: .flat)
  }

  var channels: Int { layout.inputSize }
  var taps: Int { height * width }
  /// Groups under all taps.
  var blocks: Int { taps * layout.count }

  /// `[blocks, blockSize]`: the row of the weight that each position of a block multiplies, −1 in
  /// the padding.
  var positions: [Int32] {
    (0..<taps).flatMap { tap in
      layout.positions.map { $0 < 0 ? -1 : Int32(tap * channels) + $0 }
    }
  }

  /// Patches by themselves, as images of which each fills the filter.
  func patches(count: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: count, height: height, width: width, channels: channels, filterHeight: height,
      filterWidth: width)
  }
}
