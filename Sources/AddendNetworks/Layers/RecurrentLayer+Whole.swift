internal import AddendKernels
internal import AddendLinear
internal import AddendTensors

// Passes over whole sequences at once, for exact maps and scalars that have kernels for them.
extension RecurrentLayer {
  /// The kernels and what they multiply by, where they may take the place of the maps.
  private var whole: (recurrence: any WholeRecurrence<Scalar>, weights: RecurrentWeights<Scalar>)? {
    guard let recurrence = Scalar.wholeRecurrence, let weights = exactWeights else { return nil }
    return (recurrence, weights)
  }

  /// What the layer multiplies by, where its maps and functions are exact.
  var exactWeights: RecurrentWeights<Scalar>? {
    guard Cell.hasExactFunctions, let input = inputMap.exactWeight,
      let recurrent = recurrentMap.exactWeight
    else { return nil }
    return RecurrentWeights(
      input: input, recurrent: recurrent, bias: bias.value, recurrentBias: recurrentBias?.value)
  }

  /// All steps, or `nil` where they go one by one.
  func runWhole(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>, keeps: Bool
  ) throws(TensorError) -> (output: Tensor<Scalar>, record: RecurrentRecord<Scalar>)? {
    guard let (recurrence, weights) = whole else { return nil }
    let (batch, time) = (x.shape[0], x.shape[1])
    let start = try context.takeState(batch: batch, size: size + memorySize)
    let sequence = RecurrentSequence(
      Cell.unit, batch: batch, time: time, inputSize: x.shape[2], size: size,
      isReversed: traits.isReversed, lengths: context.lengths)
    let (record, end) = recurrence.forward(sequence, x: x, start: start, weights, keeps: keeps)
    context.leaveState(end)
    return (traits.returns == .sequence ? record.output : end.columns(0..<size), record)
  }

  /// Goes back through all steps; returns `dx` where it is wanted.
  mutating func wholeGradient(
    _ dy: Tensor<Scalar>, _ record: consuming RecurrentRecord<Scalar>, wantsInput: Bool
  ) -> Tensor<Scalar>? {
    guard let (recurrence, weights) = whole else {
      preconditionFailure("maps stay what they are between a pass and its way back")
    }
    var record = record
    let dx = recurrence.backward(dy, &record, weights, wantsInput: wantsInput)
    inputMap.addExactGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      recurrence.weightGradient(record, recurrent: false, accumulates: accumulates, into: &span)
    }
    recurrentMap.addExactGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      recurrence.weightGradient(record, recurrent: true, accumulates: accumulates, into: &span)
    }
    bias.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      recurrence.biasGradient(record, recurrent: false, accumulates: accumulates, into: &span)
    }
    recurrentBias?.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      recurrence.biasGradient(record, recurrent: true, accumulates: accumulates, into: &span)
    }
    return dx
  }
}
