import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// K-TanH's kernels give the bits of the definitions, and the definitions' slopes are those stated.
struct KTanHDefinitionTests {
  static let patterns = (0...UInt16.max).map(BFloat16.init(bitPattern:))

  @Test(arguments: KTanHFunction.allCases)
  func floatKernelsGiveTheDefinitionsBits(_ function: KTanHFunction) {
    let x = normalNumbers(3000, seed: 4).map { 3 * $0 }
    let dy = normalNumbers(3000, seed: 5)
    let y = Tensor<Float>([3000]) { Float.activate(.kTanH(function), x.span, into: &$0) }
    let dx = Tensor<Float>([3000]) {
      Float.activationGradient(.kTanH(function), x: x.span, y: y.span, dy: dy.span, into: &$0)
    }
    let (values, slopes) = (y.elements, dx.elements)
    for i in x.indices {
      #expect(values[i] == Float.value(of: .kTanH(function), at: x[i]))
      #expect(slopes[i] == dy[i] * Float.slope(of: .kTanH(function), at: x[i], value: values[i]))
    }
  }

  @Test func bfloat16GoesThroughIntegersAlone() {
    let y = Tensor<BFloat16>([65_536]) {
      BFloat16.activate(.kTanH(.tanh), Self.patterns.span, into: &$0)
    }
    #expect(
      y.elements.map(\.bitPattern)
        == Self.patterns.map { KTanHFunction.tangent(bitPattern: $0.bitPattern) })
  }

  /// The surrogates, written with exponentials: the derivatives of the exact functions at the values
  /// that K-TanH gave.
  private func surrogate(_ function: KTanHFunction, _ x: Double, _ y: Double) -> Double {
    let root = 0.797_884_560_802_865_4
    switch function {
    case .tanh: return 1 - y * y
    case .sigmoid: return y * (1 - y)
    case .swish:
      let s = Double.value(of: .kTanH(.sigmoid), at: x)
      return s + x * s * (1 - s)
    case .gelu:
      let t = Double.value(of: .kTanH(.tanh), at: root * (x + 0.044715 * x * x * x))
      return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x)
    }
  }

  /// Tolerance: a few roundings of numbers below 8. Points at which GELU's cubic and its product form
  /// could round to different bfloat16 numbers are not among these.
  @Test(arguments: KTanHFunction.allCases)
  func slopesAreTheStatedSurrogates(_ function: KTanHFunction) {
    for i in -400...400 {
      let x = Double(i) / 100 + 1e-3
      let y = Double.value(of: .kTanH(function), at: x)
      let slope = Double.slope(of: .kTanH(function), at: x, value: y)
      #expect((slope - surrogate(function, x, y)).magnitude < 1e-14, "\(x)")
    }
  }

  /// How far a surrogate lies from the exact function's own slope: rounding `x` to 8 bits moves
  /// `tanh x` by at most 2⁻⁹ · 0.448, so `T` errs by δ = 9.81e-3 at most, a sigmoid by δ / 2, and
  /// `1 − t²` by 2δ, `s (1 − s)` by δ / 2. GELU's own cubic form lies within 3e-3 of `x Φ(x)`'s slope.
  @Test(arguments: KTanHFunction.allCases)
  func slopesAreNearThoseOfTheExactFunctions(_ function: KTanHFunction) {
    let delta = 9.81e-3
    let exact: ActivationFunction =
      switch function {
      case .tanh: .tanh
      case .sigmoid: .sigmoid
      case .swish: .swish
      case .gelu: .gelu
      }
    for i in -300...300 {
      let x = Double(i) / 100
      let limit =
        switch function {
        case .tanh: 2 * delta
        case .sigmoid: delta / 2
        case .swish: delta / 2 * (1 + x.magnitude)
        case .gelu:
          delta / 2 + x.magnitude * delta * 0.798 * (1 + 3 * 0.044715 * x * x) + 3e-3
        }
      let step = 1e-5
      let numeric =
        (Double.value(of: exact, at: x + step) - Double.value(of: exact, at: x - step))
        / (2 * step)
      let y = Double.value(of: .kTanH(function), at: x)
      let slope = Double.slope(of: .kTanH(function), at: x, value: y)
      #expect((slope - numeric).magnitude < limit, "\(x)")
    }
  }
}
