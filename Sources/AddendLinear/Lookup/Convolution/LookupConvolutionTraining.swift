internal import AddendKernels
internal import AddendTensors

/// A look-up convolution in training: what its tables are made of, and when its encoder is learned.
struct LookupConvolutionTraining<Scalar: TensorScalar>: Sendable {
  /// The prototypes are the same under every tap.
  private(set) var parts: LookupParts<Scalar>
  private let filter: LookupFilter
  private let positions: [Int32]

  typealias Residuals = LookupConvolution<Scalar>.Residuals

  init(_ settings: LookupConfiguration, _ filter: LookupFilter, weight: Tensor<Scalar>) {
    parts = LookupParts(settings, filter.layout, weight: weight, taps: filter.taps)
    self.filter = filter
    positions = filter.positions
  }

  var encoder: LookupEncoder<Scalar> { parts.encoder }
  var weight: Tensor<Scalar> { parts.weight.value }
  private var prototypes: Tensor<Scalar> { parts.prototypes.value }
  private var corrections: Tensor<Scalar> { parts.corrections.value }
  private var outputs: Int { parts.outputs }

  /// The tables' extents, every tap's groups as blocks of their own.
  private var tableShape: LookupShape {
    LookupShape(
      rows: 0, inputs: weight.shape[0], blocks: filter.blocks,
      blockSize: filter.layout.blockSize, levels: encoder.levels, outputs: outputs)
  }

  /// The prototypes once for each tap.
  private var repeatedPrototypes: Tensor<Scalar> {
    let prototypes = prototypes
    let own = prototypes.span
    return Tensor([filter.blocks, encoder.entries, filter.layout.blockSize]) {
      Scalar.copyBlocks(
        filter.taps, length: own.count, from: own, StridedBlocks(step: 0), to: &$0,
        StridedBlocks(step: own.count))
    }
  }

  /// `T = P W + R`.
  func builtTables() -> Tensor<Scalar> {
    let repeated = repeatedPrototypes
    let (corrections, weight) = (corrections, weight)
    let (r, p, w) = (corrections.span, repeated.span, weight.span)
    return Tensor(corrections.shape) {
      let factors = LookupFactors(
        corrections: r, prototypes: p, positions: positions.span, weight: w)
      Scalar.buildTables(of: factors, tableShape, into: &$0)
    }
  }

  private func summed(_ codes: CodeImage) -> Tensor<Scalar> {
    let tables = builtTables()
    let (entries, span) = (tables.span, codes.span)
    return Tensor(codes.shape.geometry.outputShape(channels: outputs)) {
      Scalar.sumImageEntries(of: entries, at: span, codes.shape, into: &$0)
    }
  }

  private func convolved(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    let weight = weight
    let (x, w) = (image.span, weight.span)
    return Tensor(geometry.outputShape(channels: outputs)) {
      Scalar.convolve(x, w, geometry, into: &$0)
    }
  }

  func forward(_ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry) -> Tensor<Scalar> {
    guard parts.isLearned else { return convolved(image, geometry) }
    return summed(CodeImage(image, geometry, by: encoder, outputs: outputs))
  }

  mutating func trainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> (Tensor<Scalar>, Residuals) {
    parts.notice(image.reshaped([image.count / filter.channels, filter.channels]))
    guard parts.isLearned else {
      return (
        convolved(image, geometry), Residuals(image: image, geometry: geometry, codes: nil)
      )
    }
    let codes = CodeImage(image, geometry, by: encoder, outputs: outputs)
    return (summed(codes), Residuals(image: image, geometry: geometry, codes: codes))
  }

  /// `dx = patchesᵀ(dy Wᵀ) + (β / pixels) (x − P[c])`: straight through the encoder, and, where
  /// products are no longer exact, the commitment's gradient.
  func inputGradient(_ dy: Tensor<Scalar>, _ residuals: Residuals) -> Tensor<Scalar> {
    let weight = weight
    let (gradient, w) = (dy.span, weight.span)
    var dx = Tensor<Scalar>(residuals.image.shape) {
      Scalar.convolutionInputGradient(gradient, w, residuals.geometry, into: &$0)
    }
    if let codes = residuals.codes?.pixels {
      parts.addCommitment(of: residuals.image, to: codes, in: &dx)
    }
    return dx
  }

  mutating func addGradients(_ dy: Tensor<Scalar>, _ residuals: Residuals) {
    guard let codes = residuals.codes else {
      parts.weight.addGradient { gradient, accumulates in
        var span = gradient.mutableSpan
        Scalar.convolutionFilterGradient(
          residuals.image.span, dy.span, residuals.geometry, accumulates: accumulates, into: &span)
      }
      return
    }
    let (gradient, codeSpan) = (dy.span, codes.span)
    let sums = Tensor<Scalar>(corrections.shape) {
      Scalar.imageBucketSums(of: gradient, by: codeSpan, codes.shape, into: &$0)
    }
    let (p, w, shape) = (repeatedPrototypes, weight, tableShape)
    let positions = positions
    var tapGradients = Tensor<Scalar>(p.shape) { _ in }
    parts.weight.addGradient { gradient, accumulates in
      var dw = gradient.mutableSpan
      var dp = tapGradients.mutableSpan
      Scalar.tableGradients(
        sums: sums.span, prototypes: p.span, positions: positions.span, weight: w.span, shape,
        accumulates: accumulates, weightGradient: &dw, prototypeGradient: &dp)
    }
    let count = prototypes.count
    let terms = tapGradients.span
    for tap in 0..<filter.taps {
      parts.prototypes.addGradient { gradient, accumulates in
        let part = terms.extracting(tap * count..<(tap + 1) * count)
        var sum = gradient.mutableSpan
        if accumulates {
          Scalar.add(part, to: &sum)
        } else {
          Scalar.copyBlocks(
            1, length: count, from: part, StridedBlocks(step: 0), to: &sum, StridedBlocks(step: 0))
        }
      }
    }
    if parts.trainsCorrections { parts.corrections.addGradient(sums) }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) { parts.visit(&visitor) }
}

// Learning the encoder.
extension LookupConvolutionTraining {
  mutating func prepare(for progress: TrainingProgress) {
    if parts.event(at: progress) == .learn { learn(from: parts.rowsToLearnFrom) }
  }

  /// Learns from the pixels at hand, or from normal ones, where no encoder is there yet.
  mutating func learnIfNeeded() {
    if !parts.isLearned { learn(from: parts.rowsToLearnFrom) }
  }

  /// Learns a new encoder from `pixels: [count, channels]`; prototypes become the buckets' means, and
  /// the correction of a new code the mean of what its pixels had before.
  mutating func learn(from pixels: Tensor<Scalar>) {
    let old = parts.isLearned ? encoder.encode(pixels) : nil
    parts.encoder.learn(from: pixels)
    let codes = encoder.encode(pixels)
    parts.prototypes.value = encoder.means(of: pixels, by: codes.span)
    if let old {
      let before = corrections
      let shape = encoder.shape(rows: pixels.shape[0], outputs: outputs)
      parts.corrections.value = Tensor(before.shape) { mixed in
        for tap in 0..<filter.taps {
          let first = tap * shape.tableCount
          let own = before.span.extracting(first..<first + shape.tableCount)
          let part = Tensor<Scalar>([shape.blocks, shape.entries, outputs]) {
            Scalar.mixEntries(of: own, from: old.span, to: codes.span, shape, into: &$0)
          }
          Scalar.copyBlocks(
            1, length: part.count, from: part.span, StridedBlocks(step: 0), to: &mixed,
            StridedBlocks(first: first, step: 0))
        }
      }
    }
    parts.noteLearned()
  }
}
