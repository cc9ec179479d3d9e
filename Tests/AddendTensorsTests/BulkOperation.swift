import AddendKernels
import AddendTensors
import AddendTestSupport

/// Every bulk operation over rows of numbers, as one function from seeded inputs to all outputs, so
/// that formats can be compared.
enum BulkOperation: CaseIterable {
  case fill, addScaled, scale, multiply, sumOfSquares, blend, blendGradient
  case relu, leakyReLU, sigmoid, tanh, gelu, swish, hardTanh
  case reluGradient, leakyReLUGradient, sigmoidGradient, tanhGradient, geluGradient, swishGradient
  case hardTanhGradient
  case addRow, addColumnSums, softmax, crossEntropy, smoothedCrossEntropy, squaredError,
    squaredHinge
  case columnMoments, normalize, normalizationGradient, normalizeRows, rowNormalizationGradient
  case lstmStep, lstmStepGradient, gruStep, gruStepGradient, elmanStep
  case classicalMomentum, nesterovMomentum, adam, adaMax

  /// The longest sum that an output element is made of.
  func terms(rows: Int, columns: Int) -> Int {
    switch self {
    case .sumOfSquares: rows * columns
    case .addColumnSums, .columnMoments, .normalizationGradient: rows
    case .softmax, .normalizeRows: columns
    case .rowNormalizationGradient: max(rows, columns)
    case .crossEntropy, .smoothedCrossEntropy, .squaredError, .squaredHinge: rows * columns
    default: 1
    }
  }

  /// Whether outputs are polynomials of a high degree in the inputs.
  var multipliesMany: Bool { self == .lstmStepGradient || self == .gruStepGradient }

  private var activation: ActivationFunction? {
    switch self {
    case .relu, .reluGradient: .relu
    case .leakyReLU, .leakyReLUGradient: .leakyReLU(slope: 0.125)
    case .sigmoid, .sigmoidGradient: .sigmoid
    case .tanh, .tanhGradient: .tanh
    case .gelu, .geluGradient: .gelu
    case .swish, .swishGradient: .swish
    case .hardTanh, .hardTanhGradient: .hardTanh
    default: nil
    }
  }

  private var isGradient: Bool {
    switch self {
    case .reluGradient, .leakyReLUGradient, .sigmoidGradient, .tanhGradient, .geluGradient,
      .swishGradient, .hardTanhGradient:
      true
    default: false
    }
  }

  /// All outputs, one after another.
  func outputs<Scalar: TensorScalar>(
    rows: Int, columns: Int, in format: Scalar.Type
  ) -> [Scalar] {
    let count = rows * columns
    func numbers(_ shape: Shape, _ seed: UInt64) -> Tensor<Scalar> {
      Tensor(shape, normalNumbers(shape.count, seed: seed).map { Scalar($0.double) })
    }
    let x = numbers([count], 1)
    var y = numbers([count], 2)
    let row = numbers([columns], 3)
    if let activation {
      let source = x.span
      y = Tensor([count]) { Scalar.activate(activation, source, into: &$0) }
      guard isGradient else { return y.elements }
      let (value, dy) = (y, numbers([count], 4))
      return Tensor<Scalar>([count]) {
        Scalar.activationGradient(activation, x: x.span, y: value.span, dy: dy.span, into: &$0)
      }.elements
    }
    switch self {
    case .columnMoments, .normalize, .normalizationGradient:
      return normalization(x, y, row, numbers([columns], 5), numbers([columns], 6))
    case .softmax, .crossEntropy, .smoothedCrossEntropy:
      return distribution(x, rows: rows, columns: columns)
    case .squaredError, .squaredHinge: return loss(x, rows: rows, columns: columns)
    case .normalizeRows, .rowNormalizationGradient:
      return rowNormalization(x, y, row, numbers([columns], 5), rows: rows)
    case .blend, .blendGradient: return blended(x, y, numbers([count], 7), numbers([count], 8))
    case .lstmStep, .lstmStepGradient, .gruStep, .gruStepGradient, .elmanStep:
      return recurrentStep(rows: rows, size: columns) { numbers([$0], $1) }
    case .classicalMomentum, .nesterovMomentum, .adam, .adaMax:
      return update(x, y, numbers([count], 7), numbers([count], 8))
    default: break
    }
    var span = y.mutableSpan
    switch self {
    case .fill: Scalar.fill(&span, with: Scalar(0.75))
    case .addScaled: Scalar.addScaled(Scalar(0.75), x.span, to: &span)
    case .scale: Scalar.scale(&span, by: Scalar(0.75))
    case .multiply: Scalar.multiply(&span, by: x.span)
    case .addRow: Scalar.addRow(row.span, toEachRowOf: &span)
    case .sumOfSquares: return [Scalar(Scalar.sumOfSquares(x.span))]
    default:
      var sums = row
      var sumSpan = sums.mutableSpan
      Scalar.addColumnSums(of: x.span, to: &sumSpan)
      return sums.elements
    }
    return y.elements
  }

  private func distribution<Scalar>(
    _ x: Tensor<Scalar>, rows: Int, columns: Int
  ) -> [Scalar] {
    // Every fifth row has no class.
    let classes = (0..<rows).map { $0 % 5 == 3 ? -1 : Int32($0 * 7 % max(1, columns)) }
    if self == .softmax {
      return Tensor<Scalar>(x.shape) {
        Scalar.softmax(x.span, columns: columns, into: &$0)
      }.elements
    }
    var y = x
    var span = y.mutableSpan
    let loss = Scalar.softmaxCrossEntropy(
      &span, columns: columns, classes: classes.span,
      smoothing: self == .crossEntropy ? 0 : 0.25, weight: 0.5)
    return y.elements + [Scalar(loss)]
  }

  private func loss<Scalar>(_ x: Tensor<Scalar>, rows: Int, columns: Int) -> [Scalar] {
    let classes = (0..<rows).map { $0 % 5 == 3 ? -1 : Int32($0 * 7 % max(1, columns)) }
    let targets = normalNumbers(x.count, seed: 9)
    var loss = 0.0
    let gradient = Tensor<Scalar>(x.shape) {
      loss =
        self == .squaredError
        ? Scalar.squaredError(x.span, targets: targets.span, weight: 0.5, gradient: &$0)
        : Scalar.squaredHinge(
          x.span, columns: columns, classes: classes.span, weight: 0.5, gradient: &$0)
    }
    // As a mean: the sum of so many squares would not fit the tolerance of sums of small terms.
    return gradient.elements + [Scalar(loss / Double(max(1, x.count)))]
  }

  private func blended<Scalar>(
    _ x: Tensor<Scalar>, _ h: Tensor<Scalar>, _ share: Tensor<Scalar>, _ dy: Tensor<Scalar>
  ) -> [Scalar] {
    guard self == .blendGradient else {
      return Tensor<Scalar>(x.shape) {
        Scalar.blend(x.span, h.span, share: share.span, into: &$0)
      }.elements
    }
    var (dh, dt) = (h, share)
    var first = dh.mutableSpan
    var second = dt.mutableSpan
    let dx = Tensor<Scalar>(x.shape) {
      Scalar.blendGradient(
        x.span, h.span, share: share.span, dy: dy.span, into: &$0, &first, &second)
    }
    return dx.elements + dh.elements + dt.elements
  }

  private func rowNormalization<Scalar>(
    _ x: Tensor<Scalar>, _ dy: Tensor<Scalar>, _ scale: Tensor<Scalar>, _ shift: Tensor<Scalar>,
    rows: Int
  ) -> [Scalar] {
    var mean = Tensor<Scalar>([rows])
    var inverse = mean
    if self == .normalizeRows {
      var first = mean.mutableSpan
      var second = inverse.mutableSpan
      // The ε keeps the slope of rows of one number, whose deviation is zero, at 1.
      let y = Tensor<Scalar>(x.shape) {
        Scalar.normalizeRows(
          x.span, epsilon: 1, scale: scale.span, shift: shift.span, into: &$0, mean: &first,
          inverseDeviation: &second)
      }
      return y.elements + mean.elements + inverse.elements
    }
    mean = Tensor([rows], normalNumbers(rows, seed: 3).map { Scalar($0.double) })
    inverse = Tensor([rows], normalNumbers(rows, seed: 4).map { Scalar($0.magnitude.double) })
    var (a, b) = (scale, shift)
    var first = a.mutableSpan
    var second = b.mutableSpan
    let dx = Tensor<Scalar>(x.shape) {
      Scalar.rowNormalizationGradient(
        x: x.span, dy: dy.span, mean: mean.span, inverseDeviation: inverse.span,
        scale: scale.span, into: &$0, scaleGradient: &first, shiftGradient: &second)
    }
    return dx.elements + a.elements + b.elements
  }

  private func normalization<Scalar>(
    _ x: Tensor<Scalar>, _ dy: Tensor<Scalar>, _ mean: Tensor<Scalar>, _ scale: Tensor<Scalar>,
    _ shift: Tensor<Scalar>
  ) -> [Scalar] {
    var (a, b) = (mean, mean)
    var first = a.mutableSpan
    var second = b.mutableSpan
    if self == .columnMoments {
      Scalar.columnMoments(of: x.span, mean: &first, variance: &second)
      return a.elements + b.elements
    }
    let z = Tensor<Scalar>(x.shape) {
      if self == .normalize {
        Scalar.normalize(
          x.span, mean: mean.span, inverseDeviation: scale.span, scale: scale.span,
          shift: shift.span, into: &$0)
      } else {
        Scalar.normalizationGradient(
          x: x.span, dy: dy.span, mean: mean.span, inverseDeviation: shift.span,
          scale: scale.span, into: &$0, scaleGradient: &first, shiftGradient: &second)
      }
    }
    return self == .normalize ? z.elements : z.elements + a.elements + b.elements
  }

  private func update<Scalar>(
    _ weights: Tensor<Scalar>, _ gradient: Tensor<Scalar>, _ first: Tensor<Scalar>,
    _ squareRoots: Tensor<Scalar>
  ) -> [Scalar] {
    var (weights, first) = (weights, first)
    // A second moment is not negative.
    var second = Tensor<Scalar>(squareRoots.shape, squareRoots.elements.map { $0 * $0 })
    var weightSpan = weights.mutableSpan
    var firstSpan = first.mutableSpan
    var secondSpan = second.mutableSpan
    if self == .adam {
      let step = AdamStep(
        learningRate: 0.1, epsilon: 1e-3, weightDecay: 0.1, decoupledWeightDecay: 0.1, step: 3)
      Scalar.update(
        &weightSpan, gradient: gradient.span, firstMoment: &firstSpan, secondMoment: &secondSpan,
        step)
    } else if self == .adaMax {
      // The ε keeps the divisor from making roundings large.
      let step = AdaMaxStep(correctedRate: 0.1, epsilon: 1, weightDecay: 0.1)
      Scalar.update(
        &weightSpan, gradient: gradient.span, firstMoment: &firstSpan, largest: &secondSpan, step)
    } else {
      let step = MomentumStep(
        learningRate: 0.1, momentum: 0.9, weightDecay: 0.1,
        form: self == .nesterovMomentum ? .nesterov : .classical)
      Scalar.update(&weightSpan, gradient: gradient.span, velocity: &firstSpan, step)
    }
    return weights.elements + first.elements + second.elements
  }

  private func recurrentStep<Scalar>(
    rows: Int, size: Int, _ numbers: (Int, UInt64) -> Tensor<Scalar>
  ) -> [Scalar] {
    let count = rows * size
    let gateCount = self == .lstmStep || self == .lstmStepGradient ? 4 : 3
    let (input, recurrent) = (numbers(gateCount * count, 9), numbers(gateCount * count, 10))
    let (state, next, dy) = (numbers(count, 11), numbers(count, 12), numbers(count, 13))
    var wide = recurrent
    var otherWide = input
    var narrow = dy
    var wideSpan = wide.mutableSpan
    var otherSpan = otherWide.mutableSpan
    var narrowSpan = narrow.mutableSpan
    let result = Tensor<Scalar>(self == .elmanStep ? input.shape : state.shape) {
      switch self {
      case .lstmStep:
        Scalar.lstmStep(
          .exact, size: size, input: input.span, recurrent: recurrent.span, memory: state.span,
          gates: &wideSpan, nextMemory: &narrowSpan, output: &$0)
      case .gruStep:
        Scalar.gruStep(
          .exact, size: size, input: input.span, recurrent: recurrent.span, state: state.span,
          gates: &wideSpan, output: &$0)
      case .gruStepGradient:
        Scalar.gruStepGradient(
          size: size, gates: input.span, recurrent: recurrent.span, state: state.span,
          outputGradient: dy.span, stateGradient: &$0, inputGradient: &wideSpan,
          recurrentGradient: &otherSpan)
      case .elmanStep:
        Scalar.elmanStep(.exact, input: input.span, recurrent: recurrent.span, output: &$0)
      default:
        Scalar.lstmStepGradient(
          .exact, size: size, gates: input.span, memory: state.span, nextMemory: next.span,
          outputGradient: dy.span, memoryGradient: &narrowSpan, gateGradient: &wideSpan)
        $0.update(repeating: .zero)
      }
    }
    return result.elements + wide.elements + otherWide.elements + narrow.elements
  }
}
