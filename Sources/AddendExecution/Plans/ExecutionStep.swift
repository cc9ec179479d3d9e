internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// Where numbers are: in the caller's input, or a part of the arena.
enum Place: Hashable, Sendable {
  case input
  case arena(Range<Int>)
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
    case averagePool(ConvolutionGeometry)
    case subsample(Subsampling)
    case layer(any LayerSlot<Float>, Shape)
  }

  let name: String
  let work: Work
  let inputs: [Place]
  let output: Range<Int>

  /// - Throws: as a layer does that stayed whole.
  func run(_ arena: AlignedBuffer<Float>, _ input: Span<Float>) throws(TensorError) {
    let x = operand(0, arena, input)
    // The plan keeps what is read and what is written apart.
    var whole = arena.uniqueSpan
    var y = whole._mutatingExtracting(output)
    switch work {
    case .linear(let kernel, let scratch, let addsInput):
      var all = arena.uniqueSpan
      var memory = all._mutatingExtracting(scratch)
      if addsInput {
        kernel.run(x, adding: operand(1, arena, input), scratch: &memory, into: &y)
      } else {
        kernel.run(x, adding: nil, scratch: &memory, into: &y)
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
    case .averagePool(let geometry): Float.averagePool(x, geometry, into: &y)
    case .subsample(let subsampling): Float.subsample(x, subsampling, into: &y)
    case .layer(let layer, let shape):
      var context = PassContext<Float>()
      let result = try layer.forward(Tensor(shape) { Self.copy(x, to: &$0) }, &context)
      Self.copy(result.span, to: &y)
    }
  }

  @_lifetime(borrow arena, copy input)
  private func operand(
    _ index: Int, _ arena: AlignedBuffer<Float>, _ input: Span<Float>
  ) -> Span<Float> {
    switch inputs[index] {
    case .input: input
    case .arena(let range): arena.span.extracting(range)
    }
  }

  static func copy(_ x: Span<Float>, to y: inout MutableSpan<Float>) {
    Float.copyBlocks(1, length: x.count, from: x, .init(step: 0), to: &y, .init(step: 0))
  }
}

/// A scaling and a shift of channels in float32.
struct RoundedAffine: Sendable {
  private let zeros, scale, ones, shift: Tensor<Float>

  init(_ affine: ChannelAffine) {
    let width = affine.scale.count
    zeros = Tensor([width])
    ones = Tensor([width], repeating: 1)
    scale = Tensor([width], affine.scale.map { Float($0) })
    shift = Tensor([width], affine.shift.map { Float($0) })
  }

  /// `y = ((x − 0) · scale) · 1 + shift`: the kernel of normalisation.
  func apply(to x: Span<Float>, into y: inout MutableSpan<Float>) {
    Float.normalize(
      x, mean: zeros.span, inverseDeviation: scale.span, scale: ones.span, shift: shift.span,
      into: &y)
  }
}
