import AddendKernels
import AddendTensors
import AddendTestSupport
import Foundation
import Testing

/// A recurrent layer's pass and its gradients, row after row and step after step, in Double: what the
/// kernels for whole sequences are to compute.
private struct StepByStep {
  let sequence: RecurrentSequence
  let weights: RecurrentWeights<Double>
  let x, start: Tensor<Double>
  private(set) var output, end: Tensor<Double>
  private(set) var dx, inputGradient, recurrentGradient, biasGradient,
    recurrentBiasGradient: Tensor<Double>

  private struct Step {
    let t: Int
    let output, memory: Tensor<Double>
    let recurrent, gates, nextOutput, nextMemory: Tensor<Double>
  }

  init(_ case: RecurrenceCase) {
    let s = `case`.sequence
    sequence = s
    let weights = `case`.weights
    self.weights = RecurrentWeights(
      input: Tensor(weights.input), recurrent: Tensor(weights.recurrent),
      bias: Tensor(weights.bias), recurrentBias: weights.recurrentBias.map { Tensor($0) })
    (x, start) = (Tensor(`case`.x), Tensor(`case`.start))
    output = Tensor([s.batch, s.time, s.size])
    end = Tensor(`case`.start)
    dx = Tensor(x.shape)
    inputGradient = Tensor(weights.input.shape)
    recurrentGradient = Tensor(weights.recurrent.shape)
    biasGradient = Tensor(weights.bias.shape)
    recurrentBiasGradient = Tensor(weights.bias.shape)
    let dy = Tensor<Double>(`case`.dy)
    for row in 0..<s.batch { run(row, dy, ofLastOnly: `case`.returnsLast) }
  }

  private mutating func run(_ row: Int, _ dy: Tensor<Double>, ofLastOnly: Bool) {
    let (s, size) = (sequence, sequence.size)
    var h = numbers(start, row * s.stateSize, size)
    var memory =
      s.unit.hasMemory ? numbers(start, row * s.stateSize + size, size) : Tensor<Double>([1, 0])
    let length = s.lengths?[row] ?? s.time
    var steps: [Step] = []
    for t in s.isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
      let input = sum(
        product(numbers(x, (row * s.time + t) * s.inputSize, s.inputSize), weights.input),
        weights.bias)
      var recurrent = product(h, weights.recurrent)
      if let bias = weights.recurrentBias { recurrent = sum(recurrent, bias) }
      let step = step(t, input, recurrent, h, memory)
      steps.append(step)
      (h, memory) = (step.nextOutput, step.nextMemory)
      put(h, into: &output, (row * s.time + t) * size)
    }
    put(h, into: &end, row * s.stateSize)
    put(memory, into: &end, row * s.stateSize + size)
    var (dh, ds) = (Tensor<Double>([1, size]), Tensor<Double>(memory.shape))
    for (number, step) in steps.enumerated().reversed() {
      if !ofLastOnly {
        dh = sum(dh, numbers(dy, (row * s.time + step.t) * size, size))
      } else if number == steps.count - 1 {
        dh = sum(dh, numbers(dy, row * size, size))
      }
      let (inner, recurrent) = gradients(step, &dh, &ds)
      let place = (row * s.time + step.t) * s.inputSize
      put(product(inner, weights.input, transposed: true), into: &dx, place)
      dh = sum(dh, product(recurrent, weights.recurrent, transposed: true))
      accumulate(numbers(x, place, s.inputSize), inner, &inputGradient)
      accumulate(step.output, recurrent, &recurrentGradient)
      biasGradient = sum(biasGradient, inner)
      recurrentBiasGradient = sum(recurrentBiasGradient, recurrent)
    }
  }

  private func step(
    _ t: Int, _ input: Tensor<Double>, _ recurrent: Tensor<Double>, _ h: Tensor<Double>,
    _ memory: Tensor<Double>
  ) -> Step {
    var gates = Tensor<Double>(input.shape)
    var (next, nextMemory) = (Tensor<Double>(h.shape), memory)
    var first = gates.mutableSpan
    var second = next.mutableSpan
    switch sequence.unit {
    case .elman:
      Double.elmanStep(.exact, input: input.span, recurrent: recurrent.span, output: &second)
    case .gru:
      Double.gruStep(
        .exact, size: sequence.size, input: input.span, recurrent: recurrent.span, state: h.span,
        gates: &first, output: &second)
    case .lstm:
      var third = nextMemory.mutableSpan
      Double.lstmStep(
        .exact, size: sequence.size, input: input.span, recurrent: recurrent.span,
        memory: memory.span,
        gates: &first, nextMemory: &third, output: &second)
    }
    return Step(
      t: t, output: h, memory: memory, recurrent: recurrent, gates: gates, nextOutput: next,
      nextMemory: nextMemory)
  }

  /// The gradients of the two sums; `dh` becomes what reaches the state before by other ways.
  private func gradients(
    _ step: Step, _ dh: inout Tensor<Double>, _ ds: inout Tensor<Double>
  ) -> (Tensor<Double>, Tensor<Double>) {
    var inner = Tensor<Double>(step.gates.shape)
    var first = inner.mutableSpan
    let outputGradient = dh
    dh = Tensor(dh.shape)
    switch sequence.unit {
    case .elman:
      let y = step.nextOutput
      Double.activationGradient(
        .tanh, x: y.span, y: y.span, dy: outputGradient.span, into: &first)
      return (inner, inner)
    case .lstm:
      var second = ds.mutableSpan
      Double.lstmStepGradient(
        .exact, size: sequence.size, gates: step.gates.span, memory: step.memory.span,
        nextMemory: step.nextMemory.span, outputGradient: outputGradient.span,
        memoryGradient: &second, gateGradient: &first)
      return (inner, inner)
    case .gru:
      var recurrent = Tensor<Double>(step.gates.shape)
      var second = dh.mutableSpan
      var third = recurrent.mutableSpan
      Double.gruStepGradient(
        size: sequence.size, gates: step.gates.span, recurrent: step.recurrent.span,
        state: step.output.span, outputGradient: outputGradient.span, stateGradient: &second,
        inputGradient: &first, recurrentGradient: &third)
      return (inner, recurrent)
    }
  }

  private func numbers(_ tensor: Tensor<Double>, _ first: Int, _ count: Int) -> Tensor<Double> {
    let span = tensor.span
    return Tensor([1, count]) { part in for i in 0..<count { part[i] = span[first + i] } }
  }

  private func put(_ part: Tensor<Double>, into whole: inout Tensor<Double>, _ first: Int) {
    var span = whole.mutableSpan
    for i in 0..<part.count { span[first + i] = part.span[i] }
  }

  private func sum(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    Tensor(a.shape) { part in for i in 0..<a.count { part[i] = a.span[i] + b.span[i] } }
  }

  private func product(
    _ a: Tensor<Double>, _ b: Tensor<Double>, transposed: Bool = false
  ) -> Tensor<Double> {
    let n = b.shape[transposed ? 0 : 1]
    return Tensor([1, n]) {
      Double.gemm(
        GEMMShape(m: 1, n: n, k: a.count, transposesB: transposed), a.span, b.span, &$0)
    }
  }

  private func accumulate(
    _ a: Tensor<Double>, _ b: Tensor<Double>, _ gradient: inout Tensor<Double>
  ) {
    var span = gradient.mutableSpan
    Double.gemm(
      GEMMShape(m: a.count, n: b.count, k: 1, accumulates: true), a.span, b.span, &span)
  }
}

/// A pass on numbers drawn at random.
private struct RecurrenceCase: CustomStringConvertible {
  let sequence: RecurrentSequence
  let weights: RecurrentWeights<Float>
  let x, start, dy: Tensor<Float>
  let returnsLast: Bool

  var description: String {
    let s = sequence
    return "\(s.unit) \(s.inputSize)→\(s.size), \(s.batch)×\(s.time), "
      + "lengths \(String(describing: s.lengths)), reversed \(s.isReversed), last \(returnsLast)"
  }

  init(
    _ unit: RecurrentUnit, batch: Int, time: Int, inputSize: Int, size: Int, variant: Int
  ) {
    var random = RandomSource(seed: UInt64(1000 * batch + 100 * time + 10 * size + variant))
    // A sequence of no steps and one of all are among the lengths.
    let lengths =
      variant & 1 == 0
      ? nil : (0..<batch).map { $0 < 2 ? $0 * time : Int.random(in: 0...time, using: &random) }
    sequence = RecurrentSequence(
      unit, batch: batch, time: time, inputSize: inputSize, size: size,
      isReversed: variant & 2 != 0, lengths: lengths)
    returnsLast = variant & 4 != 0
    let width = unit.gateCount * size
    func uniform(_ shape: Shape, _ limit: Double) -> Tensor<Float> {
      Tensor(shape) { span in
        for i in span.indices { span[i] = Float(Double.random(in: -limit...limit, using: &random)) }
      }
    }
    // No row or column of a weight has magnitudes that add up to more than 1.
    weights = RecurrentWeights(
      input: uniform([inputSize, width], 1 / Double(max(inputSize, width))),
      recurrent: uniform([size, width], 1 / Double(width)), bias: uniform([width], 1),
      recurrentBias: unit.hasRecurrentBias ? uniform([width], 1) : nil)
    x = uniform([batch, time, inputSize], 1)
    let hasState = variant & 8 == 0
    start = uniform([batch, sequence.stateSize], hasState ? 1 : 0)
    dy = uniform(returnsLast ? [batch, size] : [batch, time, size], 1)
  }

  /// What the kernels make of it: outputs, end, dx, dW, dR, db, db′.
  func run(_ set: InstructionSet, adding: Bool = false) -> [Tensor<Float>] {
    let recurrence = FloatRecurrence(RecurrentKernels(set))
    var (record, end) = recurrence.forward(sequence, x: x, start: start, weights, keeps: true)
    let output = record.output
    let dx = recurrence.backward(dy, &record, weights, wantsInput: true)
    var results = [output, end, dx ?? Tensor([0])]
    for (recurrent, weight) in [(false, weights.input), (true, weights.recurrent)] {
      results.append(
        Tensor(weight.shape) {
          if adding { $0.update(repeating: 1) }
          recurrence.weightGradient(
            record, recurrent: recurrent, accumulates: adding, into: &$0)
        })
    }
    for recurrent in sequence.unit.hasRecurrentBias ? [false, true] : [false] {
      results.append(
        Tensor(weights.bias.shape) {
          if adding { $0.update(repeating: 1) }
          recurrence.biasGradient(record, recurrent: recurrent, accumulates: adding, into: &$0)
        })
    }
    return results
  }

  static let all: [RecurrenceCase] = RecurrentUnit.allCases.flatMap { unit in
    [
      (1, 1, 1, 1), (7, 3, 5, 5), (7, 3, 3, 17), (13, 3, 18, 33), (3, 1, 2, 70), (1, 3, 4, 17),
      (2, 5, 4, 17), (4, 3, 5, 20),
    ]
    .flatMap { batch, time, inputSize, size in
      (0..<16).map {
        RecurrenceCase(
          unit, batch: batch, time: time, inputSize: inputSize, size: size, variant: $0)
      }
    }
  }
}

/// Weights' rows and columns add up to no more than 1 and the functions' slopes are no more than 1, so
/// an error of one step reaches the next undiminished at most, once by the output and once by the
/// memory; numbers of a sum of n products, each of at most 1, lose n units in the last place of their
/// sum of magnitudes. Memories grow by 1 a step at most, and gradients by the two ways' sum.
private func bound(_ s: RecurrentSequence, sums: Int, magnitude: Double) -> Double {
  let steps = Double(s.time * (s.time + 1))
  let depth = Double(sums + s.inputSize + s.unit.gateCount * s.size + 16)
  return depth * steps * max(1, magnitude) * 0x1p-24
}

/// Compares all results of the kernels with those of the steps.
private func check(
  _ test: RecurrenceCase, _ set: InstructionSet, against expected: StepByStep,
  at place: SourceLocation = #_sourceLocation
) {
  let references = [
    expected.output, expected.end, expected.dx, expected.inputGradient,
    expected.recurrentGradient, expected.biasGradient, expected.recurrentBiasGradient,
  ]
  let names = ["output", "end", "dx", "dW", "dR", "db", "db′"]
  for ((name, found), reference) in zip(zip(names, test.run(set)), references) {
    let magnitude = reference.elements.map(\.magnitude).max() ?? 0
    let limit = bound(
      test.sequence, sums: name.hasPrefix("d") ? test.sequence.rowCount : 0, magnitude: magnitude)
    let mismatch = mismatch(found.elements, reference.elements, within: limit)
    #expect(
      mismatch == nil, "\(set), \(test), \(name): \(mismatch ?? "")", sourceLocation: place)
  }
}

@Test(arguments: InstructionSet.available)
func wholeSequencesComputeWhatStepsDo(_ set: InstructionSet) {
  for test in RecurrenceCase.all { check(test, set, against: StepByStep(test)) }
}

/// So many weights that the products with x are taken for all steps first.
@Test func wideLayersComputeWhatStepsDo() {
  let test = RecurrenceCase(.lstm, batch: 3, time: 2, inputSize: 9, size: 1024, variant: 1)
  let expected = StepByStep(test)
  for set in [InstructionSet.scalar, .best] { check(test, set, against: expected) }
}

/// The same bits on any number of threads, with kept gates and without.
@Test(arguments: RecurrentUnit.allCases)
func threadsDoNotShowInWholeSequences(_ unit: RecurrentUnit) {
  for (batch, size) in [(7, 33), (64, 20), (1, 600), (3, 40), (9, 200)] {
    let test = RecurrenceCase(
      unit, batch: batch, time: 3, inputSize: 9, size: size, variant: batch == 7 ? 1 : 0)
    let results = (1...3).map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        test.run(.best).map(\.elements)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2], "\(test)")
    let recurrence = FloatRecurrence()
    let (record, end) = recurrence.forward(
      test.sequence, x: test.x, start: test.start, test.weights, keeps: false)
    #expect(record.output.elements == results[0][0] && end.elements == results[0][1], "\(test)")
  }
}

/// Weights are packed once for passes of any batch and length, whose end is left out where it is not
/// wanted.
@Test(arguments: RecurrentUnit.allCases)
func packedWeightsServeManyPasses(_ unit: RecurrentUnit) {
  let first = RecurrenceCase(unit, batch: 1, time: 4, inputSize: 9, size: 21, variant: 0)
  let kernels = RecurrentKernels.best
  let packed = kernels.packed(first.sequence, first.weights.operands)
  for (batch, time) in [(1, 4), (3, 5), (9, 2)] {
    let test = RecurrenceCase(
      unit, batch: batch, time: time, inputSize: 9, size: 21, variant: 3)
    let s = test.sequence
    let (record, _) = FloatRecurrence().forward(
      s, x: test.x, start: test.start, first.weights, keeps: false)
    var memory = Tensor<Float>([kernels.memoryCount(s, keeps: false)])
    var gates = Tensor<Float>([kernels.gateCount(s, keeps: false)])
    let output = Tensor<Float>([batch, time, 21]) { output in
      var first = memory.mutableSpan
      var second = gates.mutableSpan
      var end = MutableSpan<Float>()
      kernels.forward(
        s, keeps: false, x: test.x.span, start: test.start.span, packed: packed, memory: &first,
        gates: &second, output: &output, end: &end)
    }
    #expect(output == record.output)
  }
}

@Test(arguments: RecurrentUnit.allCases)
func gradientsOfWholeSequencesAreAdded(_ unit: RecurrentUnit) {
  let test = RecurrenceCase(unit, batch: 7, time: 3, inputSize: 5, size: 17, variant: 1)
  let (put, added) = (test.run(.best), test.run(.best, adding: true))
  for (put, added) in zip(put, added).dropFirst(3) {
    // Half a unit in the last place of sums below 64, and of parts that are added one after another.
    let mismatch = mismatch(added.elements, put.elements.map { $0 + 1 }, within: 0x1p-18)
    #expect(mismatch == nil, "\(mismatch ?? "")")
  }
}

/// The functions in the kernels' vectors over all floats' upper bits, seen through layers of one unit:
/// `tanh x` is the output of a simple layer, and with a memory of 1 and a candidate of 0 `σ(x)` is the
/// memory that a forget gate leaves.
@Test(arguments: InstructionSet.available)
func gatesFunctionsKeepTheirBounds(_ set: InstructionSet) {
  let numbers = (0..<65536).map { Float(bitPattern: UInt32($0) << 16 | 0x5A3C) }
  let x = Tensor<Float>([numbers.count, 1, 1], numbers)
  func run(_ unit: RecurrentUnit, _ weight: [Float], _ start: [Float]) -> Tensor<Float> {
    let width = unit.gateCount
    let weights = RecurrentWeights<Float>(
      input: Tensor([1, width], weight), recurrent: Tensor([1, width]), bias: Tensor([width]),
      recurrentBias: nil)
    let sequence = RecurrentSequence(
      unit, batch: numbers.count, time: 1, inputSize: 1, size: 1)
    let states = Tensor<Float>([numbers.count, start.count]) { span in
      for i in span.indices { span[i] = start[i % start.count] }
    }
    return FloatRecurrence(RecurrentKernels(set))
      .forward(sequence, x: x, start: states, weights, keeps: false).end
  }
  let tangents = run(.elman, [1], [0]).elements
  let states = run(.lstm, [0, 1, 0, 0], [0, 1]).elements
  var (worstTangent, worstLogistic) = (0.0, 0.0)
  for (i, x) in numbers.enumerated() {
    let (tangent, logistic) = (tangents[i], states[2 * i + 1])
    guard !x.isNaN else {
      #expect(tangent.isNaN && logistic.isNaN)
      continue
    }
    let exact = Foundation.tanh(Double(x))
    worstTangent = max(worstTangent, (Double(tangent) - exact).magnitude / Double(Float(exact).ulp))
    let share = 1 / (1 + Foundation.exp(-Double(x)))
    if x >= -87 {
      worstLogistic = max(
        worstLogistic, (Double(logistic) - share).magnitude / Double(Float(share).ulp))
    } else {
      #expect(logistic >= 0 && logistic < 2e-38)
    }
  }
  #expect(worstTangent <= 4 && worstLogistic <= 3, "\(worstTangent), \(worstLogistic) ulp")
}
