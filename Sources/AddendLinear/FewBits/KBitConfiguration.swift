public import AddendCatalogue
public import AddendTensors

/// `kbit:weights=1,activations=2`: weights and inputs of a few bits.
///
/// Weights are latent numbers that start as the network's own and take part in weight decay; their range,
/// and that of the inputs, follow their root mean squares (`CodeGrid`), so that any network trains
/// with the hyper-parameters that it has.
public struct KBitConfiguration: MapConfiguration, Hashable {
  public var weights: Int
  /// 0 for inputs as they come.
  public var activations: Int
  public var scheme: CodeScheme
  public var gradients: GradientBits

  public init(
    weights: Int = 1, activations: Int = 2, scheme: CodeScheme = .linear,
    gradients: GradientBits = GradientBits()
  ) {
    precondition(1...8 ~= weights && 0...8 ~= activations && activations != 1, "bits are few")
    self.weights = weights
    self.activations = activations
    self.scheme = scheme
    self.gradients = gradients
  }

  public static let declaration = Declaration(
    "kbit", summary: "weights and inputs of a few bits, trained through their codes",
    parameters: [
      .init("weights", .integer(1...8), standard: .integer(1), help: "bits of a weight"),
      .init(
        "activations", .integer(0...8), standard: .integer(2),
        help: "bits of an input, from 2 on; 0 leaves inputs as they come"),
      .init(
        "scheme", .choice(CodeScheme.allCases.map(\.rawValue)),
        standard: .text(CodeScheme.linear.rawValue), help: "equal steps, or powers of two"),
    ] + GradientBits.parameters)

  public init(_ arguments: Arguments) throws(CatalogueError) {
    let activations = arguments.integer("activations")
    guard activations != 1 else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "activations",
        expected: "0, or 2 to 8 (signs are the map binary's)", found: "1")
    }
    self.init(
      weights: arguments.integer("weights"), activations: activations,
      scheme: CodeScheme(rawValue: arguments.text("scheme")) ?? .linear,
      gradients: try GradientBits(arguments))
  }

  public var operandBits: OperandBits? {
    OperandBits(weights: weights, activations: activations == 0 ? 32 : activations)
  }

  // Products of wider codes pass the largest logarithm when they are added up.
  public func suits<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool {
    !Scalar.isLogarithmic || weights + activations <= 8
  }

  public var specification: Specification {
    Specification(
      "kbit",
      [
        "weights": .integer(weights), "activations": .integer(activations),
        "scheme": .text(scheme.rawValue),
      ].merging(gradients.values) { $1 })
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(
      FewBitMap(
        "kbit", role,
        weights: .codes(CodeGrid(bits: weights, scheme: scheme, isSigned: true)),
        inputs: activations == 0 ? .real : .codes(bits: activations, scheme),
        gradients: gradients.coding(using: &random), latent: Parameter(weight)))
  }
}
