internal import AddendKernels
internal import AddendTensors

/// A look-up map in training: what its tables are made of, and when its encoder is learned.
struct LookupTraining<Scalar: TensorScalar>: Sendable {
  private(set) var parts: LookupParts<Scalar>
  /// `λ` of `LookupRefit`, 0 for none.
  private let refit: Double
  /// Of the blocks of all stages.
  private let positions: [Int32]
  /// What codes the gradients that come in, where they are.
  private(set) var coder: GradientCoder<Scalar>?
  // Built tables are good until a parameter may have moved: a recurrent layer multiplies many times in
  // a step, and keeps them from its second time on.
  private var tables: Tensor<Scalar>?
  private var hasMultiplied = false

  typealias Residuals = LookupMap<Scalar>.Residuals

  init(_ settings: LookupConfiguration, _ layout: BlockLayout, weight: Tensor<Scalar>) {
    parts = LookupParts(settings, layout, weight: weight)
    refit = settings.refit
    positions = parts.encoder.positions
    coder = settings.makeGradientCoder(outputs: weight.shape[1])
  }

  var encoder: LookupEncoder<Scalar> { parts.encoder }
  var weight: Tensor<Scalar> { parts.weight.value }
  private var prototypes: Tensor<Scalar> { parts.prototypes.value }
  private var corrections: Tensor<Scalar> { parts.corrections.value }
  private var outputs: Int { parts.outputs }

  /// `T = P W + R`.
  func builtTables() -> Tensor<Scalar> {
    if let tables { return tables }
    let shape = encoder.shape(rows: 0, outputs: outputs)
    let (corrections, prototypes, weight) = (corrections, prototypes, weight)
    let (r, p, w) = (corrections.span, prototypes.span, weight.span)
    return Tensor(corrections.shape) {
      let factors = LookupFactors(
        corrections: r, prototypes: p, positions: positions.span, weight: w)
      Scalar.buildTables(of: factors, shape, into: &$0)
    }
  }

  private func summed(_ codes: LookupCodes) -> Tensor<Scalar> {
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    if let tables {
      return Tensor([codes.rows, outputs]) {
        Scalar.sumEntries(of: tables.span, at: codes.span, shape, into: &$0)
      }
    }
    let (corrections, prototypes, weight) = (corrections, prototypes, weight)
    let (r, p, w) = (corrections.span, prototypes.span, weight.span)
    return Tensor([codes.rows, outputs]) {
      let factors = LookupFactors(
        corrections: r, prototypes: p, positions: positions.span, weight: w)
      Scalar.sumEntries(of: factors, at: codes.span, shape, into: &$0)
    }
  }

  func forward(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    guard parts.isLearned else { return matmul(x, weight) }
    return summed(encoder.encode(x))
  }

  mutating func trainingForward(_ x: Tensor<Scalar>) -> (Tensor<Scalar>, Residuals) {
    parts.notice(x)
    guard parts.isLearned else {
      return (matmul(x, weight), Residuals(input: x, codes: nil))
    }
    if hasMultiplied { tables = builtTables() }
    hasMultiplied = true
    let codes = encoder.encode(x)
    return (summed(codes), Residuals(input: x, codes: codes))
  }

  /// `dx = dy Wᵀ + (β / rows) (x − P[c])`: straight through the encoder, and, where products are no
  /// longer exact, the commitment's gradient. The product is exact, or coded once a coder is learned.
  mutating func inputGradient(_ dy: Tensor<Scalar>, _ residuals: Residuals) -> Tensor<Scalar> {
    if parts.isCollecting { coder?.take(dy) }
    var dx = coder?.product(dy, weight) ?? matmul(dy, weight, transposingB: true)
    if let codes = residuals.codes { parts.addCommitment(of: residuals.input, to: codes, in: &dx) }
    return dx
  }

  mutating func addGradients(_ dy: Tensor<Scalar>, _ residuals: Residuals) {
    let input = residuals.input
    guard let codes = residuals.codes else {
      let shape = GEMMShape(
        m: input.shape[1], n: dy.shape[1], k: dy.shape[0], transposesA: true)
      parts.weight.addGradient { gradient, accumulates in
        var span = gradient.mutableSpan
        var shape = shape
        shape.accumulates = accumulates
        Scalar.gemm(shape, input.span, dy.span, &span)
      }
      return
    }
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    var prototypeGradient = Tensor<Scalar>(prototypes.shape) { _ in }
    let (p, w, positions) = (prototypes, weight, positions)
    let trainsCorrections = parts.trainsCorrections
    parts.corrections.addGradient { correctionGradient, addsCorrections in
      parts.weight.addGradient { weightGradient, addsWeight in
        var dr = correctionGradient.mutableSpan
        var dw = weightGradient.mutableSpan
        var dp = prototypeGradient.mutableSpan
        let factors = LookupFactors(
          corrections: Span(), prototypes: p.span, positions: positions.span, weight: w.span)
        Scalar.lookupGradients(
          of: dy.span, at: codes.span, factors, shape, accumulatesCorrections: addsCorrections,
          accumulatesWeight: addsWeight, corrections: &dr, weight: &dw, prototypes: &dp)
        if !trainsCorrections { Scalar.fill(&dr, with: .zero) }
      }
    }
    parts.prototypes.addGradient(prototypeGradient)
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    parts.visit(&visitor)
    if coder != nil {
      visitor.enter("gradient")
      coder?.visit(&visitor, isCollecting: parts.isCollecting)
      visitor.leave()
    }
    forgetTables()
  }

  private mutating func forgetTables() {
    tables = nil
    hasMultiplied = false
  }
}

// Learning the encoder.
extension LookupTraining {
  mutating func prepare(for progress: TrainingProgress) {
    switch parts.event(at: progress) {
    case .none: break
    case .collect: coder?.start()
    case .learn: learn(from: parts.rowsToLearnFrom)
    }
    forgetTables()
  }

  /// Learns from the rows at hand, or from normal ones, where no encoder is there yet.
  mutating func learnIfNeeded() {
    if !parts.isLearned { learn(from: parts.rowsToLearnFrom) }
  }

  /// The buckets' means, each stage's of what the ones before have left.
  private func means(of x: Tensor<Scalar>, by codes: LookupCodes) -> Tensor<Scalar> {
    let size = encoder.layout.count * codes.rows
    var left = x
    var stages: [Tensor<Scalar>] = []
    for stage in 0..<encoder.stages {
      let own = codes.span.extracting(stage * size..<(stage + 1) * size)
      stages.append(encoder.means(of: left, by: own))
      if stage + 1 < encoder.stages {
        left = encoder.remainder(of: left, from: stages[stage], by: own)
      }
    }
    return Tensor(prototypes.shape) { span in
      for (stage, means) in stages.enumerated() {
        Scalar.copyBlocks(
          1, length: means.count, from: means.span, StridedBlocks(step: 0), to: &span,
          StridedBlocks(first: stage * means.count, step: 0))
      }
    }
  }

  /// Puts corrections in place that explain the exact products of `x` best (`LookupRefit`).
  private mutating func fitCorrections(to x: Tensor<Scalar>, _ codes: LookupCodes) {
    let shape = encoder.shape(rows: codes.rows, outputs: outputs)
    parts.corrections.value = Tensor(corrections.shape)
    forgetTables()
    var errors = Tensor<Float>(matmul(x, weight))
    var span = errors.mutableSpan
    Float.addScaled(-1, Tensor<Float>(summed(codes)).span, to: &span)
    let fit = LookupRefit(shape: shape, ridge: Float(refit), iterations: 32)
    parts.corrections.value = Tensor(fit.corrections(for: errors, at: codes.span))
  }

  /// Learns a new encoder from `x: [rows, inputSize]`; prototypes become the buckets' means, and the
  /// correction of a new code the mean of what its rows had before, or what explains the exact products
  /// best where corrections are refit.
  mutating func learn(from x: Tensor<Scalar>) {
    let old = parts.isLearned ? encoder.encode(x) : nil
    parts.encoder.learn(from: x)
    let codes = encoder.encode(x)
    let shape = encoder.shape(rows: x.shape[0], outputs: outputs)
    parts.prototypes.value = means(of: x, by: codes)
    if let old {
      let before = corrections
      parts.corrections.value = Tensor(before.shape) {
        Scalar.mixEntries(of: before.span, from: old.span, to: codes.span, shape, into: &$0)
      }
    }
    if refit > 0 { fitCorrections(to: x, codes) }
    parts.noteLearned()
    coder?.learn()
    forgetTables()
  }
}
