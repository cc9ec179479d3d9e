import AddendKernels
import AddendTensors
import Testing

private let functions: [ActivationFunction] =
  [
    .relu, .leakyReLU(slope: 0), .leakyReLU(slope: 0.01), .leakyReLU(slope: -0.5), .sigmoid, .tanh,
    .gelu, .swish, .hardTanh,
  ] + KTanHFunction.allCases.map { .kTanH($0) }

/// A slope comes to the same bits when the operand that it is said not to need is another one.
@Test(arguments: functions)
func slopesNeedTheOperandThatTheyName(_ function: ActivationFunction) {
  let numbers = [
    0, -0.0, 1, -1, 1.0.nextDown, -1.0.nextDown, 1.0.nextUp, 1e-45, -1e-45, 1e-38, -1e-30, 0.3,
    -0.7,
    5, -5, 90, -90, .infinity, -.infinity, .nan,
  ]
  expectOneOperandIsEnough(function, numbers)
  expectOneOperandIsEnough(function, numbers.map { Float($0) })
}

private func expectOneOperandIsEnough<Scalar: TensorScalar>(
  _ function: ActivationFunction, _ numbers: [Scalar]
) {
  let x = Tensor<Scalar>([numbers.count], numbers)
  let y = Tensor<Scalar>(x.shape) { Scalar.activate(function, x.span, into: &$0) }
  let dy = Tensor<Scalar>(x.shape, repeating: Scalar(3))
  func gradient(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>) -> [Double] {
    Tensor<Scalar>(x.shape) {
      Scalar.activationGradient(
        function, x: x.span, y: y.span, dy: dy.span, into: &$0)
    }.elements.map { $0.double }
  }
  let expected = gradient(x, y)
  let found =
    switch function.slopeOperand {
    case .input: gradient(x, x)
    case .output: gradient(y, y)
    case .both: expected
    }
  for (i, pair) in zip(found, expected).enumerated() {
    #expect(
      pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN), "at \(numbers[i]): \(pair.0), \(pair.1)")
  }
}
