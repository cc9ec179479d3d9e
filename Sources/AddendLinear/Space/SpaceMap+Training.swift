internal import AddendCodebooks
internal import AddendKernels
package import AddendTensors

extension SpaceMap {
  /// Makes codebooks once the warm-up is over; from then on codes the weight anew every few steps.
  ///
  /// The warm-up takes at most half of training, and at least 16 steps or half of training: without
  /// any there would be nothing to make codebooks from.
  public mutating func prepare(for progress: TrainingProgress) {
    guard latent != nil else { return }
    steps += 1
    if product != nil {
      if steps % configuration.interval == 0 { encodeWeight() }
      return
    }
    let total = Double(progress.epochs * progress.stepsPerEpoch)
    let wanted = max(16, configuration.warmup * Double(progress.stepsPerEpoch))
    if Double(progress.step) >= min(wanted, total / 2) && progress.step > 0 { makeCodebooks() }
  }

  public mutating func freeze() {
    guard latent != nil else { return }
    if product == nil { makeCodebooks() } else { encodeWeight() }
    latent = nil
    samples = nil
    adjoint = nil
  }

  private mutating func makeCodebooks() {
    guard let samples, let latent else { return }
    let vectors = SpaceCodebook<Scalar>(
      of: samples.inputs.points(using: &random), words: configuration.vectors, holdsZero: false,
      using: &random)
    let gradients = SpaceCodebook<Scalar>(
      of: samples.gradients.points(using: &random), words: configuration.gradients,
      holdsZero: true, using: &random)
    let blocks = KMeans(points: weightBlocks(latent.weight.value))
    let matrices = blocks.codebook(words: configuration.matrices, using: &random)
    let made = SpaceProduct(
      geometry,
      SpaceForm(
        geometry, vectors: vectors, matrices: Tensor<Scalar>(matrices),
        codes: blocks.codes(for: matrices).integers))
    product = made
    adjoint = SpaceAdjoint(made, gradients: gradients)
    self.samples = nil
  }

  private mutating func encodeWeight() {
    guard let latent, var product = product.take() else { return }
    product.replaceCodes(nearestCodes(of: latent.weight.value, in: product.form.matrices))
    adjoint?.followCodes(of: product)
    self.product = product
  }

  /// The number of the word in `matrices` that is nearest to each block of `weight`.
  func nearestCodes(of weight: Tensor<Scalar>, in matrices: Tensor<Scalar>) -> [Int] {
    KMeans(points: weightBlocks(weight)).codes(for: Tensor<Float>(matrices)).integers
  }

  /// The blocks of the weight that the map has or stands for, as points
  /// `[rows · dimension, inputBlocks · outputBlocks]`.
  package var weightBlocks: Tensor<Float> {
    weightBlocks(latent?.weight.value ?? quantizedWeight)
  }

  /// The blocks of `weight` as points `[matrixSize, inputBlocks · outputBlocks]`.
  private func weightBlocks(_ weight: Tensor<Scalar>) -> Tensor<Float> {
    let weight = Tensor<Float>(weight)
    let numbers = weight.span
    let columns = geometry.outputBlocks
    let count = geometry.inputBlocks * columns
    return Tensor([geometry.matrixSize, count]) { span in
      for s in 0..<geometry.inputBlocks {
        for o in 0..<columns {
          geometry.forEachNumber(ofBlock: s, o) { number, place in
            span[number * count + s * columns + o] = place.map { numbers[$0] } ?? 0
          }
        }
      }
    }
  }
}

extension AlignedBuffer<UInt32> {
  /// The codes as integers.
  fileprivate var integers: [Int] {
    let span = span
    return span.indices.map { Int(span[$0]) }
  }
}

extension SpaceProduct {
  /// Adds the gradient of the commitment term, `factor · (x − v) / rows`.
  func addCommitment(
    _ x: Tensor<Scalar>, codes: AlignedBuffer<UInt8>, factor: Double, to dx: inout Tensor<Scalar>
  ) {
    guard factor != 0, x.count > 0 else { return }
    let shape = encoder.shape(rows: x.shape[0], size: x.shape[1])
    let share = factor / Double(shape.rows)
    if Scalar.self == Float.self {
      var sum = Tensor<Float>(dx)
      dx = Tensor([0])
      var span = sum.mutableSpan
      SpaceKernels.best.addDeviation(
        shape, Tensor<Float>(x).span, codes: codes.span,
        words: Tensor<Float>(form.vectors.words).span,
        factor: Float(share), to: &span)
      dx = Tensor(sum)
      return
    }
    var span = dx.mutableSpan
    for i in 0..<shape.rows {
      for j in 0..<shape.size {
        let code = Int(codes.span[i * shape.codeStride + j / shape.dimension])
        let word = form.vectors.words.span[code * shape.dimension + j % shape.dimension]
        span[i * shape.size + j] += Scalar(share) * (x.span[i * shape.size + j] - word)
      }
    }
  }
}
