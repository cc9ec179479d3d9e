internal import AddendKernels
internal import AddendTensors

/// A look-up convolution in training: what its tables are made of, and when its encoder is learned.
struct LookupConvolutionTraining<Scalar: TensorScalar>: Sendable {
  private(set) var weight: Parameter<Scalar>
  /// `[groups, entries, blockSize]`, the same under every tap.
  private(set) var prototypes: Parameter<Scalar>
  /// `[taps · groups, entries, outputs]`.
  private(set) var corrections: Parameter<Scalar>
  private(set) var encoder: LookupEncoder<Scalar>
  private(set) var schedule: LookupSchedule
  private let filter: LookupFilter
  private let positions: [Int32]
  private let commitment: Double
  private let trainsCorrections: Bool
  /// Pixels that the next encoder will be learned from.
  private var samples: LookupSamples<Scalar>

  typealias Residuals = LookupConvolution<Scalar>.Residuals

  init(_ settings: LookupConfiguration, _ filter: LookupFilter, weight: Tensor<Scalar>) {
    encoder = settings.makeEncoder(filter.layout)
    schedule = settings.makeSchedule()
    commitment = settings.commitment
    trainsCorrections = settings.corrections
    self.filter = filter
    positions = filter.positions
    self.weight = Parameter(weight)
    let (groups, entries) = (filter.layout.count, encoder.entries)
    prototypes = Parameter(Tensor([groups, entries, filter.layout.blockSize]), role: .scale)
    corrections = Parameter(Tensor([filter.blocks, entries, weight.shape[1]]))
    samples = LookupSamples(width: filter.channels, wanted: settings.samples)
  }

  private var outputs: Int { weight.value.shape[1] }

  /// The tables' extents, every tap's groups as blocks of their own.
  private var tableShape: LookupShape {
    LookupShape(
      rows: 0, inputs: weight.value.shape[0], blocks: filter.blocks,
      blockSize: filter.layout.blockSize, levels: encoder.levels, outputs: outputs)
  }

  /// The prototypes once for each tap.
  private var repeatedPrototypes: Tensor<Scalar> {
    let own = prototypes.value.span
    return Tensor([filter.blocks, encoder.entries, filter.layout.blockSize]) {
      Scalar.copyBlocks(
        filter.taps, length: own.count, from: own, StridedBlocks(step: 0), to: &$0,
        StridedBlocks(step: own.count))
    }
  }

  /// `T = P W + R`.
  func builtTables() -> Tensor<Scalar> {
    let repeated = repeatedPrototypes
    let (r, p, w) = (corrections.value.span, repeated.span, weight.value.span)
    return Tensor(corrections.value.shape) {
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
    let (x, w) = (image.span, weight.value.span)
    return Tensor(geometry.outputShape(channels: outputs)) {
      Scalar.convolve(x, w, geometry, into: &$0)
    }
  }

  func forward(_ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry) -> Tensor<Scalar> {
    guard schedule.isLearned else { return convolved(image, geometry) }
    return summed(CodeImage(image, geometry, by: encoder, outputs: outputs))
  }

  mutating func trainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> (Tensor<Scalar>, Residuals) {
    if schedule.isCollecting {
      schedule.sampleCount += samples.take(
        image.reshaped([image.count / filter.channels, filter.channels]))
    }
    guard schedule.isLearned else {
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
    let (gradient, w) = (dy.span, weight.value.span)
    var dx = Tensor<Scalar>(residuals.image.shape) {
      Scalar.convolutionInputGradient(gradient, w, residuals.geometry, into: &$0)
    }
    guard commitment > 0, let codes = residuals.codes else { return dx }
    let pixels = codes.pixels.rows
    let strength = Scalar(commitment / Double(max(1, pixels)))
    var span = dx.mutableSpan
    Scalar.addDeviations(
      of: residuals.image.span, from: prototypes.value.span, at: codes.pixels.span,
      positions: filter.layout.positions.span, encoder.shape(rows: pixels, outputs: outputs),
      times: strength, to: &span)
    return dx
  }

  mutating func addGradients(_ dy: Tensor<Scalar>, _ residuals: Residuals) {
    guard let codes = residuals.codes else {
      weight.addGradient { gradient, accumulates in
        var span = gradient.mutableSpan
        Scalar.convolutionFilterGradient(
          residuals.image.span, dy.span, residuals.geometry, accumulates: accumulates, into: &span)
      }
      return
    }
    let (gradient, codeSpan) = (dy.span, codes.span)
    let sums = Tensor<Scalar>(corrections.value.shape) {
      Scalar.imageBucketSums(of: gradient, by: codeSpan, codes.shape, into: &$0)
    }
    let (p, w, shape) = (repeatedPrototypes, weight.value, tableShape)
    let positions = positions
    var tapGradients = Tensor<Scalar>(p.shape) { _ in }
    weight.addGradient { gradient, accumulates in
      var dw = gradient.mutableSpan
      var dp = tapGradients.mutableSpan
      Scalar.tableGradients(
        sums: sums.span, prototypes: p.span, positions: positions.span, weight: w.span, shape,
        accumulates: accumulates, weightGradient: &dw, prototypeGradient: &dp)
    }
    let count = prototypes.value.count
    let terms = tapGradients.span
    for tap in 0..<filter.taps {
      prototypes.addGradient { gradient, accumulates in
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
    if trainsCorrections { corrections.addGradient(sums) }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&weight, named: "weight")
    visitor.visit(&prototypes, named: "prototypes")
    visitor.visit(&corrections, named: "corrections")
    encoder.visit(&visitor)
    schedule.visit(&visitor)
    samples.visit(
      &visitor, isCollecting: schedule.isCollecting, count: schedule.sampleCount)
  }
}

// Learning the encoder.
extension LookupConvolutionTraining {
  mutating func prepare(for progress: TrainingProgress) {
    switch schedule.event(at: progress, entries: encoder.entries) {
    case .none: break
    case .collect: samples.start()
    case .learn: learn(from: samples.taken)
    }
  }

  /// Learns from the pixels at hand, or from standard normal ones, where no encoder is there yet.
  mutating func learnIfNeeded() {
    guard !schedule.isLearned else { return }
    if schedule.sampleCount > 0 { return learn(from: samples.taken) }
    var random = RandomSource(seed: UInt64(filter.channels))
    learn(
      from: Tensor([16 * encoder.entries, filter.channels]) { span in
        for i in span.indices { span[i] = Scalar(random.normal()) }
      })
  }

  /// Learns a new encoder from `pixels: [count, channels]`; prototypes become the buckets' means, and
  /// the correction of a new code the mean of what its pixels had before.
  mutating func learn(from pixels: Tensor<Scalar>) {
    let old = schedule.isLearned ? encoder.encode(pixels) : nil
    encoder.learn(from: pixels)
    let codes = encoder.encode(pixels)
    prototypes.value = encoder.means(of: pixels, by: codes.span)
    if let old {
      let before = corrections.value
      let shape = encoder.shape(rows: pixels.shape[0], outputs: outputs)
      corrections.value = Tensor(before.shape) { mixed in
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
    schedule.noteLearned()
    samples.clear()
  }
}
