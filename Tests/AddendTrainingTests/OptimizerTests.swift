import AddendCatalogue
import AddendFiles
import AddendTensors
import AddendTraining
import Testing

/// What PyTorch's optimizers did: see Golden/make_golden.py.
private struct Golden {
  let start: [Double]
  let gradients: [[Double]]
  let weights: [(name: String, steps: [[Double]])]

  init() throws {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let json = try JSONValue(
      parsing: readFile(at: "/\(folder)/Golden/optimizers.json", byteLimit: 1 << 20))
    func numbers(_ value: JSONValue?) throws -> [Double] {
      try #require(value?.arrayValue).map { try #require($0.numberValue) }
    }
    start = try numbers(json["start"])
    gradients = try #require(json["gradients"]?.arrayValue).map { try numbers($0) }
    weights = try #require(json["weights"]?.objectValue).members.map { member in
      (member.key, try #require(member.value.arrayValue).map { try numbers($0) })
    }
  }
}

/// Every optimizer takes the steps that PyTorch's takes, up to rounding in Double.
@Test func optimizersStepAsPyTorchs() throws {
  let golden = try Golden()
  #expect(golden.weights.count == 7)
  for (name, steps) in golden.weights {
    let optimizer = try Optimizers.configuration(Specification(parsing: name))
    var value = Tensor<Double>([5], golden.start)
    var state = optimizer.stateNames.map { _ in Tensor<Double>([5]) }
    for (index, gradient) in golden.gradients.enumerated() {
      optimizer.update(
        &value, gradient: Tensor([5], gradient), state: &state,
        UpdateMoment(learningRate: 0.1, step: index + 1))
      for (ours, theirs) in zip(value.elements, steps[index]) {
        #expect(abs(ours - theirs) <= 1e-12 * max(1, abs(theirs)), "\(name), step \(index + 1)")
      }
    }
  }
}

/// Decoupled decay shrinks the weights by its share of the rate, apart from the gradient's step.
@Test func decoupledDecayShrinksTheWeights() {
  var value = Tensor<Double>([2], [1, -2])
  var state = [Tensor<Double>([2])]
  SGD(momentum: 0, decoupledDecay: 0.5).update(
    &value, gradient: Tensor([2], [0, 1]), state: &state, UpdateMoment(learningRate: 0.1, step: 1))
  #expect(value.elements == [0.95, -2 * 0.95 - 0.1])
}

/// Biases and normalisation scales are spared by every kind of decay.
@Test(arguments: [
  "sgd:decay=0.1,decoupled=0.1", "adam:decay=0.1", "adamw:decay=0.1", "adamax:decay=0.1",
])
func decaySparesWhatIsNotAWeight(_ text: String) throws {
  let optimizer = try Optimizers.configuration(Specification(parsing: text))
  var value = Tensor<Double>([1], [3])
  var state = optimizer.stateNames.map { _ in Tensor<Double>([1]) }
  optimizer.update(
    &value, gradient: Tensor([1], [0]), state: &state,
    UpdateMoment(learningRate: 0.1, step: 1, decays: false))
  #expect(value.elements == [3])
}
