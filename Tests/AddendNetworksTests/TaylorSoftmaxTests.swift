import AddendCatalogue
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

private let orders = [2, 4, 6, 8, 10]

/// `Σ_{i ≤ n} z^i / i!`, term by term.
private func series(_ order: Int, _ z: Double) -> Double {
  var (term, sum) = (1.0, 1.0)
  for i in 1...order {
    term *= z / Double(i)
    sum += term
  }
  return sum
}

private func probabilities(_ order: Int, _ logits: [Double]) -> [Double] {
  TaylorSoftmax(order: order).probabilities(of: Tensor<Double>([1, logits.count], logits)).elements
}

@Test(arguments: orders)
func taylorProbabilitiesAreTheSeries(_ order: Int) throws {
  let logits = [0.3, -1.2, 2.5, 0, -4.75, 31]
  let values = logits.map { series(order, $0) }
  let sum = values.reduce(0, +)
  let found = probabilities(order, logits)
  for (p, value) in zip(found, values) { #expect((p - value / sum).magnitude < 1e-15) }
  // The loss is that of these probabilities.
  for label in logits.indices {
    let (loss, _) = try TaylorSoftmax(order: order).valueAndGradient(
      Tensor<Double>([1, 6], logits), .classes([Int32(label)]))
    #expect((loss + Math.log(values[label] / sum)).magnitude < 1e-13 * max(1, loss))
  }
}

/// What the series leaves out is below |z|^11 / 11! · e, 7e-8 for |z| ≤ 1, of f ≥ 1/e.
@Test func theTenthOrderIsSoftmaxForSmallOutputs() {
  let logits = [0.9, -1, 0.2, 0]
  let softmax = Tensor<Double>([1, 4], logits).softmax().elements
  for (p, q) in zip(probabilities(10, logits), softmax) { #expect((p - q).magnitude < 4e-7) }
}

@Test(arguments: [1, 3, 5, 7, 9])
func oddOrdersAreRefused(_ order: Int) throws {
  // Why: their series are negative.
  #expect(series(order, -8) < 0)
  #expect(throws: CatalogueError.self) {
    try Losses.configuration(Specification("taylor-softmax", ["order": .integer(order)]))
  }
}

@Test func parametersOutOfRangeAreRefused() {
  for text in [
    "taylor-softmax:order=0", "taylor-softmax:order=12", "taylor-softmax:order=2,margin=-1",
    "soft-margin-softmax:margin=-0.5", "soft-margin-softmax:margin=inf",
  ] {
    #expect(throws: CatalogueError.self, "\(text)") {
      try Losses.configuration(Specification(parsing: text))
    }
  }
}

/// The first trap: what is added to all outputs matters.
@Test(arguments: orders)
func taylorSoftmaxIsNotInvariantUnderShifts(_ order: Int) {
  let (here, there) = (probabilities(order, [1, 2, 0]), probabilities(order, [21, 22, 20]))
  #expect(zip(here, there).contains { ($0 - $1).magnitude > 0.01 })
}

/// The second trap: below a minimum, outputs that fall grow more probable.
@Test(arguments: [(2, -1.0), (4, -1.596), (6, -2.181)])
func taylorSoftmaxHasAMinimum(_ order: Int, _ minimum: Double) {
  let p = probabilities(order, [minimum - 0.01, minimum, minimum + 0.01])
  #expect(p[1] < p[0] && p[1] < p[2])
  let far = probabilities(order, [-9, minimum, 0])
  #expect(far[0] > far[2] && far[2] > far[1])
}

/// So accuracy is counted in probabilities: of −5 and 0.5 the first is the answer of order 2.
@Test func accuracyFollowsTheProbabilities() throws {
  let outputs = Tensor<Float>([1, 2], [-5, 0.5])
  let targets = Targets.classes([0])
  #expect(try targets.correctCount(in: TaylorSoftmax(order: 2).scores(of: outputs)) == 1)
  #expect(try targets.correctCount(in: SoftMarginSoftmax(margin: 1).scores(of: outputs)) == 0)
  #expect(try targets.correctCount(in: SoftmaxCrossEntropy().scores(of: outputs)) == 0)
}

/// f^10 overflows float32 above 32,285; the loss does not, up to the largest number there is.
@Test(arguments: orders, [3e4, 3.3e4, 1e9, 1e30, Double(Float.greatestFiniteMagnitude)])
func lossIsFiniteForAllFiniteOutputs(_ order: Int, _ size: Double) throws {
  let loss = TaylorSoftmax(order: order)
  for logits in [[size, 1, -size], [-size, 0, 2], [1, size, 0]] {
    let outputs = Tensor<Float>([1, 3], logits.map { Float($0) })
    let p = loss.probabilities(of: outputs).elements
    #expect((p.reduce(0, +) - 1).magnitude < 1e-6)
    for label in 0..<3 {
      let (value, gradient) = try loss.valueAndGradient(outputs, .classes([Int32(label)]))
      #expect(value.isFinite && gradient.elements.allSatisfy(\.isFinite))
    }
  }
  // −log (1 / (1 + 1 + size^n / n!)) where class 0's output is 0, to float32's precision.
  let (value, _) = try loss.valueAndGradient(
    Tensor<Float>([1, 2], [0, Float(size)]), .classes([0]))
  let factorial = (1...order).reduce(1.0) { $0 * Double($1) }
  let expected = Double(order) * Math.log(Double(Float(size))) - Math.log(factorial)
  #expect((value - expected).magnitude < 1e-6 * expected + Double(order) / size)
}

/// Float32 agrees with Double as far as Horner's scheme of degree 10 and the cancellation near the
/// minimum let it: 20 roundings of terms a hundred times the sum.
@Test(arguments: orders)
func floatAgreesWithDouble(_ order: Int) throws {
  let logits = normalNumbers(60, seed: 6).map { 3 * $0 }
  let targets = Targets.classes((0..<6).map { Int32($0) })
  let loss = TaylorSoftmax(order: order, margin: 0.5)
  let narrow = try loss.valueAndGradient(Tensor<Float>([6, 10], logits), targets)
  let wide = try loss.valueAndGradient(
    Tensor<Double>([6, 10], logits.map { Double($0) }), targets)
  #expect((narrow.value - wide.value).magnitude < 2000 * 0x1p-24)
  let worst = mismatch(narrow.gradient.elements, wide.gradient.elements, within: 2000 * 0x1p-24)
  #expect(worst == nil)
}

@Test func marginsLowerTheClassInTrainingOnly() throws {
  let outputs = Tensor<Double>([2, 3], [1, -0.5, 2, 0.25, 0, -1])
  let targets = Targets.classes([2, 0])
  let lowered = Tensor<Double>([2, 3], [1, -0.5, 1.25, -0.5, 0, -1])
  let pairs: [(any Loss, any Loss)] = [
    (SoftMarginSoftmax(margin: 0.75), SoftmaxCrossEntropy()),
    (TaylorSoftmax(order: 4, margin: 0.75), TaylorSoftmax(order: 4)),
  ]
  for (margined, plain) in pairs {
    let (found, gradient) = try margined.valueAndGradient(outputs, targets)
    let (expected, expectedGradient) = try plain.valueAndGradient(lowered, targets)
    #expect(found == expected && gradient.elements == expectedGradient.elements)
    let evaluated = try margined.evaluated.valueAndGradient(outputs, targets).value
    #expect(try evaluated == plain.valueAndGradient(outputs, targets).value)
    #expect(evaluated < found)
    let (p, q) = (margined.probabilities(of: outputs), plain.probabilities(of: outputs))
    #expect(p.elements == q.elements)
  }
}
