internal import AddendKernels
internal import AddendTensors

/// An int8 map in training: its weight, and what is known of its input's range.
struct Int8Training<Scalar: TensorScalar>: Sendable {
  let settings: Int8Configuration
  var weight: Parameter<Scalar>
  /// The input's least and largest number, and 1 once that is so.
  private var range: Tensor<Scalar>
  /// Until the first gradient.
  private var histogram: RangeHistogram? = RangeHistogram()

  init(_ settings: Int8Configuration, weight: Tensor<Scalar>) {
    self.settings = settings
    self.weight = Parameter(weight)
    range = Tensor([3])
  }

  /// The inputs' bytes as training has them now; `nil` while nothing is known.
  var quantization: AffineQuantization? {
    let span = range.span
    guard span[2].double > 0 else { return nil }
    let (lower, upper) = (span[0].double, span[1].double)
    guard lower.isFinite, upper.isFinite else { return nil }
    return AffineQuantization(covering: lower, upper)
  }

  /// Those to freeze with.
  var finalQuantization: AffineQuantization {
    var copy = self
    copy.settle()
    return copy.quantization ?? AffineQuantization(covering: -4, 4)
  }

  /// Looks at a batch; returns how it is brought to bytes.
  mutating func observe(_ x: Tensor<Scalar>) -> AffineQuantization? {
    guard histogram == nil else {
      histogram?.add(x.span)
      return nil
    }
    let found = Scalar.extremes(of: x.span)
    // Of a batch that has met infinity nothing is learned.
    if found.lowest.isFinite, found.highest.isFinite {
      let old = range.span[2].double > 0 ? (range.span[0].double, range.span[1].double) : nil
      let rest = 1 - settings.momentum
      func moved(_ before: Double?, _ now: Double) -> Double {
        before.map { $0 + rest * (now - $0) } ?? now
      }
      setRange(moved(old?.0, min(0, found.lowest)), moved(old?.1, max(0, found.highest)))
    }
    return quantization
  }

  private mutating func setRange(_ lower: Double, _ upper: Double) {
    range = Tensor([3], [Scalar(lower), Scalar(upper), Scalar(1)])
  }

  /// Turns the histogram into a range.
  private mutating func settle() {
    guard let seen = histogram.take(), !seen.isEmpty else { return }
    let found = seen.range(by: settings.calibration, percentile: settings.percentile)
    setRange(found.lowerBound, found.upperBound)
  }

  mutating func takeGradient(of exact: ExactMap<Scalar>) {
    settle()
    guard let gradient = exact.weight.gradient else { return }
    weight.addGradient(gradient)
  }

  /// The product that training computes: of rounded weights once inputs are rounded.
  func exact(_ quantization: AffineQuantization?) -> ExactMap<Scalar> {
    ExactMap(weight: quantization == nil ? weight.value : roundedWeight)
  }

  /// `t w`: what `ColumnScales` makes of the weight, in the weight's own format.
  private var roundedWeight: Tensor<Scalar> {
    Tensor(weight.value.shape) {
      Scalar.roundColumns(
        weight.value.span, columns: weight.value.shape[1], limit: 127,
        scales: AffineQuantization.scales, into: &$0)
    }
  }

  func rounded(_ x: Tensor<Scalar>) -> Tensor<Scalar> { rounded(x, quantization) }

  /// `x̂`.
  func rounded(_ x: Tensor<Scalar>, _ quantization: AffineQuantization?) -> Tensor<Scalar> {
    guard let quantization else { return x }
    let source = x.span
    return Tensor(x.shape) { Scalar.passThroughBytes(source, quantization, into: &$0) }
  }

  /// `dx` without what the range leaves out.
  func passed(
    _ dx: consuming Tensor<Scalar>, _ x: Tensor<Scalar>, _ quantization: AffineQuantization?
  ) -> Tensor<Scalar> {
    guard let quantization else { return dx }
    return dx.passed(
      where: x, isWithin: Double(quantization.lower)...Double(quantization.upper))
  }

  mutating func scaleOutputs(by factors: [Double]) -> Bool {
    var exact = ExactMap(weight: weight.value)
    _ = exact.scaleOutputs(by: factors)
    weight.value = exact.weight.value
    return true
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&weight, named: "weight")
    visitor.visit(&range, named: "range")
    visitor.afterReplacing { () throws(TensorError) in
      histogram = quantization == nil ? RangeHistogram() : nil
    }
  }
}

/// Int8 weights with a scale for each column.
struct ColumnScales<Scalar: TensorScalar> {
  /// `max_p |W[p, j]| / 127`; 1 for a column of zeros or of numbers that are not all finite.
  let scales: [Float]
  let weights: [Int8]

  init(_ weight: Tensor<Scalar>) {
    let width = weight.shape[1]
    let numbers = Tensor<Float>(weight)
    let span = numbers.span
    var largest = [Float](repeating: 0, count: width)
    for first in stride(from: 0, to: span.count, by: max(1, width)) {
      for j in 0..<width {
        let magnitude = abs(span[first + j])
        // NaN takes its place, and infinity keeps it.
        if !(magnitude <= largest[j]) { largest[j] = magnitude.isNaN ? .infinity : magnitude }
      }
    }
    let scales = largest.map { AffineQuantization.scales.contains($0 / 127) ? $0 / 127 : 1 }
    var weights = [Int8](repeating: 0, count: span.count)
    for first in stride(from: 0, to: span.count, by: max(1, width)) {
      for j in 0..<width {
        let quotient = (span[first + j] / scales[j]).rounded(.toNearestOrEven)
        weights[first + j] = quotient.isFinite ? Int8(min(max(quotient, -127), 127)) : 0
      }
    }
    self.scales = scales
    self.weights = weights
  }
}
