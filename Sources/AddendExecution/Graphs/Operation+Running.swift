internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

// The definitions of operations that take more than a line.

extension EmbeddingOperation {
  func run(_ x: Tensor<Scalar>, _ result: Shape) throws(TensorError) -> Tensor<Scalar> {
    var symbols = [Int32](repeating: 0, count: x.count)
    var span = symbols.mutableSpan
    if let stray = Scalar.indices(of: x.span, below: vocabulary, into: &span) {
      throw refusal(of: x.span[stray])
    }
    return Tensor(result) {
      Scalar.gatherRows(of: table.span, width: features, symbols.span, into: &$0)
    }
  }
}

extension RowNormalization {
  func run(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    var mean = Tensor<Scalar>([x.rows])
    var inverseDeviation = mean
    return Tensor(x.shape) { y in
      var means = mean.mutableSpan
      var inverses = inverseDeviation.mutableSpan
      Scalar.normalizeRows(
        x.span, epsilon: epsilon, scale: scale.span, shift: shift.span, into: &y, mean: &means,
        inverseDeviation: &inverses)
    }
  }
}

extension RecurrentOperation {
  /// Step by step: `cell(x_t W + b, h_{t−1} R)`.
  func run(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let (batch, time) = (x.shape[0], x.shape[1])
    var h = Tensor<Scalar>([batch, size])
    var memory = h
    var outputs = Tensor<Scalar>([batch, time, size])
    for step in 0..<time {
      let t = isReversed ? time - 1 - step : step
      let xt = Tensor<Scalar>([batch, inputSize]) {
        Scalar.copyBlocks(
          batch, length: inputSize, from: x.span,
          .init(first: t * inputSize, step: time * inputSize), to: &$0, .init(step: inputSize))
      }
      let input = Self.sum(xt, weights.input, weights.bias)
      let recurrent = Self.sum(h, weights.recurrent, weights.recurrentBias)
      (h, memory) = next(input, recurrent, h, memory)
      var span = outputs.mutableSpan
      Scalar.copyBlocks(
        batch, length: size, from: h.span, .init(step: size), to: &span,
        .init(first: t * size, step: time * size))
    }
    return returnsLast ? h : outputs
  }

  private func next(
    _ input: Tensor<Scalar>, _ recurrent: Tensor<Scalar>, _ h: Tensor<Scalar>,
    _ memory: Tensor<Scalar>
  ) -> (Tensor<Scalar>, Tensor<Scalar>) {
    var gates = input
    var nextMemory = memory
    let output = Tensor<Scalar>(h.shape) { output in
      switch unit {
      case .elman:
        Scalar.elmanStep(.exact, input: input.span, recurrent: recurrent.span, output: &output)
      case .lstm:
        var first = gates.mutableSpan
        var second = nextMemory.mutableSpan
        Scalar.lstmStep(
          .exact, size: size, input: input.span, recurrent: recurrent.span, memory: memory.span,
          gates: &first, nextMemory: &second, output: &output)
      case .gru:
        var first = gates.mutableSpan
        Scalar.gruStep(
          .exact, size: size, input: input.span, recurrent: recurrent.span, state: h.span,
          gates: &first,
          output: &output)
      }
    }
    return (output, nextMemory)
  }

  private static func sum(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?
  ) -> Tensor<Scalar> {
    var y = matmul(x, weight)
    guard let bias else { return y }
    var span = y.mutableSpan
    Scalar.addRow(bias.span, toEachRowOf: &span)
    return y
  }
}
