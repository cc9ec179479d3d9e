import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

private func model(_ layer: any LayerConfiguration) throws -> Model<Double> {
  try Model(Network("recurrent", input: [6, 2]) { layer }, seed: 4)
}

private func model(_ layer: any LayerConfiguration, time: Int) throws -> Model<Double> {
  try Model(Network("recurrent", input: [time, 2]) { layer }, seed: 4)
}

private func sequences(_ time: Int, batch: Int = 3) -> Tensor<Double> {
  var random = RandomSource(seed: 8)
  return .normal([batch, time, 2], using: &random)
}

private let kinds: [any LayerConfiguration] = [RNN(4), LSTM(4, layers: 2), GRU(4)]

/// Two halves with the state carried over give what the whole gives.
@Test(arguments: kinds.indices)
func carriedStateContinuesASequence(_ kind: Int) throws {
  let whole = sequences(6)
  let expected = try model(kinds[kind]).forward(whole)
  let half = try model(kinds[kind], time: 3)
  let steps = whole.exchangingOuterAxes()
  let parts = [0, 1].map { part in
    Tensor<Double>([3, 3, 2], Array(steps.elements[part * 18..<(part + 1) * 18]))
      .exchangingOuterAxes()
  }
  var first = PassContext<Double>()
  let before = try half.forward(parts[0], &first)
  var second = PassContext<Double>(initialStates: first.finalStates)
  let after = try half.forward(parts[1], &second)
  let joined = before.exchangingOuterAxes().elements + after.exchangingOuterAxes().elements
  let deviation = Deviation(
    Tensor([6, 3, 4], joined).exchangingOuterAxes(), from: expected.elements)
  // The same operations in the same order.
  #expect(deviation.size == 0, "\(deviation)")
}

/// A row's own steps give the same with or without padding behind them; the padding gives zeros.
@Test(arguments: kinds.indices)
func paddingChangesNothing(_ kind: Int) throws {
  let x = sequences(6)
  var context = PassContext<Double>(lengths: [2, 6, 0])
  let y = try model(kinds[kind]).forward(x, &context)
  var short = PassContext<Double>()
  let first = Tensor<Double>([1, 2, 2], Array(x.elements[0..<4]))
  let alone = try model(kinds[kind], time: 2).forward(first, &short)
  #expect(Array(y.elements[0..<8]) == alone.elements)
  #expect(y.elements[8..<24].allSatisfy { $0 == 0 })
  #expect(y.elements[48..<72].allSatisfy { $0 == 0 })
  for (padded, own) in zip(context.finalStates, short.finalStates) {
    #expect(Array(padded.elements[0..<own.count]) == own.elements)
    #expect(padded.elements[2 * own.count..<3 * own.count].allSatisfy { $0 == 0 })
  }
}

/// Steps behind a row's end take no gradient, whatever flows in there.
@Test(arguments: kinds.indices)
func paddingTakesNoGradient(_ kind: Int) throws {
  var model = try model(kinds[kind])
  var context = PassContext<Double>(lengths: [2, 6, 0])
  let y = try model.layers.trainingForward(sequences(6), &context)
  let dx = model.layers.backward(Tensor(y.shape, repeating: 1))
  #expect(dx.elements[4..<12].allSatisfy { $0 == 0 })
  #expect(dx.elements[24..<36].allSatisfy { $0 == 0 })
  #expect(dx.elements[0..<4].allSatisfy { $0 != 0 })
}

@Test func forgetGateStartsOpen() throws {
  let model = try model(LSTM(3, forgetBias: 1.5))
  let bias = try #require(model.layers.state["lstm1/bias"])
  #expect(bias.elements == [0, 0, 0, 1.5, 1.5, 1.5, 0, 0, 0, 0, 0, 0])
}

@Test func wrongStatesAndLengthsAreRefused() throws {
  let model = try model(LSTM(4))
  var states = PassContext<Double>(initialStates: [Tensor([3, 4])])
  #expect(throws: NetworkError.self) { try model.forward(sequences(6), &states) }
  for lengths in [[1, 2], [1, 2, 7], [1, 2, -1]] {
    var context = PassContext<Double>(lengths: lengths)
    #expect(throws: NetworkError.self) { try model.forward(sequences(6), &context) }
  }
}

/// In float32 whole sequences pass at once, in Double they go step by step: outputs, states and all
/// gradients agree.
@Test(arguments: 0..<12)
func floatLayersAgreeWithDoubleOnes(_ number: Int) throws {
  let returns: RecurrentResult = number % 2 == 0 ? .sequence : .last
  let isReversed = number / 2 % 2 == 1
  let layers: [any LayerConfiguration] = [
    RNN(5, reversed: isReversed, returns: returns),
    LSTM(5, layers: 2, reversed: isReversed, returns: returns),
    GRU(5, reversed: isReversed, returns: returns),
  ]
  let network = Network("recurrent", input: [6, 2]) { layers[number / 4] }
  var (narrow, wide) = (try Model<Float>(network, seed: 4), try Model<Double>(network, seed: 4))
  let x = sequences(6)
  let states = number / 4 == 1 ? 2 : 1
  let start = (1...states).map { Tensor<Double>([3, 5 * states], repeating: 0.3 * Double($0)) }
  var context = PassContext<Double>(lengths: [2, 6, 0], initialStates: start)
  var narrowContext = PassContext<Float>(
    lengths: [2, 6, 0], initialStates: start.map { Tensor<Float>($0) })
  // Six steps of some thirty operations, each off by half a unit in the last place of numbers below 8.
  let tolerance = 6 * 30 * 8 * 0x1p-24
  func compare(_ name: String, _ found: Tensor<Float>, _ expected: Tensor<Double>) {
    let mismatch = mismatch(found.elements, expected.elements, within: tolerance)
    #expect(mismatch == nil, "\(name): \(mismatch ?? "")")
  }
  let y = try wide.layers.trainingForward(x, &context)
  compare("y", try narrow.layers.trainingForward(Tensor(x), &narrowContext), y)
  for (found, expected) in zip(narrowContext.finalStates, context.finalStates) {
    compare("state", found, expected)
  }
  let dy = Tensor<Double>(y.shape, repeating: 1)
  compare("dx", narrow.layers.backward(Tensor(dy)), wide.layers.backward(dy))
  for (found, expected) in zip(narrow.layers.parameters, wide.layers.parameters) {
    #expect(found.path == expected.path)
    compare(
      found.path, try #require(found.parameter.gradient),
      try #require(expected.parameter.gradient))
  }
}

/// Steps in 16-bit integers, whose weights are packed once a pass and whose weights' gradients are
/// summed once for all steps, are those of unrounded numbers but for the rounding: an operand is
/// off by 2⁻¹⁴ of the largest at most, which is below 2, in sums of up to 18 terms over six steps.
@Test(arguments: 0..<3, [false, true])
func roundedLayersAgreeWithUnroundedOnes(_ number: Int, _ isReversed: Bool) throws {
  let layers: [any LayerConfiguration] = [
    RNN(5, reversed: isReversed, returns: .sequence),
    LSTM(5, layers: 2, reversed: isReversed, returns: .sequence),
    GRU(5, reversed: isReversed, returns: .sequence),
  ]
  let network = Network("recurrent", input: [6, 2]) { layers[number] }
  var narrow = try Model<Float>(network, precision: .dfp16, seed: 4)
  var wide = try Model<Double>(network, seed: 4)
  let x = sequences(6)
  var context = PassContext<Double>(lengths: [2, 6, 0])
  var narrowContext = PassContext<Float>(lengths: [2, 6, 0])
  func compare(_ name: String, _ found: Tensor<Float>, _ expected: Tensor<Double>) {
    let mismatch = mismatch(found.elements, expected.elements, within: 6 * 18 * 2 * 0x1p-14)
    #expect(mismatch == nil, "\(name): \(mismatch ?? "")")
  }
  let y = try wide.layers.trainingForward(x, &context)
  let found = try narrow.layers.trainingForward(Tensor(x), &narrowContext)
  compare("y", found, y)
  // Rounding does take place.
  #expect(Tensor<Double>(found) != y)
  var inference = PassContext<Float>(lengths: [2, 6, 0])
  #expect(try narrow.layers.forward(Tensor(x), &inference) == found)
  let dy = Tensor<Double>(y.shape, repeating: 1)
  compare("dx", narrow.layers.backward(Tensor(dy)), wide.layers.backward(dy))
  for (found, expected) in zip(narrow.layers.parameters, wide.layers.parameters) {
    compare(
      found.path, try #require(found.parameter.gradient),
      try #require(expected.parameter.gradient))
  }
}

/// Maps that are not exact products in the scalar's own arithmetic keep their way through the steps.
@Test func onlyExactMapsShowTheirWeight() {
  let weight = Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6])
  #expect(ExactMap(weight: weight).exactWeight?.elements == weight.elements)
  #expect(ExactMap(weight: weight, precision: .bfloat16).exactWeight == nil)
}
