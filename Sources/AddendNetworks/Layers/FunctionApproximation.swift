public import AddendCatalogue
public import AddendKernels
internal import AddendLinear

/// How a layer computes the transcendental functions in it.
public enum FunctionApproximation: String, Hashable, Sendable, CaseIterable {
  /// As float32 has them.
  case exact
  /// By K-TanH, on arguments rounded to bfloat16: see `KTanHFunction` for the errors. Gradients are
  /// those of the exact functions' equations at the values that came out, `1 − y²` for the hyperbolic
  /// tangent.
  case kTanH = "k-tanh"

  static let parameter = Declaration.Parameter(
    "approximation", .choice(allCases.map(\.rawValue)), standard: .text(exact.rawValue),
    help: "how transcendental functions are computed")

  init(_ arguments: Arguments) {
    // The declaration admits no other text.
    self = FunctionApproximation(rawValue: arguments.text("approximation")) ?? .exact
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
