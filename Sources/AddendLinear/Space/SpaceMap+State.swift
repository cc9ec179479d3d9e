internal import AddendTensors

extension SpaceMap {
  /// How far a map has come; decides which state it has.
  enum Phase: Int {
    /// Exact products; samples for codebooks are collected.
    case warmup
    /// Tables, and a latent weight that is trained through them.
    case tables
    /// Codes and codebooks only.
    case frozen
  }

  var phase: Phase { product == nil ? .warmup : latent == nil ? .frozen : .tables }

  /// Visits the phase, then all state that a map has in it.
  ///
  /// A visitor may put a map into another phase: state of that phase is then there to be visited, so
  /// that a freshly made map can be filled from a file.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    var stage = IntegerState(.uint8, [1], [phase.rawValue])
    visitor.visit(&stage, named: "phase")
    enter(Phase(rawValue: stage.values[0]) ?? .warmup)
    latent?.visit(&visitor)
    if latent != nil { visitCounters(&visitor) }
    samples?.inputs.visit(&visitor, named: "inputSamples")
    samples?.gradients.visit(&visitor, named: "gradientSamples")
    let isStale = product?.visit(&visitor) ?? false
    if let product { adjoint?.visit(&visitor, product: product, isStale: isStale) }
  }

  private mutating func visitCounters(_ visitor: inout some StateVisitor<Scalar>) {
    var counters = IntegerState(
      .int64, [4],
      [
        steps, samples?.inputs.taken ?? 0, samples?.gradients.taken ?? 0,
        Int(bitPattern: UInt(random.state)),
      ])
    visitor.visit(&counters, named: "counters")
    steps = counters.values[0]
    samples?.inputs.taken = max(0, counters.values[1])
    samples?.gradients.taken = max(0, counters.values[2])
    random.state = UInt64(UInt(bitPattern: counters.values[3]))
  }

  /// Makes room for the state of `phase`, whose numbers a visitor is about to bring.
  private mutating func enter(_ phase: Phase) {
    guard phase != self.phase else { return }
    let blank = SpaceProduct<Scalar>(
      geometry, vectors: configuration.vectors, matrices: configuration.matrices)
    product = phase == .warmup ? nil : blank
    samples = phase == .warmup ? Self.noSamples(geometry) : nil
    latent =
      phase == .frozen
      ? nil : latent ?? ExactMap(weight: Tensor([geometry.inputSize, geometry.outputSize]))
    adjoint =
      phase == .tables
      ? SpaceAdjoint(
        blank,
        gradients: SpaceCodebook(words: configuration.gradients, dimension: geometry.rows)) : nil
  }
}
