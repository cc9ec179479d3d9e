internal import AddendTensors

/// What a look-up map has in training, of rows or of pixels: the parameters that its tables are made of,
/// its encoder, and when that is learned from what.
struct LookupParts<Scalar: TensorScalar>: Sendable {
  /// `[inputs, outputs]`, of a convolution every tap's channels.
  var weight: Parameter<Scalar>
  /// `[blocks, entries, blockSize]`, the blocks of all stages.
  var prototypes: Parameter<Scalar>
  /// `[taps · blocks, entries, outputs]`.
  var corrections: Parameter<Scalar>
  var encoder: LookupEncoder<Scalar>
  private(set) var schedule: LookupSchedule
  private var samples: LookupSamples<Scalar>
  private let commitment: Double
  let trainsCorrections: Bool

  /// - Parameter layout: of what is encoded: a row, or the channels of a pixel that `taps` share.
  init(
    _ settings: LookupConfiguration, _ layout: BlockLayout, weight: Tensor<Scalar>, taps: Int = 1
  ) {
    encoder = settings.makeEncoder(layout)
    schedule = settings.makeSchedule()
    samples = LookupSamples(width: layout.inputSize, wanted: settings.samples)
    commitment = settings.commitment
    trainsCorrections = settings.corrections
    self.weight = Parameter(weight)
    let (blocks, entries) = (layout.count * encoder.stages, encoder.entries)
    prototypes = Parameter(Tensor([blocks, entries, layout.blockSize]), role: .scale)
    corrections = Parameter(Tensor([taps * blocks, entries, weight.shape[1]]))
  }

  var outputs: Int { weight.value.shape[1] }
  /// Whether products go through the encoder; they are exact before.
  var isLearned: Bool { schedule.isLearned }
  var isCollecting: Bool { schedule.isCollecting }

  /// What a step begins with; collecting begins here.
  mutating func event(at progress: TrainingProgress) -> LookupSchedule.Event {
    let event = schedule.event(at: progress, entries: encoder.entries)
    if event == .collect { samples.start() }
    return event
  }

  /// Keeps some of the rows that pass, while they are collected.
  mutating func notice(_ rows: Tensor<Scalar>) {
    if schedule.isCollecting { schedule.sampleCount += samples.take(rows) }
  }

  /// The rows kept; where there are none, standard normal ones.
  var rowsToLearnFrom: Tensor<Scalar> {
    if schedule.sampleCount > 0 { return samples.taken }
    let width = encoder.layout.inputSize
    var random = RandomSource(seed: UInt64(width))
    return Tensor([16 * encoder.entries, width]) { span in
      for i in span.indices { span[i] = Scalar(random.normal()) }
    }
  }

  mutating func noteLearned() {
    schedule.noteLearned()
    samples.clear()
  }

  /// The commitment's gradient, `dx += (β / rows) (x − P[c])`.
  func addCommitment(
    of x: Tensor<Scalar>, to codes: LookupCodes, in dx: inout Tensor<Scalar>
  ) {
    guard commitment > 0 else { return }
    var span = dx.mutableSpan
    Scalar.addDeviations(
      of: x.span, from: prototypes.value.span, at: codes.span, positions: encoder.positions.span,
      encoder.shape(rows: codes.rows, outputs: outputs),
      times: Scalar(commitment / Double(max(1, codes.rows))), to: &span)
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&weight, named: "weight")
    visitor.visit(&prototypes, named: "prototypes")
    visitor.visit(&corrections, named: "corrections")
    encoder.visit(&visitor)
    schedule.visit(&visitor)
    samples.visit(&visitor, isCollecting: schedule.isCollecting, count: schedule.sampleCount)
  }
}
