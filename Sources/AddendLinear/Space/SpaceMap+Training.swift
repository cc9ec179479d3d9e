internal import AddendKernels
internal import AddendTensors

extension SpaceMap {
  /// Makes words once the warm-up is over; from then on codes the weight anew, has the matrices' words
  /// follow it, and refits the other words to what passed of late.
  ///
  /// The warm-up takes at most half of training, and at least 16 steps or half of training: without
  /// any there would be nothing to make words from.
  public mutating func prepare(for progress: TrainingProgress) {
    guard latent != nil else { return }
    steps += 1
    let total = progress.epochs * progress.stepsPerEpoch
    if product != nil {
      let every = configuration.refit
      if every > 0 && steps % every == 0 && 2 * progress.step <= total { refit() }
      if isDue(configuration.interval) || isDue(configuration.update) {
        encodeWeight(movingWords: isDue(configuration.update))
      }
      return
    }
    let wanted = max(16, configuration.warmup * Double(progress.stepsPerEpoch))
    if Double(progress.step) >= min(wanted, Double(total) / 2) && progress.step > 0 { makeWords() }
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && steps % interval == 0 }

  public mutating func freeze() {
    guard latent != nil else { return }
    if product == nil { makeWords() } else { encodeWeight(movingWords: false) }
    measure()
    latent = nil
    samples = nil
    adjoint = nil
    coder = nil
  }

  private mutating func makeWords() {
    guard let samples, let latent else { return }
    let schemes = configuration.schemes
    var form = SpaceForm<Scalar>(geometry, configuration)
    form.vectors.make(
      schemes.vectors, from: samples.inputs.points(using: &random), using: &random)
    var gradients = noGradientWords
    gradients.make(
      schemes.gradients, from: samples.gradients.points(using: &random), using: &random)
    var coder = noMatrixWords
    let blocks = geometry.blocks(of: latent.weight.value)
    let points = weightPoints(blocks)
    coder.make(
      schemes.matrices, from: points.thinned(to: 65_536, using: &random), using: &random)
    form.matrices = coder.words
    let made = SpaceProduct(geometry, form, products: configuration.products)
    product = made
    adjoint = SpaceAdjoint(made, gradients: gradients)
    self.coder = coder
    encodeWeight(movingWords: false)
  }

  /// Words of inputs and gradients, where k-means made them, go to the means of the blocks that
  /// passed of late.
  private mutating func refit() {
    guard let samples, var gradients = adjoint?.gradients, var vectors = product?.form.vectors,
      let matrices = product?.form.matrices
    else { return }
    if configuration.schemes.vectors == SpaceWordMaking.movable {
      vectors.refit(to: samples.inputs.points(using: &random), using: &random)
    }
    if configuration.schemes.gradients == SpaceWordMaking.movable {
      gradients.refit(to: samples.gradients.points(using: &random), using: &random)
    }
    product?.replaceWords(vectors: vectors, matrices: matrices)
    if let product { adjoint?.replaceWords(gradients: gradients, of: product) }
  }

  /// Codes the weight; before that, words may go to the means of the blocks that are coded as them.
  private mutating func encodeWeight(movingWords: Bool) {
    guard let latent, let vectors = product?.form.vectors else { return }
    let blocks = geometry.blocks(of: latent.weight.value)
    if movingWords, configuration.schemes.matrices == SpaceWordMaking.movable,
      let codes = coder?.encoder.encode(blocks)
    {
      let (columns, stride, span) = (geometry.inputBlocks, geometry.inputStride, codes.span)
      let points = weightPoints(blocks)
      coder?.follow(
        points, code: { Int(span[$0 / columns * stride + $0 % columns]) },
        using: &random)
      if let words = coder?.words { product?.replaceWords(vectors: vectors, matrices: words) }
      if let product { adjoint?.followMatrices(of: product) }
    }
    guard let codes = coder?.encoder.encode(blocks) else { return }
    product?.replaceCodes(codes)
    adjoint?.replaceCodes(codes)
  }

  /// The blocks of a weight, `[outputBlocks, inputBlocks]` of them, one by one.
  func weightPoints(_ blocks: Tensor<Scalar>) -> SpacePoints {
    let size = geometry.matrixSize
    return SpacePoints(Tensor<Float>(blocks).reshaped([blocks.count / size, size]))
  }

  /// Notes how far codes are from what they stand for.
  private mutating func measure() {
    guard let samples, let latent, let coder, let gradients = adjoint?.gradients,
      let vectors = product?.form.vectors
    else { return }
    let weight = weightPoints(geometry.blocks(of: latent.weight.value))
    codingErrors = Tensor(
      [3],
      [
        Scalar(vectors.relativeError(on: samples.inputs.points(using: &random))),
        Scalar(coder.relativeError(on: weight)),
        Scalar(gradients.relativeError(on: samples.gradients.points(using: &random))),
      ])
  }

  /// Room for words of gradients.
  var noGradientWords: SpaceCodebook<Scalar> {
    SpaceCodebook(
      words: configuration.gradients, dimension: geometry.rows, encoder: configuration.encoder,
      holdsZero: true)
  }

  /// Room for words of the matrix.
  var noMatrixWords: SpaceCodebook<Scalar> {
    SpaceCodebook(
      words: configuration.matrices, dimension: geometry.matrixSize,
      encoder: configuration.encoder)
  }
}
