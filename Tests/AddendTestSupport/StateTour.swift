public import AddendLinear
public import AddendNetworks
public import AddendTensors

/// Does one thing to every tensor of a model's state, by path: parameters' values and other numbers.
public struct StateTour<Scalar: TensorScalar>: StateVisitor {
  private let body: (String, inout Tensor<Scalar>) -> Void
  private var path = StatePath()

  public init(_ body: @escaping (_ path: String, inout Tensor<Scalar>) -> Void) {
    self.body = body
  }

  public mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    body(path.appending(name), &parameter.value)
  }
  public mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {
    body(path.appending(name), &numbers)
  }
  public mutating func enter(_ name: String) { path.enter(name) }
  public mutating func leave() { path.leave() }
}

extension Chain {
  /// All tensors of the state by path.
  public var state: [String: Tensor<Scalar>] {
    var found: [String: Tensor<Scalar>] = [:]
    var copy = self
    var tour = StateTour<Scalar> { found[$0] = $1 }
    copy.visit(&tour)
    return found
  }
}

/// Where two lists of numbers differ most.
public struct Deviation: Sendable, CustomStringConvertible {
  public private(set) var index = 0
  public private(set) var found = 0.0
  public private(set) var expected = 0.0
  private let counts: (Int, Int)

  public init<Scalar: TensorScalar>(_ found: Tensor<Scalar>, from expected: [Double]) {
    counts = (found.count, expected.count)
    for (i, pair) in zip(found.elements, expected).enumerated() {
      guard i == 0 || Self.size(pair.0.double, pair.1) > Self.size(self.found, self.expected) else {
        continue
      }
      (index, self.found, self.expected) = (i, pair.0.double, pair.1)
    }
  }

  /// The largest `|found − expected| / max(1, |expected|)`; infinite for NaN or unequal counts.
  public var size: Double { counts.0 == counts.1 ? Self.size(found, expected) : .infinity }

  public var description: String {
    counts.0 == counts.1
      ? "element \(index) is \(found), expected \(expected)"
      : "\(counts.0) elements, expected \(counts.1)"
  }

  private static func size(_ found: Double, _ expected: Double) -> Double {
    let difference = (found - expected).magnitude / max(1, expected.magnitude)
    return difference.isNaN ? .infinity : difference
  }
}
