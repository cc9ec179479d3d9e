import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

extension LayerCase {
  /// Layers with functions by K-TanH.
  static let approximated: [LayerCase] =
    approximatedActivations + [
      LayerCase(RNN(3, approximation: .kTanH), [4, 2]),
      LayerCase(GRU(3, reversed: true, approximation: .kTanH), [4, 2], lengths: [4, 1, 2]),
      LayerCase(LSTM(3, layers: 2, dropout: 0.3, approximation: .kTanH), [4, 2]),
    ]

  static let approximatedActivations: [LayerCase] = [
    LayerCase(Tanh(approximation: .kTanH), [7]), LayerCase(Sigmoid(approximation: .kTanH), [7]),
    LayerCase(Swish(approximation: .kTanH), [7]), LayerCase(GELU(approximation: .kTanH), [7]),
  ]
}

/// The option reaches the arithmetic: outputs differ from the exact ones, by little.
@Test(arguments: LayerCase.approximated)
func approximationChangesLittle(_ layer: LayerCase) throws {
  var specification = layer.layer.specification
  #expect(specification.arguments["approximation"] == .text("k-tanh"))
  #expect(try Layers.configuration(specification).specification == specification)
  specification.arguments["approximation"] = .text("exact")
  let twin = LayerCase(
    try Layers.configuration(specification), layer.input, batch: layer.batch,
    lengths: layer.lengths)
  let x = layer.batchInput(of: Float.self)
  var context = layer.context(of: Float.self)
  var twinContext = layer.context(of: Double.self)
  let y = try layer.model(of: Float.self).forward(x, &context)
  let exact = try twin.model(of: Double.self).forward(Tensor<Double>(x), &twinContext)
  let deviation = Deviation(y, from: exact.elements)
  // A function errs by 1e-2 at most, with the rounding of its argument; steps add up.
  #expect(deviation.size > 1e-4 && deviation.size < 0.05, "\(deviation)")
}

/// The standard is not written, so that files from before the option read and write the same.
@Test func theStandardIsLeftOut() throws {
  #expect(Tanh().specification == Specification("tanh"))
  #expect(LSTM(3).specification.arguments["approximation"] == nil)
  let exact = try Layers.configuration(Specification("gelu", ["approximation": .text("exact")]))
  #expect(exact.specification == Specification("gelu"))
  #expect(throws: CatalogueError.self) {
    try Layers.configuration(Specification("gelu", ["approximation": .text("k")]))
  }
}

/// Float arithmetic around `T` is what the layer declares; `T`'s two additions are on integers.
@Test(arguments: LayerCase.approximatedActivations)
func approximationsCostIsWhatInferenceDoes(_ layer: LayerCase) throws {
  let model = try layer.model(of: CountingScalar.self)
  var one = layer
  one.batch = 1
  let x = one.batchInput(of: CountingScalar.self)
  let counts = try OperationTally.counting { _ = try model.forward(x) }
  #expect(counts.multiplications == model.cost.multiplications)
  #expect(counts.additions == model.cost.additions - 2 * x.count)
  #expect(model.cost.lookups == 2 * x.count && model.cost.comparisons == 3 * x.count)
}

/// The option reaches the cells of a language model, whose loss falls against their gradients.
@Test func languageModelTakesTheOption() throws {
  let text = try Specification(parsing: "lstm-lm:hidden=4,layers=1,approximation=k-tanh")
  let network = try Zoo.configuration(text).network(input: [5], classes: 6)
  #expect("\(network.json)".contains("k-tanh"))
  var model = try Model<Double>(network, seed: 3)
  let symbols = Tensor<Double>([2, 5], [3, 0, 4, 3, 2, 2, 0, 4, 1, 5])
  let targets = Targets.classes([0, 4, 3, 2, 1, 0, 4, 1, 5, 2])
  func step(_ rate: Double) throws -> Double {
    var context = PassContext<Double>()
    let outputs = try model.trainingForward(symbols, &context)
    let (loss, gradient) = try SoftmaxCrossEntropy().valueAndGradient(outputs, targets)
    model.backward(gradient)
    var tour = ParameterTour<Double> { _, parameter in
      guard let gradient = parameter.gradient else { return }
      var span = parameter.value.mutableSpan
      Double.addScaled(-rate, gradient.span, to: &span)
      parameter.clearGradient()
    }
    model.visit(&tour)
    return loss
  }
  let before = try step(0.1)
  for _ in 0..<20 { _ = try step(0.1) }
  #expect(try step(0) < before)
}
