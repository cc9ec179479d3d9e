internal import AddendTensors

extension SpaceMap {
  /// How far a map has come; decides which state it has.
  enum Phase: Int {
    /// Exact products; samples for words are collected.
    case warmup
    /// Tables, and a latent weight that is trained through them.
    case tables
    /// Codes and words only.
    case frozen
  }

  var phase: Phase { product == nil ? .warmup : latent == nil ? .frozen : .tables }

  /// Visits the phase, then all state that a map has in it.
  ///
  /// A visitor may put a map into another phase: there is then room for that phase's state, so that
  /// a freshly made map can be filled from a file.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    var stage = IntegerState(.uint8, [1], [phase.rawValue])
    visitor.visit(&stage, named: "phase")
    let phase = Phase(rawValue: stage.values[0]) ?? .warmup
    makeRoom(for: phase)
    if latent != nil { visitTraining(&visitor) }
    if phase == .frozen { visitor.visit(&codingErrors, named: "codingErrors") }
    var form = phase == .warmup ? nil : product?.form ?? SpaceForm(geometry, configuration)
    form?.visit(&visitor)
    var gradients = phase == .tables ? adjoint?.gradients ?? noGradientWords : nil
    gradients?.visit(&visitor, named: "gradients")
    coder?.visit(&visitor, named: "matrixCoder")
    visitor.afterReplacing { () throws(TensorError) in
      guard stage.values[0] == phase.rawValue else {
        throw .invalidValue(
          operation: "space map", argument: "phase", expected: "0, 1 or 2",
          found: "\(stage.values[0])")
      }
      try replace(form, gradients)
    }
  }

  private mutating func visitTraining(_ visitor: inout some StateVisitor<Scalar>) {
    latent?.visit(&visitor)
    var counters = IntegerState(
      .int64, [4],
      [
        steps, samples?.inputs.taken ?? 0, samples?.gradients.taken ?? 0,
        Int(bitPattern: UInt(random.state)),
      ])
    visitor.visit(&counters, named: "counters")
    // A file may hold anything, and counting goes on from here.
    let counts = counters.values.prefix(3).map { min(max(0, $0), 1 << 48) }
    steps = counts[0]
    samples?.inputs.taken = counts[1]
    samples?.gradients.taken = counts[2]
    random.state = UInt64(UInt(bitPattern: counters.values[3]))
    samples?.inputs.visit(&visitor, named: "inputSamples")
    samples?.gradients.visit(&visitor, named: "gradientSamples")
  }

  private mutating func makeRoom(for phase: Phase) {
    guard phase != self.phase else { return }
    samples = phase == .frozen ? nil : samples ?? Self.noSamples(geometry)
    let blank = ExactMap<Scalar>(weight: Tensor([inputSize, outputSize]), precision: precision)
    latent = phase == .frozen ? nil : latent ?? blank
    coder = phase == .tables ? noMatrixWords : nil
    if phase == .frozen { codingErrors = Tensor([3]) }
  }

  private mutating func replace(
    _ form: SpaceForm<Scalar>?, _ gradients: SpaceCodebook<Scalar>?
  ) throws(TensorError) {
    try form?.check()
    let made = form.map { SpaceProduct(geometry, $0, products: configuration.products) }
    product = made
    adjoint = nil
    if let made, let gradients { adjoint = SpaceAdjoint(made, gradients: gradients) }
  }
}
