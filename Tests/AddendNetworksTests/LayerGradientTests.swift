import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// A sign's gradient is its surrogate's: hard tanh's, the ends included.
@Test func signPassesGradientsStraightThroughWithinOne() throws {
  var chain = try Model<Double>(Network("sign", input: [7]) { Sign() }, seed: 1).layers
  let x = Tensor<Double>([1, 7], [-2, -1, -0.3, 0, 0.4, 1, 1.0001])
  var context = PassContext<Double>()
  let y = try chain.trainingForward(x, &context)
  #expect(y.elements == [-1, -1, -1, 1, 1, 1, 1])
  let dx = chain.backward(Tensor([1, 7], [1, 2, 3, 4, 5, 6, 7]))
  #expect(dx.elements == [0, 2, 3, 4, 5, 6, 0])
}

/// A layer with an input to differentiate it at.
struct LayerCase: Sendable, CustomTestStringConvertible {
  let layer: any LayerConfiguration
  let input: Shape
  var batch = 3
  var lengths: [Int]?

  var testDescription: String { "\(layer.specification) at \(batch)×\(input)" }

  init(
    _ layer: any LayerConfiguration, _ input: Shape, batch: Int = 3, lengths: [Int]? = nil
  ) {
    self.layer = layer
    self.input = input
    self.batch = batch
    self.lengths = lengths
  }

  func model<Scalar: TensorScalar>(of scalar: Scalar.Type) throws -> Model<Scalar> {
    try Model(Network("case", input: input) { layer }, seed: 11)
  }

  func batchInput<Scalar: TensorScalar>(of scalar: Scalar.Type) -> Tensor<Scalar> {
    var random = RandomSource(seed: 5)
    return .spread(input.batched(batch), using: &random)
  }

  func context<Scalar: TensorScalar>(of scalar: Scalar.Type) -> PassContext<Scalar> {
    PassContext(random: RandomSource(seed: 3), lengths: lengths)
  }

  static let activations: [LayerCase] = [
    LayerCase(ReLU(), [7]), LayerCase(LeakyReLU(slope: 0.2), [7]), LayerCase(Sigmoid(), [7]),
    LayerCase(Tanh(), [7]), LayerCase(GELU(), [7]), LayerCase(Swish(), [7]),
    LayerCase(HardTanh(), [7]),
  ]

  static let products: [LayerCase] = [
    LayerCase(Dense(1), [1], batch: 1), LayerCase(Dense(5), [7]), LayerCase(Dense(3), [2, 5]),
    LayerCase(Dense(4, bias: false), [3]), LayerCase(Flatten(), [2, 3, 1]),
    LayerCase(Convolution(1, size: 1), [1, 1, 1], batch: 1),
    LayerCase(Convolution(3, size: 3, padding: .same), [5, 7, 2]),
    LayerCase(Convolution(2, size: 2, width: 3, stride: 2, padding: 1), [5, 6, 3]),
    LayerCase(Convolution(4, size: 3, dilation: 2, bias: false), [7, 5, 2], batch: 2),
    LayerCase(Convolution(6, size: 3, stride: 2, padding: 1, groups: 2), [5, 5, 4]),
  ]

  static let images: [LayerCase] = [
    LayerCase(MaxPool(1), [1, 1, 1], batch: 1), LayerCase(MaxPool(2), [4, 6, 3]),
    LayerCase(MaxPool(3, stride: 2, padding: 1), [7, 5, 2]), LayerCase(AveragePool(2), [5, 5, 2]),
    LayerCase(AveragePool(3, stride: 2, padding: 1), [5, 7, 3]),
    LayerCase(GlobalAveragePool(), [3, 5, 2]), LayerCase(GlobalAveragePool(), [1, 1, 7]),
  ]

  static let others: [LayerCase] = [
    LayerCase(BatchNorm(), [7], batch: 5), LayerCase(BatchNorm(epsilon: 0.1), [3, 2, 5]),
    LayerCase(BatchNorm(), [1], batch: 2), LayerCase(LayerNorm(), [7]),
    LayerCase(LayerNorm(epsilon: 0.1), [2, 5]), LayerCase(Dropout(0.5), [11]),
    LayerCase(Dropout(0), [3]), LayerCase(Dropout(1), [3]),
  ]

  static let recurrent: [LayerCase] = [
    LayerCase(RNN(1), [1, 1], batch: 1), LayerCase(RNN(5), [3, 2]),
    LayerCase(RNN(3, reversed: true, returns: .last), [4, 2], lengths: [4, 1, 2]),
    LayerCase(LSTM(1), [1, 1], batch: 1), LayerCase(LSTM(5), [3, 2]),
    LayerCase(LSTM(3, returns: .last), [4, 2], lengths: [2, 4, 0]),
    LayerCase(LSTM(3, layers: 2, dropout: 0.3), [3, 2], lengths: [1, 3, 2]),
    LayerCase(LSTM(2, reversed: true), [5, 3], lengths: [5, 2, 3]),
    LayerCase(GRU(1), [1, 1], batch: 1), LayerCase(GRU(5), [3, 2]),
    LayerCase(GRU(3, layers: 3, reversed: true, returns: .last), [3, 2], lengths: [3, 1, 2]),
  ]

  static let composites: [LayerCase] = [
    LayerCase(
      Sequential {
        Dense(5)
        Tanh()
      }, [3]),
    LayerCase(Sequential([]), [3]),
    LayerCase(
      Residual {
        Dense(5)
        Tanh()
      }, [5]),
    LayerCase(
      Residual(shortcut: .padded) { Convolution(5, size: 3, stride: 2, padding: 1) }, [5, 7, 2]),
    LayerCase(Residual(shortcut: .projected) { Convolution(3, size: 3, padding: 1) }, [4, 3, 2]),
    LayerCase(
      Branch(.concatenation) {
        Sequential([])
        Dense(3)
        Sequential {
          Dense(2)
          Tanh()
        }
      }, [2, 5]),
    LayerCase(
      Branch(.sum) {
        Dense(3)
        Dense(3, bias: false)
      }, [5]),
    LayerCase(
      Highway {
        Dense(5)
        Tanh()
      }, [5]),
    LayerCase(Highway(gateBias: 1) { Convolution(2, size: 3, padding: .same) }, [3, 3, 2]),
  ]

  static let differentiable = activations + products + images + others + recurrent + composites
}

/// Tolerance: see `GradientCheck`.
@Test(arguments: LayerCase.differentiable)
func gradientMatchesCentralDifferences(_ layer: LayerCase) throws {
  let model = try layer.model(of: Double.self)
  let check = try GradientCheck(
    of: model.layers, at: layer.batchInput(of: Double.self),
    context: layer.context(of: Double.self))
  #expect(check.error < 1e-7, "\(check)")
  #expect(check.checkedCount > 0)
}

@Test func embeddingGradientMatchesCentralDifferences() throws {
  let model = try Model<Double>(
    Network("case", input: [4]) { Embedding(3, vocabulary: 5) }, seed: 2)
  // Symbol 3 occurs twice, so that its row is added to; symbol 1 does not occur.
  let symbols = Tensor<Double>([2, 4], [3, 0, 4, 3, 2, 2, 0, 4])
  let check = try GradientCheck(of: model.layers, at: symbols, includingInput: false)
  #expect(check.error < 1e-7, "\(check)")
  #expect(check.checkedCount == 15)
}

/// `parameterBackward` gives the parameters the very gradients of `backward`, and both add.
@Test(arguments: LayerCase.differentiable)
func parameterBackwardAddsTheSameGradients(_ layer: LayerCase) throws {
  var model = try layer.model(of: Double.self)
  let x = layer.batchInput(of: Double.self)
  var context = layer.context(of: Double.self)
  let y = try model.layers.trainingForward(x, &context)
  var other = model
  _ = model.layers.backward(y)
  other.layers.parameterBackward(y)
  let (ours, theirs) = (model.layers.parameters, other.layers.parameters)
  #expect(ours.map(\.path) == theirs.map(\.path))
  for (a, b) in zip(ours, theirs) {
    #expect(a.parameter.gradient == b.parameter.gradient, "\(a.path)")
  }
  context = layer.context(of: Double.self)
  _ = try model.layers.trainingForward(x, &context)
  _ = model.layers.backward(y)
  for (once, twice) in zip(theirs, model.layers.parameters) {
    guard let single = once.parameter.gradient, let double = twice.parameter.gradient else {
      Issue.record("\(once.path) has no gradient")
      continue
    }
    for (a, b) in zip(single.elements, double.elements) {
      // Two sums of the same terms: equal but for rounding.
      #expect((2 * a - b).magnitude <= 1e-12 * max(1, b.magnitude), "\(once.path)")
    }
  }
}
