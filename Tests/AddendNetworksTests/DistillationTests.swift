import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct DistillationTests {
  private let targets = Targets.classes([2, 1, Targets.ignored])
  private let student = Tensor<Double>([3, 3], [0.5, -1, 2, 3, 0.25, -0.75, 0, 0, 0])
  private let teacher = Tensor<Double>([3, 3], [1.5, -2, 0.5, 2, 1, -4, 9, 1, -3])

  /// Value and gradient as PyTorch's `cross_entropy`, `kl_div` and automatic differentiation have them.
  @Test func valueAndGradientMatchAnIndependentSource() throws {
    let (value, gradient) = try Distillation(weight: 0.7, temperature: 2.5).valueAndGradient(
      student, targets, teacher: teacher, loss: SoftmaxCrossEntropy(smoothing: 0.1))
    #expect(abs(value - 0.930_395_120_613_597_2) < 1e-12)
    let expected: [Double] = [
      -0.175596309416, 0.0307609848663, 0.144835324549, 0.198410762695, -0.27705484539,
      0.0786440826948, 0, 0, 0,
    ]
    for (ours, theirs) in zip(gradient.elements, expected) { #expect(abs(ours - theirs) < 1e-11) }
    // Single precision takes its own kernels.
    let single = try Distillation(weight: 0.7, temperature: 2.5).valueAndGradient(
      Tensor<Float>(student), targets, teacher: Tensor<Float>(teacher),
      loss: SoftmaxCrossEntropy(smoothing: 0.1))
    #expect(abs(single.value - value) < 1e-6)
    for (ours, theirs) in zip(single.gradient.elements, gradient.elements) {
      #expect(abs(Double(ours) - theirs) < 1e-6)
    }
  }

  /// Tolerance: see `GradientCheck`.
  @Test(arguments: [0, 0.4, 1], [0.5, 1, 6])
  func gradientMatchesCentralDifferences(weight: Double, temperature: Double) throws {
    let distillation = Distillation(weight: weight, temperature: temperature)
    func loss(_ z: Tensor<Double>) throws -> (value: Double, gradient: Tensor<Double>) {
      try distillation.valueAndGradient(
        z, targets, teacher: teacher, loss: SoftmaxCrossEntropy(smoothing: 0.2))
    }
    let check = try GradientCheck(loss(student).gradient, at: student) { try loss($0).value }
    #expect(check.error < 1e-7, "\(check)")
  }

  /// Who answers as the teacher does, but for a constant, has nothing to learn from it.
  @Test func sameAnswersCostNothing() throws {
    let shifted = Tensor<Double>(teacher.shape, teacher.elements.map { $0 + 3 })
    let (value, gradient) = try Distillation(weight: 1).valueAndGradient(
      shifted, targets, teacher: teacher, loss: SoftmaxCrossEntropy())
    #expect(abs(value) < 1e-12 && gradient.elements.allSatisfy { abs($0) < 1e-12 })
  }

  @Test func nanShowsInTheLoss() throws {
    for place in 0..<3 {
      var (broken, told) = (student, teacher)
      broken[1, place] = .nan
      told[0, place] = .nan
      let distillation = Distillation(weight: 0.5)
      let loss = SoftmaxCrossEntropy()
      #expect(
        try distillation.valueAndGradient(broken, targets, teacher: teacher, loss: loss).value.isNaN
      )
      #expect(
        try distillation.valueAndGradient(student, targets, teacher: told, loss: loss).value.isNaN)
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    #expect(throws: TensorError.self) {
      try Distillation().valueAndGradient(
        student, targets, teacher: Tensor<Double>([3, 4]), loss: SoftmaxCrossEntropy())
    }
    #expect(throws: TensorError.self) {
      try Distillation().valueAndGradient(
        student, .values(Tensor<Float>([3, 3])), teacher: teacher, loss: MeanSquaredError())
    }
  }
}
