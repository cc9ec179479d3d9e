// What a format need not say, and the two formats of the language.

extension TensorScalar {
  public static var isLogarithmic: Bool { false }
  public static var additionsPerSum: Int { 1 }
  public static func += (a: inout Self, b: Self) { a = a + b }
  public static func -= (a: inout Self, b: Self) { a = a - b }
  public static func *= (a: inout Self, b: Self) { a = a * b }
  public init(constant value: Double) { self.init(value) }
  public init(symbol: Int) { self.init(Double(symbol)) }
  public var symbol: Int? { Int(exactly: double) }
  public var reported: Double { double }
  public static func uniform(within limit: Double, using random: inout RandomSource) -> Self {
    Self((2 * random.uniform() - 1) * limit)
  }
  // Double keeps narrow formats from losing ε.
  public static func inverseDeviation(of variance: Self, epsilon: Double) -> Self {
    Self(1 / (variance.double + epsilon).squareRoot())
  }
  public static func moved(
    _ running: Self, towards new: Self, by share: Double, scaled factor: Double
  ) -> Self {
    Self((1 - share) * running.double + share * factor * new.double)
  }
  public static func lookUp(_ entry: Self) -> Self { entry }
  public static func exp(_ x: Self) -> Self { Self(Math.exp(x.double)) }
  public static func log(_ x: Self) -> Self { Self(Math.log(x.double)) }
  public static func tanh(_ x: Self) -> Self { Self(Math.tanh(x.double)) }
  public static func erf(_ x: Self) -> Self { Self(Math.erf(x.double)) }
  public static func squareRoot(_ x: Self) -> Self { Self(x.double.squareRoot()) }
}

extension TensorScalar where Accumulator == Self {
  public static func product(_ x: Self, _ y: Self) -> Self { x * y }
  public init(rounding sum: Self) { self = sum }
}

extension Float: TensorScalar {
  public static var formatName: String { "float32" }
  public static var symbolCount: Int { 1 << 24 + 1 }
  public static var leastPositive: Double { Double(Float.leastNonzeroMagnitude) }
  public var double: Double { Double(self) }
  public static func squareRoot(_ x: Float) -> Float { x.squareRoot() }
}

extension Double: TensorScalar {
  public static var formatName: String { "float64" }
  public static var symbolCount: Int { 1 << 53 + 1 }
  public static var leastPositive: Double { .leastNonzeroMagnitude }
  public var double: Double { self }
  public static func squareRoot(_ x: Double) -> Double { x.squareRoot() }
}
