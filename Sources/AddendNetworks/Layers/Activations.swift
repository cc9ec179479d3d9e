public import AddendCatalogue
public import AddendKernels
public import AddendLinear
public import AddendTensors

/// A layer that applies one function to every number.
public protocol ActivationConfiguration: LayerConfiguration {
  var function: ActivationFunction { get }
}

extension ActivationConfiguration {
  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    LayerHolder(ActivationLayer<Scalar>(function: function))
  }
}

/// An activation without parameters is its name and its function.
public protocol PlainActivation: ActivationConfiguration { init() }

extension PlainActivation {
  public init(_ arguments: Arguments) throws(CatalogueError) { self.init() }
  public var specification: Specification { Specification(Self.declaration.name) }
}

/// `max(x, 0)`.
public struct ReLU: PlainActivation {
  public init() {}
  public static let declaration = Declaration("relu", summary: "max(x, 0)")
  public var function: ActivationFunction { .relu }
}

/// `1 / (1 + e^−x)`.
public struct Sigmoid: ApproximableActivation {
  public var approximation: FunctionApproximation
  public init(approximation: FunctionApproximation = .exact) { self.approximation = approximation }
  public static let declaration = Declaration(
    "sigmoid", summary: "1 / (1 + e^−x)", parameters: [FunctionApproximation.parameter])
  public static let functions = (exact: ActivationFunction.sigmoid, kTanH: KTanHFunction.sigmoid)
}

/// The hyperbolic tangent.
public struct Tanh: ApproximableActivation {
  public var approximation: FunctionApproximation
  public init(approximation: FunctionApproximation = .exact) { self.approximation = approximation }
  public static let declaration = Declaration(
    "tanh", summary: "the hyperbolic tangent", parameters: [FunctionApproximation.parameter])
  public static let functions = (exact: ActivationFunction.tanh, kTanH: KTanHFunction.tanh)
}

/// `x Φ(x)` (Hendrycks & Gimpel, 2016), exact unless an approximation is chosen.
public struct GELU: ApproximableActivation {
  public var approximation: FunctionApproximation
  public init(approximation: FunctionApproximation = .exact) { self.approximation = approximation }
  public static let declaration = Declaration(
    "gelu", summary: "x Φ(x)", parameters: [FunctionApproximation.parameter])
  public static let functions = (exact: ActivationFunction.gelu, kTanH: KTanHFunction.gelu)
}

/// `x σ(x)` (Ramachandran et al., 2017).
public struct Swish: ApproximableActivation {
  public var approximation: FunctionApproximation
  public init(approximation: FunctionApproximation = .exact) { self.approximation = approximation }
  public static let declaration = Declaration(
    "swish", summary: "x σ(x), also called SiLU", parameters: [FunctionApproximation.parameter])
  public static let functions = (exact: ActivationFunction.swish, kTanH: KTanHFunction.swish)
}

/// `x` cut to [−1, 1].
public struct HardTanh: PlainActivation {
  public init() {}
  public static let declaration = Declaration("hard-tanh", summary: "x cut to [−1, 1]")
  public var function: ActivationFunction { .hardTanh }
}

/// `x` where positive, else `slope · x`.
public struct LeakyReLU: ActivationConfiguration {
  public var slope: Double

  public init(slope: Double = 0.01) { self.slope = slope }
  public static let declaration = Declaration(
    "leaky-relu", summary: "x where positive, else slope · x",
    parameters: [
      .init("slope", .number(0...1), standard: .number(0.01), help: "the slope below zero")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(slope: arguments.number("slope"))
  }
  public var specification: Specification {
    Specification("leaky-relu", ["slope": .number(slope)])
  }
  public var function: ActivationFunction { .leakyReLU(slope: slope) }
}

/// `y = f(x)` for every number.
///
/// Cost: ReLU and hard tanh compare, once and twice a number; leaky ReLU compares and multiplies.
/// The transcendental functions are counted as the 20 multiplications and 20 additions of a
/// polynomial evaluation: a convention, the one place where a count is not exact. K-TanH is counted as
/// its kernels compute it: see `KTanHFunction.cost`.
public struct ActivationLayer<Scalar: TensorScalar>: Layer {
  /// What the slope is computed from.
  public struct Residuals: Sendable { let x, y: Tensor<Scalar>? }

  let function: ActivationFunction

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape { input }
  public var lookupStage: LookupStage? { function == .relu ? .rectifier : nil }
  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    graph.append(.activation(function), [x], shape: graph.nodes[x].shape)
  }

  public func cost(for input: Shape) -> OperationCount {
    switch function {
    case .relu: OperationCount(comparisons: input.count)
    case .hardTanh: OperationCount(comparisons: 2 * input.count)
    case .leakyReLU: OperationCount(multiplications: input.count, comparisons: input.count)
    case .sigmoid, .tanh, .gelu, .swish:
      OperationCount(multiplications: 20 * input.count, additions: 20 * input.count)
    case .kTanH(let function): input.count * function.cost
    }
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    let source = x.span
    return Tensor(x.shape) { Scalar.activate(function, source, into: &$0) }
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    let y = try forward(x, &context)
    let operand = function.slopeOperand
    return (y, Residuals(x: operand == .output ? nil : x, y: operand == .input ? nil : y))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    // The one that was not kept is not read.
    guard let x = residuals.x ?? residuals.y, let y = residuals.y ?? residuals.x else {
      preconditionFailure("a slope is computed from something")
    }
    return Tensor(dy.shape) {
      Scalar.activationGradient(function, x: x.span, y: y.span, dy: dy.span, into: &$0)
    }
  }
}
