public import AddendTensors

/// `y = x W` through look-ups: each block of a row becomes one of a few codes, and the results of
/// every code, multiplied beforehand, are added up (product quantization).
///
/// `y[r, :] = Σ_j T[j, c(j, r), :]`, where `c(j, r)` is the code of block `j` of row `r`. In training
/// `T[j, k, :] = P[j, k] W[j] + R[j, k, :]`: the prototypes `P` stand for the blocks, `W` is the
/// latent matrix, and the corrections `R`, zero at first, are what a code is worth beyond that. Once
/// frozen, `T` is int8 with a scale and an offset per output, the sums are integers, and no products
/// are left but one per output.
///
/// Shapes: `W` `[inputSize, outputSize]`, `P` `[stages · blocks, codewords, block]`, `R` and `T` `[stages
/// · blocks, codewords, outputSize]`. A last block that is not full is padded, and counts as a whole one.
///
/// With two stages a block has two codes, the second for what the first one's prototype leaves of it, and
/// the entries of both add up. The second tree compares differences with thresholds; the prototype is
/// added to those beforehand, so that running it takes comparisons only.
///
/// Encoders compare and at most add. They are learned from rows that training sees, with their
/// prototypes as the buckets' means, and again as activations drift (`LookupSchedule`); codes that
/// have died come back to life then. Corrections move over to the new codes by the rows they share.
/// Until the first encoder is learned the products are exact.
///
/// Gradients, codes held fixed: `dR[j, k, :] = S[j, k, :]`, the sum of `dy` over the rows with the
/// code; `dW[j] = Σ_k P[j, k]ᵀ S[j, k, :]` and `dP[j, k] = S[j, k, :] W[j]ᵀ`. Towards the input the
/// encoder passes straight through, and inputs commit to their prototypes a little:
/// `dx = dy Wᵀ + (β / rows) (x − P[c])`, the product exact or itself by look-ups (`GradientCoder`).
/// (Tried and lost on validation images of Fashion-MNIST: prototypes as moving averages of their
/// buckets instead of trained ones.)
///
/// Cost per row, frozen, with `b` tables of `2^l` codewords, one for each block and stage, and `m`
/// outputs: `b l` comparisons (and a hash's sums), `b m` look-ups, `(b − 1) m + m` additions and `m`
/// multiplications. Before freezing, `forward` does without the last `m` of both but builds its tables
/// at every call, a few blocks at a time where they are summed: `2^l · inputSize · m` multiplications
/// for all rows together, and twice that for the gradients of a training step.
///
/// Blalock & Guttag, *Multiplying Matrices Without Multiplying*, ICML 2021 (encoder); Tang et al.,
/// *LUT-NN*, MobiCom 2023 (training through the codes); int8 tables are centred per block and exact
/// in their sums, where the former averages.
public struct LookupMap<Scalar: TensorScalar>: LinearMap {
  public let inputSize: Int
  public let outputSize: Int
  let settings: LookupConfiguration
  let layout: BlockLayout
  // One of the two is there.
  var training: LookupTraining<Scalar>?
  var frozen: FrozenLookup<Scalar>?

  /// What `backward` needs: the input, and its codes once products are no longer exact.
  public struct Residuals: Sendable {
    let input: Tensor<Scalar>
    let codes: LookupCodes?
  }

  /// A map that starts from `weight: [inputSize, outputSize]`.
  public init(_ settings: LookupConfiguration, _ role: MapRole, weight: Tensor<Scalar>) {
    precondition(weight.shape == [role.inputSize, role.outputSize], "a weight fits its role")
    inputSize = role.inputSize
    outputSize = role.outputSize
    self.settings = settings
    layout = BlockLayout(role, blockSize: settings.block, form: settings.layout)
    training = LookupTraining(settings, layout, weight: weight)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "lookup map")
    if let frozen { return frozen.forward(x) }
    return part.forward(x)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "lookup map")
    guard let result = training?.trainingForward(x) else {
      throw .notTrainable(operation: "lookup map", reason: "it is frozen to int8 tables")
    }
    return result
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    guard let dx = training?.inputGradient(dy, residuals) else {
      preconditionFailure("no trainingForward came before")
    }
    parameterBackward(dy, residuals)
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    training?.addGradients(dy, residuals)
  }

  public mutating func prepare(for progress: TrainingProgress) {
    training?.prepare(for: progress)
  }

  /// Learns the encoder from `x: [rows, inputSize]` now: what a conversion after training does.
  /// - Throws: `TensorError.shapeMismatch`; `TensorError.notTrainable` once frozen.
  public mutating func learnEncoder(from x: Tensor<Scalar>) throws(TensorError) {
    try checkInput(x, of: "lookup map")
    guard training != nil else {
      throw .notTrainable(operation: "lookup map", reason: "it is frozen to int8 tables")
    }
    training?.learn(from: x)
  }

  /// Turns the tables into int8. A map that has seen no rows learns its encoder from normal ones.
  public mutating func freeze() {
    guard var last = training.take() else { return }
    last.learnIfNeeded()
    frozen = FrozenLookup(last.encoder, tables: last.builtTables())
  }

  /// The latent matrix `W`; once frozen, the matrix that explains the tables best
  /// (`FrozenLookup.effectiveWeight`).
  public var exactTwin: ExactMap<Scalar> {
    if let frozen { return ExactMap(weight: frozen.effectiveWeight) }
    return ExactMap(weight: part.weight)
  }

  /// Of a frozen map whose encoders are trees.
  public var lookupTables: LookupTables? { frozen?.lookupTables }

  /// Of the frozen form, frozen or not.
  public var cost: OperationCount {
    let encoder = frozen?.encoder ?? part.encoder
    let number = MemoryLayout<Scalar>.size
    let sums = layout.count * encoder.stages * outputSize
    let trees = layout.count * (encoder.depth + number << encoder.depth)
    return encoder.cost
      + OperationCount(
        multiplications: outputSize, additions: sums, lookups: sums,
        bytesRead: inputSize * number + trees + 2 * outputSize * number,
        bytesWritten: outputSize * number)
  }

  /// The training form of a map that is not frozen.
  private var part: LookupTraining<Scalar> {
    guard let training else { preconditionFailure("a map that is not frozen is in training") }
    return training
  }

  /// Visits first whether the map is frozen: a fresh map takes on the form that it is told.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    if visitor.visit(frozen == nil ? .training : .frozen, of: "lookup map") == .frozen {
      if frozen == nil {
        frozen = FrozenLookup(settings.makeEncoder(layout), outputs: outputSize)
        training = nil
      }
    } else if training == nil {
      training = LookupTraining(
        settings, layout, weight: Tensor([inputSize, outputSize]))
      frozen = nil
    }
    training?.visit(&visitor)
    frozen?.visit(&visitor)
  }
}
