import AddendCatalogue
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct LossCase: Sendable {
  let loss: any Loss
  let targets: Targets
}

private let classes = Targets.classes([2, Targets.ignored, 0, 4])
private let losses = [
  LossCase(loss: SoftmaxCrossEntropy(), targets: classes),
  LossCase(loss: SoftmaxCrossEntropy(smoothing: 0.2), targets: classes),
  LossCase(loss: SoftMarginSoftmax(margin: 0.7), targets: classes),
  LossCase(loss: TaylorSoftmax(), targets: classes),
  LossCase(loss: TaylorSoftmax(order: 4, margin: 0.3), targets: classes),
  LossCase(loss: TaylorSoftmax(order: 6), targets: classes),
  LossCase(loss: TaylorSoftmax(order: 8, margin: 1), targets: classes),
  LossCase(loss: TaylorSoftmax(order: 10), targets: classes),
  LossCase(loss: SquaredHinge(), targets: classes),
  LossCase(
    loss: MeanSquaredError(),
    targets: .values(Tensor([4, 5], (0..<20).map { Float($0 * 7 % 11) / 5 - 1 }))),
]

/// Tolerance: see `GradientCheck`. The squared hinge is smooth enough: its slope is continuous.
@Test(arguments: losses.indices)
func lossGradientMatchesCentralDifferences(_ index: Int) throws {
  let (loss, targets) = (losses[index].loss, losses[index].targets)
  var random = RandomSource(seed: 6)
  let outputs = Tensor<Double>.normal([4, 5], using: &random)
  let gradient = try loss.valueAndGradient(outputs, targets).gradient
  let check = try GradientCheck(gradient, at: outputs) {
    try loss.valueAndGradient($0, targets).value
  }
  #expect(check.error < 1e-7, "\(loss.specification): \(check)")
}

@Test(arguments: losses.indices)
func lossIsMadeFromItsSpecificationAgain(_ index: Int) throws {
  let specification = losses[index].loss.specification
  #expect(try Losses.configuration(specification).specification == specification)
}

@Test(arguments: losses.indices)
func ignoredRowsHaveNoGradient(_ index: Int) throws {
  guard case .classes = losses[index].targets else { return }
  let outputs = Tensor<Double>([4, 5], repeating: 0.25)
  let gradient = try losses[index].loss.valueAndGradient(outputs, losses[index].targets).gradient
  #expect(gradient.elements[5..<10].allSatisfy { $0 == 0 })
  let nothing = Targets.classes(Array(repeating: Targets.ignored, count: 4))
  let (value, none) = try losses[index].loss.valueAndGradient(outputs, nothing)
  #expect(value == 0 && none.elements.allSatisfy { $0 == 0 })
}

/// Training stops at a loss that is not a number: none may hide it.
@Test(arguments: losses.indices)
func nanInTheOutputsShowsInTheLoss(_ index: Int) throws {
  for place in [0, 2, 4] {
    var outputs = Tensor<Float>([4, 5], repeating: 0.25)
    outputs[0, place] = .nan
    let value = try losses[index].loss.valueAndGradient(outputs, losses[index].targets).value
    #expect(value.isNaN, "NaN in column \(place)")
  }
}
