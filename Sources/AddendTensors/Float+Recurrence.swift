public import AddendKernels

extension Float {
  public static var wholeRecurrence: (any WholeRecurrence<Float>)? { FloatRecurrence() }
}

/// Recurrent layers over whole sequences through kernels.
public struct FloatRecurrence: WholeRecurrence {
  private let kernels: RecurrentKernels

  public init(_ kernels: RecurrentKernels = .best) { self.kernels = kernels }

  public func forward(
    _ sequence: RecurrentSequence, x: Tensor<Float>, start: Tensor<Float>,
    _ weights: RecurrentWeights<Float>, keeps: Bool
  ) -> (record: RecurrentRecord<Float>, end: Tensor<Float>) {
    var memory = Tensor<Float>([kernels.memoryCount(sequence, keeps: keeps)]) { _ in }
    var gates = Tensor<Float>([kernels.gateCount(sequence, keeps: keeps)]) { _ in }
    var end = Tensor<Float>(start.shape) { _ in }
    let input = x.span
    let steps = start.span
    let output = Tensor<Float>([sequence.batch, sequence.time, sequence.size]) { output in
      var first = memory.mutableSpan
      var second = gates.mutableSpan
      var third = end.mutableSpan
      kernels.forward(
        sequence, keeps: keeps, x: input, start: steps, weights: weights.operands, memory: &first,
        gates: &second, output: &output, end: &third)
    }
    return (
      RecurrentRecord(
        sequence: sequence, x: x, start: start, output: output, memory: memory, gates: gates), end
    )
  }

  public func backward(
    _ dy: Tensor<Float>, _ record: inout RecurrentRecord<Float>,
    _ weights: RecurrentWeights<Float>, wantsInput: Bool
  ) -> Tensor<Float>? {
    var gates = record.gates
    record.gates = Tensor([0])
    var dx = Tensor<Float>(wantsInput ? record.x.shape : [0]) { _ in }
    do {
      var first = gates.mutableSpan
      var second = dx.mutableSpan
      kernels.backward(
        record.sequence, x: record.x.span, start: record.start.span, output: record.output.span,
        memory: record.memory.span, weights: weights.operands, outputGradient: dy.span,
        ofLastOnly: dy.shape.rank == 2, gates: &first, inputGradient: &second)
    }
    record.gates = gates
    return wantsInput ? dx : nil
  }

  public func weightGradient(
    _ record: RecurrentRecord<Float>, recurrent: Bool, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    kernels.weightGradient(
      record.sequence, recurrent: recurrent, x: record.x.span, start: record.start.span,
      output: record.output.span, gates: record.gates.span, accumulates: accumulates,
      into: &gradient)
  }

  public func biasGradient(
    _ record: RecurrentRecord<Float>, recurrent: Bool, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    kernels.biasGradient(
      record.sequence, recurrent: recurrent, gates: record.gates.span, accumulates: accumulates,
      into: &gradient)
  }
}

extension RecurrentWeights where Scalar == Float {
  /// The weights as the kernels take them.
  public var operands: RecurrentOperands {
    @_lifetime(borrow self) get {
      RecurrentOperands(
        input: input.span, recurrent: recurrent.span, bias: bias.span,
        recurrentBias: recurrentBias?.span)
    }
  }
}
