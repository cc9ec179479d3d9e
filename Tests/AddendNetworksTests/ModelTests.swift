import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

@Test(arguments: [true, false])
func builderTakesConditionsAndLoops(_ isNormalized: Bool) throws {
  let network = Network("built", input: [4, 4, 1]) {
    for channels in [2, 3] {
      Convolution(channels, size: 3, padding: .same, bias: !isNormalized)
      if isNormalized { BatchNorm() }
      if channels == 2 { ReLU() } else { Tanh() }
    }
    Flatten()
    Dense(5)
  }
  let model = try Model<Float>(network, seed: 1)
  let names =
    isNormalized
    ? [
      "convolution1", "batch-norm1", "relu1", "convolution2", "batch-norm2", "tanh1", "flatten1",
      "dense1",
    ] : ["convolution1", "relu1", "convolution2", "tanh1", "flatten1", "dense1"]
  #expect(model.layers.nodes.map(\.name) == names)
  #expect(model.output == [5])
}

/// What is refused, and the sentence that says so.
private let refusals: [(any LayerConfiguration, Shape, String)] = [
  (
    Convolution(4, size: 3), [7],
    "convolution1 expects an image height×width×channels, but its input is 7"
  ),
  (
    Convolution(4, size: 5), [3, 3, 1],
    "convolution1 expects an image that a 5×5 filter fits, but its input is 3×3×1"
  ),
  (
    Convolution(4, size: 3, groups: 2), [5, 5, 3],
    "convolution1: convolution: groups is 2, expected a divisor of 3 input and 4 output channels"
  ),
  (
    Convolution(4, size: 2, padding: .same), [5, 5, 3],
    "convolution1: convolution: padding is 'same', expected a number of pixels unless the filter is "
      + "square and odd"
  ),
  (
    MaxPool(4), [3, 9, 1],
    "max-pool1 expects an image that a 4×4 window fits, but its input is 3×9×1"
  ),
  (
    Residual { Dense(3) }, [5],
    "residual1 expects a body that gives 5, but its input is 3"
  ),
  (
    Residual {
      Sequential {
        Dense(5)
        MaxPool(2)
      }
    }, [5],
    "residual1/body/sequential1/max-pool1 expects an image height×width×channels, but its input is 5"
  ),
  (
    Branch(.sum) {
      Dense(3)
      Dense(4)
    }, [5], "branch1 expects results of 3, but its input is 4"
  ),
  (Highway { Dense(3) }, [5], "highway1 expects a body that gives 5, but its input is 3"),
  (LSTM(4), [5], "lstm1 expects a sequence time×features, but its input is 5"),
]

@Test(arguments: refusals.indices)
func refusalIsASentenceThatNamesTheLayer(_ index: Int) throws {
  let (layer, input, sentence) = refusals[index]
  let error = #expect(throws: NetworkError.self) {
    try Model<Float>(Network("refused", input: input) { layer }, seed: 1)
  }
  #expect(error?.description == sentence)
}

@Test func vocabularyBeyondTheFormatsNumbersIsRefused() throws {
  let network = Network("words", input: [3]) { Embedding(2, vocabulary: 258) }
  let error = #expect(throws: NetworkError.self) { try Model<BFloat16>(network, seed: 1) }
  #expect(
    error?.description == "embedding1: embedding: vocabulary is 258, expected at most 257, as "
      + "bfloat16 tells no more symbols apart")
  _ = try Model<Float>(network, seed: 1)
}

/// Logarithms have no whole numbers: their symbols are patterns, and values are none.
@Test func symbolsOfLogarithmsArePatterns() throws {
  #expect((0..<LNS16.symbolCount).allSatisfy { LNS16(symbol: $0).symbol == $0 })
  #expect((1...100).allSatisfy { LNS16(Double($0)).symbol == nil })
  let network = Network("words", input: [3]) { Embedding(2, vocabulary: 20_000) }
  let model = try Model<LNS16>(network, seed: 1)
  let x = Tensor<LNS16>([2, 3]) { x in
    for i in x.indices { x[i] = LNS16(symbol: [0, 19_999, 7, 7, 256, 0][i]) }
  }
  let y = try model.forward(x)
  #expect(y.span[4] == y.span[6] && y.span[5] == y.span[7])
  #expect(y.span[0] == y.span[10] && y.span[0] != y.span[4])
  #expect(throws: NetworkError.self) {
    try model.forward(Tensor([1, 3], [LNS16(symbol: 20_000), .zero, .zero]))
  }
}

@Test(arguments: [-1, 5, 1.5, .nan])
func strayNumberIsNoSymbol(_ stray: Double) throws {
  let model = try Model<Double>(
    Network("words", input: [2]) { Embedding(2, vocabulary: 5) }, seed: 1)
  let error = #expect(throws: NetworkError.self) {
    try model.forward(Tensor([1, 2], [4, stray]))
  }
  #expect(
    error?.description
      == "words: embedding: a symbol is \(stray), expected a whole number from 0 to 4")
}

/// A slip in a file is refused before memory is asked for.
@Test(arguments: [
  "dense:outputs=2147483647", "embedding:features=2147483647,vocabulary=2147483647",
  "convolution:outputs=2147483647,size=32767,padding=32767",
  "convolution:outputs=9,size=1,padding=32768", "lstm:size=2147483647",
])
func hugeLayerIsRefused(_ text: String) throws {
  let layer = try Specification(parsing: text)
  for input in [[3], [3, 2], [5, 5, 2]] as [Shape] {
    #expect(throws: NetworkError.self) {
      try Model<Float>(
        Network("huge", input: input, layers: Array(repeating: layer, count: 4)), seed: 1)
    }
  }
}

/// A refused pass leaves nothing behind: the next backward goes through its own forward.
@Test func refusedPassIsForgotten() throws {
  let network = Network("refused", input: [2]) {
    Dense(3)
    Residual { Dense(3) }
  }
  var (model, fresh) = (
    try Model<Double>(network, seed: 1), try Model<Double>(network, seed: 1)
  )
  var context = PassContext<Double>()
  _ = try model.trainingForward(Tensor([4, 2], repeating: 3), &context)
  model.layers.discardResiduals()
  let x = Tensor<Double>([1, 2], [1, 2])
  let y = try model.trainingForward(x, &context)
  let expected = try fresh.trainingForward(x, &context)
  #expect(expected == y)
  model.backward(y)
  fresh.backward(y)
  for (a, b) in zip(model.layers.parameters, fresh.layers.parameters) {
    #expect(a.parameter.gradient == b.parameter.gradient)
  }
}

/// Inverted dropout keeps the mean, drops the share it says, and leaves inference alone.
@Test func dropoutDropsItsShare() throws {
  let model = try Model<Double>(Network("dropout", input: [10_000]) { Dropout(0.3) }, seed: 1)
  let ones = Tensor<Double>([1, 10_000], repeating: 1)
  #expect(try model.forward(ones) == ones)
  var (trained, context) = (model, PassContext<Double>(random: RandomSource(seed: 9)))
  let y = try trained.trainingForward(ones, &context)
  let dropped = Double(y.elements.count { $0 == 0 })
  // Binomial with deviation √(10⁴ · 0.3 · 0.7) = 46: five of them.
  #expect((dropped - 3000).magnitude < 230)
  #expect(y.elements.allSatisfy { $0 == 0 || $0 == 1 / 0.7 })
  #expect(trained.layers.nodes[0].layer.hasParameters == false)
}
