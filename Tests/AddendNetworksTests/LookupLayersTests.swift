import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

// Look-up maps in a layer of each family, trained through their codes.

private let networks = [
  Network("dense", input: [6, 8]) {
    Flatten()
    Dense(24)
    ReLU()
    Dense(3)
  },
  Network("convolutional", input: [6, 8, 1]) {
    Convolution(8, size: 3)
    ReLU()
    Flatten()
    Dense(3)
  },
  Network("recurrent", input: [6, 8]) {
    LSTM(16, returns: .last)
    Dense(3)
  },
]

/// Plain gradient descent.
private struct Descent: StateVisitor {
  let rate: Float

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {
    parameter.update { value, gradient in
      var span = value.mutableSpan
      Float.addScaled(-rate, gradient.span, to: &span)
    }
    parameter.clearGradient()
  }
}

/// Three patterns under noise, 64 examples.
private func examples(shaped shape: Shape, seed: UInt64) -> (x: Tensor<Float>, targets: Targets) {
  let patterns = normalNumbers(3 * shape.count, seed: 1)
  let noise = normalNumbers(64 * shape.count, seed: seed)
  let x = noise.indices.map { i in
    patterns[i / shape.count % 3 * shape.count + i % shape.count] + noise[i] / 2
  }
  return (Tensor(shape.batched(64), x), .classes((0..<64).map { Int32($0 % 3) }))
}

/// Frozen, on examples never seen: well below chance's ln 3, with no products of inputs left.
@Test(arguments: networks, ["lookup", "lookup:encoder=hash,codewords=8"])
func lookupsTrainInEveryFamilyOfLayers(_ network: Network, _ map: String) throws {
  var model = try Model<Float>(network, map: Specification(parsing: map), seed: 3)
  let loss = SoftmaxCrossEntropy()
  for step in 0..<64 {
    let (x, targets) = examples(shaped: network.input, seed: UInt64(10 + step))
    model.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 8, epochs: 8))
    var context = PassContext<Float>()
    let y = try model.trainingForward(x, &context)
    model.backward(try loss.valueAndGradient(y, targets).gradient)
    var descent = Descent(rate: 0.1)
    model.visit(&descent)
  }
  let (x, targets) = examples(shaped: network.input, seed: 2)
  let frozen = model.frozen()
  #expect(try loss.valueAndGradient(frozen.forward(x), targets).value < 0.5)
  #expect(frozen.cost.lookups > 0)
}
