internal import AddendKernels
internal import AddendTensors

/// Multiplies gradients by a transposed weight through look-ups: `dx ≈ dy Wᵀ`.
///
/// Each row of `dy` is brought into [−1, 1] by a power of two, cut into blocks, and each block replaced
/// by its code's prototype `Q`: `dx[r, :] = 2^e(r) Σ_j U[j, c(j, r), :]` with `U[j, k, :] = Q[j, k]
/// W[:, j]ᵀ`. Prototypes are their buckets' means, so that coding does not lean to a side, but for the
/// bucket of zero, whose prototype is zero: what a rectifier let through nothing of gets nothing.
///
/// Cost for one row of `m` outputs in `b` blocks of `K` codewords, towards `n` inputs: `b log2 K`
/// comparisons, `b n` look-ups and additions, `m + n` multiplications by powers of two; the tables take
/// `K m n` multiplications for all rows together.
struct GradientCoder<Scalar: TensorScalar>: Sendable {
  private var encoder: LookupEncoder<Scalar>
  /// `[blocks, entries, blockSize]`.
  private var prototypes: Tensor<Scalar>
  private var isLearned = false
  private var samples: LookupSamples<Scalar>

  init(outputs: Int, blockSize: Int, levels: Int) {
    let layout = BlockLayout(
      MapRole(inputSize: outputs, outputSize: 1), blockSize: min(blockSize, outputs), form: .flat)
    encoder = LookupEncoder(.tree, layout, levels: levels)
    prototypes = Tensor([layout.count, encoder.entries, layout.blockSize])
    samples = LookupSamples(width: outputs)
  }

  private var layout: BlockLayout { encoder.layout }

  /// `dy Wᵀ` for `dy: [rows, outputs]` and `W: [inputs, outputs]`; `nil` until there is an encoder.
  func product(_ dy: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar>? {
    guard isLearned else { return nil }
    let (scaled, scales) = Self.scaled(dy)
    let codes = encoder.encode(scaled)
    let shape = encoder.shape(rows: codes.rows, outputs: weight.shape[0])
    var dx = Tensor<Scalar>([codes.rows, shape.outputs]) {
      let factors = LookupFactors(
        corrections: Span(), prototypes: prototypes.span, positions: layout.positions.span,
        weight: weight.span, transposesWeight: true)
      Scalar.sumEntries(of: factors, at: codes.span, shape, into: &$0)
    }
    var span = dx.mutableSpan
    Scalar.scaleRows(&span, by: scales.span)
    return dx
  }

  private static func scaled(
    _ dy: Tensor<Scalar>
  ) -> (rows: Tensor<Scalar>, scales: Tensor<Scalar>) {
    var scales = Tensor<Scalar>([dy.shape[0]])
    let rows = Tensor<Scalar>(dy.shape) { rows in
      var span = scales.mutableSpan
      Scalar.scaleRowsToOne(dy.span, into: &rows, scales: &span)
    }
    return (rows, scales)
  }

  mutating func start() { samples.start() }

  mutating func take(_ dy: Tensor<Scalar>) { _ = samples.take(Self.scaled(dy).rows) }

  /// Learns from what has been taken, if there is enough; a network's first layer never sees any.
  mutating func learn() {
    defer { samples.clear() }
    guard samples.count >= 8 * encoder.entries else { return }
    let rows = samples.taken
    encoder.learn(from: rows)
    let codes = encoder.encode(rows)
    let shape = encoder.shape(rows: codes.rows, outputs: 1)
    prototypes = Tensor(prototypes.shape) {
      Scalar.bucketMeans(
        of: rows.span, by: codes.span, positions: layout.positions.span, shape, into: &$0)
    }
    let zeros = encoder.encode(Tensor([1, layout.inputSize])).elements
    let (entries, size) = (encoder.entries, layout.blockSize)
    var span = prototypes.mutableSpan
    for (j, code) in zeros.enumerated() {
      let first = (j * entries + Int(code)) * size
      for i in first..<first + size { span[i] = .zero }
    }
    isLearned = true
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>, isCollecting: Bool) {
    encoder.visit(&visitor)
    visitor.visit(&prototypes, named: "prototypes")
    var state = IntegerState(.int64, [2], [isLearned ? 1 : 0, samples.count])
    visitor.visit(&state, named: "state")
    visitor.afterReplacing { () throws(TensorError) in
      let ranges = [0...1, 0...LookupSchedule.wantedSamples]
      guard zip(state.values, ranges).allSatisfy({ $1.contains($0) }) else {
        throw .invalidValue(
          operation: "lookup map", argument: "gradient coder", expected: "a flag and a count",
          found: "\(state.values)")
      }
      isLearned = state.values[0] != 0
    }
    let count = min(max(0, state.values[1]), LookupSchedule.wantedSamples)
    samples.visit(&visitor, isCollecting: isCollecting, count: count)
  }
}
