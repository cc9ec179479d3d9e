internal import AddendKernels
internal import AddendTensors

/// A look-up map in training: what its tables are made of, and when its encoder is learned.
struct LookupTraining<Scalar: TensorScalar>: Sendable {
  private(set) var weight: Parameter<Scalar>
  private(set) var prototypes: Parameter<Scalar>
  private(set) var corrections: Parameter<Scalar>
  private(set) var encoder: LookupEncoder<Scalar>
  private(set) var schedule: LookupSchedule
  private let commitment: Double
  private let trainsCorrections: Bool
  /// Rows that the next encoder will be learned from: `[wantedSamples, inputSize]` while they are
  /// collected, of which `schedule.sampleCount` are there, else without rows.
  private var samples: Tensor<Scalar>
  // Good until a parameter may have moved: a recurrent layer multiplies many times in a step.
  private var tables: Tensor<Scalar>?

  typealias Residuals = LookupMap<Scalar>.Residuals

  init(_ settings: LookupConfiguration, _ layout: BlockLayout, weight: Tensor<Scalar>) {
    encoder = settings.makeEncoder(layout)
    schedule = settings.makeSchedule()
    commitment = settings.commitment
    trainsCorrections = settings.corrections
    self.weight = Parameter(weight)
    let (blocks, entries) = (layout.count, encoder.entries)
    prototypes = Parameter(Tensor([blocks, entries, layout.blockSize]), role: .scale)
    corrections = Parameter(Tensor([blocks, entries, weight.shape[1]]))
    samples = Tensor([0, layout.inputSize])
  }

  private var outputs: Int { weight.value.shape[1] }
  private var layout: BlockLayout { encoder.layout }

  /// `T = P W + R`.
  func builtTables() -> Tensor<Scalar> {
    if let tables { return tables }
    let shape = encoder.shape(rows: 0, outputs: outputs)
    let (r, p, w) = (corrections.value.span, prototypes.value.span, weight.value.span)
    return Tensor(corrections.value.shape) {
      Scalar.buildTables(
        corrections: r, prototypes: p, positions: layout.positions.span, weight: w, shape, into: &$0
      )
    }
  }

  private func summed(_ codes: LookupCodes, _ tables: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    return Tensor([codes.rows, outputs]) {
      Scalar.sumEntries(of: tables.span, at: codes.span, shape, into: &$0)
    }
  }

  func forward(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    guard schedule.isLearned else { return matmul(x, weight.value) }
    return summed(encoder.encode(x), builtTables())
  }

  mutating func trainingForward(_ x: Tensor<Scalar>) -> (Tensor<Scalar>, Residuals) {
    if schedule.isCollecting { collect(x) }
    guard schedule.isLearned else {
      return (matmul(x, weight.value), Residuals(input: x, codes: nil))
    }
    let current = builtTables()
    tables = current
    let codes = encoder.encode(x)
    return (summed(codes, current), Residuals(input: x, codes: codes))
  }

  /// `dx = dy Wᵀ + (β / rows) (x − P[c])`: straight through the encoder, and, where products are no
  /// longer exact, the commitment's gradient.
  func inputGradient(_ dy: Tensor<Scalar>, _ residuals: Residuals) -> Tensor<Scalar> {
    var dx = matmul(dy, weight.value, transposingB: true)
    guard commitment > 0, let codes = residuals.codes else { return dx }
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    let strength = Scalar(commitment / Double(max(1, codes.rows)))
    var span = dx.mutableSpan
    Scalar.addDeviations(
      of: residuals.input.span, from: prototypes.value.span, at: codes.span,
      positions: layout.positions.span, shape, times: strength, to: &span)
    return dx
  }

  mutating func addGradients(_ dy: Tensor<Scalar>, _ residuals: Residuals) {
    let input = residuals.input
    guard let codes = residuals.codes else {
      let shape = GEMMShape(
        m: input.shape[1], n: dy.shape[1], k: dy.shape[0], transposesA: true)
      weight.addGradient { gradient, accumulates in
        var span = gradient.mutableSpan
        var shape = shape
        shape.accumulates = accumulates
        Scalar.gemm(shape, input.span, dy.span, &span)
      }
      return
    }
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    let sums = Tensor<Scalar>(corrections.value.shape) {
      Scalar.bucketSums(of: dy.span, by: codes.span, shape, into: &$0)
    }
    var prototypeGradient = Tensor<Scalar>(prototypes.value.shape) { _ in }
    let (p, w, positions) = (prototypes.value, weight.value, layout.positions)
    weight.addGradient { gradient, accumulates in
      var dw = gradient.mutableSpan
      var dp = prototypeGradient.mutableSpan
      Scalar.tableGradients(
        sums: sums.span, prototypes: p.span, positions: positions.span, weight: w.span, shape,
        accumulates: accumulates, weightGradient: &dw, prototypeGradient: &dp)
    }
    prototypes.addGradient(prototypeGradient)
    if trainsCorrections { corrections.addGradient(sums) }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&weight, named: "weight")
    visitor.visit(&prototypes, named: "prototypes")
    visitor.visit(&corrections, named: "corrections")
    encoder.visit(&visitor)
    schedule.visit(&visitor)
    let rows = schedule.isCollecting ? LookupSchedule.wantedSamples : 0
    if samples.shape[0] != rows { samples = Tensor([rows, layout.inputSize]) }
    visitor.visit(&samples, named: "samples")
    tables = nil
  }
}

// Learning the encoder.
extension LookupTraining {
  mutating func prepare(for progress: TrainingProgress) {
    switch schedule.event(at: progress, entries: encoder.entries) {
    case .none: break
    case .collect: samples = Tensor([LookupSchedule.wantedSamples, layout.inputSize])
    case .learn: learn(from: collected)
    }
    tables = nil
  }

  /// Learns from the rows at hand, or from standard normal ones, where no encoder is there yet.
  mutating func learnIfNeeded() {
    guard !schedule.isLearned else { return }
    if schedule.sampleCount > 0 { return learn(from: collected) }
    var random = RandomSource(seed: UInt64(layout.inputSize))
    learn(
      from: Tensor([16 * encoder.entries, layout.inputSize]) { span in
        for i in span.indices { span[i] = Scalar(random.normal()) }
      })
  }

  private var collected: Tensor<Scalar> {
    let source = samples.span
    return Tensor([schedule.sampleCount, layout.inputSize]) { span in
      for i in span.indices { span[i] = source[i] }
    }
  }

  /// Takes an eighth of what is wanted, evenly spread, from one call at most: a recurrent layer's
  /// first time steps, or a convolution's first image, would not stand for all.
  private mutating func collect(_ x: Tensor<Scalar>) {
    let (rows, width, there) = (x.shape[0], layout.inputSize, schedule.sampleCount)
    let room = LookupSchedule.wantedSamples - there
    let taken = min(rows, room, LookupSchedule.wantedSamples / 8)
    let source = x.span
    var span = samples.mutableSpan
    for (sample, row) in LookupSchedule.sampledRows(of: rows, taken: taken).enumerated() {
      let (from, to) = (row * width, (there + sample) * width)
      for i in 0..<width { span[to + i] = source[from + i] }
    }
    schedule.sampleCount += taken
  }

  /// Learns a new encoder from `x: [rows, inputSize]`; prototypes become the buckets' means, and the
  /// correction of a new code the mean of what its rows had before.
  mutating func learn(from x: Tensor<Scalar>) {
    let old = schedule.isLearned ? encoder.encode(x) : nil
    encoder.learn(from: x)
    let codes = encoder.encode(x)
    let buckets = LookupBuckets(
      codes.elements, blocks: layout.count, entries: encoder.entries)
    prototypes.value = Tensor(
      prototypes.value.shape,
      buckets.means(of: Tensor<Double>(x).elements, layout).map { Scalar($0) })
    if let old {
      corrections.value = Tensor(
        corrections.value.shape,
        buckets.mixed(Tensor<Double>(corrections.value).elements, by: old.elements)
          .map { Scalar($0) })
    }
    schedule.noteLearned()
    samples = Tensor([0, layout.inputSize])
    tables = nil
  }
}
