public import AddendCatalogue
public import AddendKernels
internal import AddendLinear

extension FunctionApproximation {
  static let parameter = Declaration.Parameter(
    "approximation", .choice(allCases.map(\.rawValue)), standard: .text(exact.rawValue),
    help: "how transcendental functions are computed")

  init(_ arguments: Arguments) {
    // The declaration admits no other text.
    self = FunctionApproximation(rawValue: arguments.text("approximation")) ?? .exact
  }

  /// The operations of one hyperbolic tangent and of one sigmoid; exact ones are counted by the
  /// convention of `ActivationLayer`.
  var costs: (tanh: OperationCount, sigmoid: OperationCount) {
    let exact = OperationCount(multiplications: 20, additions: 20)
    return switch self {
    case .exact: (exact, exact)
    case .kTanH: (KTanHFunction.tanh.cost, KTanHFunction.sigmoid.cost)
    }
  }
}

extension Specification {
  /// With `approximation`, which is left out where it is the standard: older files lack it.
  func approximating(_ approximation: FunctionApproximation) -> Specification {
    guard approximation != .exact else { return self }
    var copy = self
    copy.arguments["approximation"] = .text(approximation.rawValue)
    return copy
  }
}

/// An activation that may be approximated: `Tanh(approximation: .kTanH)`.
public protocol ApproximableActivation: ActivationConfiguration {
  init(approximation: FunctionApproximation)
  var approximation: FunctionApproximation { get }
  static var functions: (exact: ActivationFunction, kTanH: KTanHFunction) { get }
}

extension ApproximableActivation {
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(approximation: FunctionApproximation(arguments))
  }

  public var specification: Specification {
    Specification(Self.declaration.name).approximating(approximation)
  }

  public var function: ActivationFunction {
    switch approximation {
    case .exact: Self.functions.exact
    case .kTanH: .kTanH(Self.functions.kTanH)
    }
  }
}

extension KTanHFunction {
  /// The operations of one number: those of the hyperbolic tangent on integers, and the float32
  /// arithmetic around it.
  var cost: OperationCount {
    let tangent = OperationCount(additions: 2, lookups: 2, comparisons: 3, bitOperations: 5)
    return switch self {
    case .tanh: tangent
    case .sigmoid: tangent + OperationCount(multiplications: 2, additions: 1)
    case .swish: tangent + OperationCount(multiplications: 3, additions: 1)
    case .gelu: tangent + OperationCount(multiplications: 6, additions: 2)
    }
  }
}
