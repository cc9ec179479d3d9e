internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// Where numbers are: in the caller's input, in a part of the arena, or where the caller wants the
/// result.
enum Place: Hashable, Sendable {
  case input
  case arena(Range<Int>)
  case result
}

/// One operation with its operands' places: all that a run needs.
struct ExecutionStep: Sendable {
  enum Work: Sendable {
    case linear(any LinearKernel, scratch: Range<Int>, addsInput: Bool)
    case affine(RoundedAffine)
    case activation(ActivationFunction)
    case sum(rectifies: Bool)
    /// The inputs' widths on the last axis.
    case concatenation([Int])
    case maxPool(ConvolutionGeometry)
    case averagePool(ConvolutionGeometry, factors: AlignedBuffer<Float>)
    case subsample(Subsampling)
    case embedding(EmbeddingOperation<Float>, symbols: AlignedBuffer<Int32>)
    case recurrent(RecurrentPass, scratchAt: Int)
    case rowNormalization(RowNormalization<Float>, mean: Range<Int>, inverseDeviation: Range<Int>)
    case blend
    case layer(any LayerSlot<Float>, Shape)
    case bytes(ByteStep, scratch: Range<Int>, addsInput: Bool)
  }

  let name: String
  let work: Work
  let inputs: [Place]
  /// Not the input.
  let output: Place

  /// Runs the step; `result` is the caller's.
  /// - Throws: as an embedding or a layer does that stayed whole.
  func run(
    _ arena: AlignedBuffer<Float>, _ input: Span<Float>, result: inout MutableSpan<Float>
  ) throws(TensorError) {
    switch output {
    case .input: preconditionFailure("a step writes no operand")
    case .result: try run(arena, input, into: &result)
    case .arena(let range):
      // The plan keeps what is read and what is written apart.
      var whole = arena.uniqueSpan
      var y = whole._mutatingExtracting(range)
      try run(arena, input, into: &y)
    }
  }

  private func run(
    _ arena: AlignedBuffer<Float>, _ input: Span<Float>, into y: inout MutableSpan<Float>
  ) throws(TensorError) {
    let x = operand(0, arena, input)
    switch work {
    case .linear(let kernel, let scratch, let addsInput):
      var all = arena.uniqueSpan
      var memory = all._mutatingExtracting(scratch)
      if addsInput {
        kernel.run(x, adding: operand(1, arena, input), scratch: &memory, into: &y)
      } else {
        kernel.run(x, adding: nil, scratch: &memory, into: &y)
      }
    case .bytes(let step, let scratch, let addsInput):
      var all = arena.uniqueSpan
      var memory = all._mutatingExtracting(scratch)
      if addsInput {
        step.run(x, adding: operand(1, arena, input), scratch: &memory, into: &y)
      } else {
        step.run(x, adding: nil, scratch: &memory, into: &y)
      }
    case .affine(let affine): affine.apply(to: x, into: &y)
    case .activation(let function): Float.activate(function, x, into: &y)
    case .sum(let rectifies):
      Self.copy(x, to: &y)
      for i in 1..<inputs.count {
        FloatKernels.best.finish(
          &y, columns: y.count, bias: nil, residual: operand(i, arena, input),
          rectifies: rectifies && i + 1 == inputs.count)
      }
    case .concatenation(let widths):
      let width = widths.reduce(0, +)
      var first = 0
      for (i, part) in widths.enumerated() where width > 0 {
        Float.copyBlocks(
          y.count / width, length: part, from: operand(i, arena, input), .init(step: part),
          to: &y, .init(first: first, step: width))
        first += part
      }
    case .maxPool(let geometry): FloatKernels.best.maxPool(x, geometry, into: &y)
    case .averagePool(let geometry, let factors):
      FloatKernels.best.averagePool(x, geometry, factors: factors.span, into: &y)
    case .subsample(let subsampling): Float.subsample(x, subsampling, into: &y)
    case .embedding(let embedding, let symbols):
      var span = symbols.uniqueSpan
      if let stray = Float.indices(of: x, below: embedding.vocabulary, into: &span) {
        throw embedding.refusal(of: x[stray])
      }
      Float.gatherRows(
        of: embedding.table.span, width: embedding.features, symbols.span, into: &y)
    case .recurrent(let pass, let first): pass.run(x, arena, scratchAt: first, into: &y)
    case .rowNormalization(let normalization, let mean, let inverseDeviation):
      Self.normalize(x, normalization, arena, mean, inverseDeviation, into: &y)
    case .blend:
      Float.blend(x, operand(1, arena, input), share: operand(2, arena, input), into: &y)
    case .layer(let layer, let shape):
      var context = PassContext<Float>()
      let result = try layer.forward(Tensor(shape) { Self.copy(x, to: &$0) }, &context)
      Self.copy(result.span, to: &y)
    }
  }

  private static func normalize(
    _ x: Span<Float>, _ normalization: RowNormalization<Float>, _ arena: AlignedBuffer<Float>,
    _ mean: Range<Int>, _ inverseDeviation: Range<Int>, into y: inout MutableSpan<Float>
  ) {
    var first = arena.uniqueSpan
    var second = arena.uniqueSpan
    var means = first._mutatingExtracting(mean)
    var inverses = second._mutatingExtracting(inverseDeviation)
    Float.normalizeRows(
      x, epsilon: normalization.epsilon, scale: normalization.scale.span,
      shift: normalization.shift.span, into: &y, mean: &means, inverseDeviation: &inverses)
  }

  @_lifetime(borrow arena, copy input)
  private func operand(
    _ index: Int, _ arena: AlignedBuffer<Float>, _ input: Span<Float>
  ) -> Span<Float> {
    switch inputs[index] {
    case .input: input
    case .arena(let range): arena.span.extracting(range)
    case .result: preconditionFailure("a step reads no result of the network")
    }
  }

  static func copy(_ x: Span<Float>, to y: inout MutableSpan<Float>) {
    Float.copyBlocks(1, length: x.count, from: x, .init(step: 0), to: &y, .init(step: 0))
  }
}

/// A scaling and a shift of channels in float32.
struct RoundedAffine: Sendable {
  private let zeros, scale, shift: Tensor<Float>

  init(_ affine: ChannelAffine) {
    let width = affine.scale.count
    zeros = Tensor([width])
    scale = Tensor([width], affine.scale.map { Float($0) })
    shift = Tensor([width], affine.shift.map { Float($0) })
  }

  /// `y = (x − 0) · scale + shift`: the kernel of normalisation.
  func apply(to x: Span<Float>, into y: inout MutableSpan<Float>) {
    FloatKernels.best.normalize(
      x, mean: zeros.span, slope: scale.span, shift: shift.span, into: &y)
  }
}
