public import AddendLinear
public import AddendNetworks
public import AddendTensors

/// A layer's gradients against central differences of `Σ y · direction`, in Double.
///
/// The value is the element that deviates most. The step of 1e−5 leaves a truncation error of about
/// 1e−10 times the third derivative and a rounding error of about 1e−11 times the sum; inputs and
/// parameters of size 1 therefore agree to 1e−7 wherever the derivative exists.
public struct GradientCheck: Sendable, CustomStringConvertible {
  /// `input`, or the parameter's path.
  public private(set) var place = "nothing"
  public private(set) var index = 0
  public private(set) var analytic = 0.0
  public private(set) var numeric = 0.0
  /// How many elements were looked at.
  public private(set) var checkedCount = 0

  /// The deviation, relative where the gradient is larger than 1; infinite when not a number.
  public var error: Double { Self.deviation(analytic, numeric) }

  public var description: String {
    "\(place)[\(index)]: backward says \(analytic), differences say \(numeric)"
  }

  private static let step = 1e-5

  private static func deviation(_ analytic: Double, _ numeric: Double) -> Double {
    let difference = (analytic - numeric).magnitude / max(1, analytic.magnitude, numeric.magnitude)
    return difference.isNaN ? .infinity : difference
  }

  /// Checks every parameter of `chain` and, unless it has no gradient, `input`; at most
  /// `elementLimit` elements of each, drawn at random.
  public init(
    of chain: Chain<Double>, at input: Tensor<Double>,
    context: PassContext<Double> = PassContext(), includingInput: Bool = true,
    elementLimit: Int = 40
  ) throws {
    var random = RandomSource(seed: 0x9e37, stream: 7)
    var (trained, passed) = (chain, context)
    let y = try trained.trainingForward(input, &passed)
    let direction = Tensor<Double>.normal(y.shape, using: &random)
    let dx = trained.backward(direction)

    func value(_ chain: Chain<Double>, _ x: Tensor<Double>) throws -> Double {
      var (chain, context) = (chain, context)
      let y = try chain.trainingForward(x, &context)
      return zip(y.elements, direction.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }

    if includingInput {
      for i in Self.sample(of: input.count, elementLimit, &random) {
        try compare("input", i, dx.elements[i]) { step in
          var x = input
          var span = x.mutableSpan
          span[i] += step
          return try value(chain, x)
        }
      }
    }
    for (path, parameter) in trained.parameters {
      let gradient = parameter.gradient?.elements
      for i in Self.sample(of: parameter.value.count, elementLimit, &random) {
        try compare(path, i, gradient?[i] ?? 0) { step in
          var moved = chain
          var tour = ParameterTour<Double> { here, parameter in
            guard here == path else { return }
            var span = parameter.value.mutableSpan
            span[i] += step
          }
          moved.visit(&tour)
          return try value(moved, input)
        }
      }
    }
  }

  /// Checks `gradient`, claimed to be that of `value` at `x`.
  public init(
    _ gradient: Tensor<Double>, at x: Tensor<Double>, of value: (Tensor<Double>) throws -> Double
  ) throws {
    for i in 0..<x.count {
      try compare("input", i, gradient.elements[i]) { step in
        var moved = x
        var span = moved.mutableSpan
        span[i] += step
        return try value(moved)
      }
    }
  }

  private mutating func compare(
    _ place: String, _ index: Int, _ analytic: Double, _ value: (_ step: Double) throws -> Double
  ) rethrows {
    let numeric = (try value(Self.step) - value(-Self.step)) / (2 * Self.step)
    checkedCount += 1
    guard checkedCount == 1 || Self.deviation(analytic, numeric) > error else { return }
    self.place = place
    self.index = index
    self.analytic = analytic
    self.numeric = numeric
  }

  private static func sample(
    of count: Int, _ limit: Int, _ random: inout RandomSource
  ) -> [Int] {
    count <= limit
      ? Array(0..<count) : (0..<limit).map { _ in Int.random(in: 0..<count, using: &random) }
  }
}

/// Does one thing to every parameter, by path.
public struct ParameterTour<Scalar: TensorScalar>: StateVisitor {
  private let body: (String, inout Parameter<Scalar>) -> Void
  private var path = StatePath()

  public init(_ body: @escaping (_ path: String, inout Parameter<Scalar>) -> Void) {
    self.body = body
  }

  public mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    body(path.appending(name), &parameter)
  }
  public mutating func enter(_ name: String) { path.enter(name) }
  public mutating func leave() { path.leave() }
}

extension Chain {
  /// The parameters by path, in the order of visits.
  public var parameters: [(path: String, parameter: Parameter<Scalar>)] {
    var found: [(path: String, parameter: Parameter<Scalar>)] = []
    var copy = self
    var tour = ParameterTour<Scalar> { found.append((path: $0, parameter: $1)) }
    copy.visit(&tour)
    return found
  }
}
