public import AddendCatalogue
public import AddendTensors

/// `int8:calibration=average`: products of bytes, trained through their rounding.
public struct Int8Configuration: MapConfiguration, Hashable {
  /// How the range of a map's input is found.
  public var calibration: RangeMethod
  /// What of the range remains in each step of training: `r ← m r + (1 − m) r′`.
  public var momentum: Double
  /// The part of the numbers, in percent, that `percentile` leaves within the range.
  public var percentile: Double

  public init(
    calibration: RangeMethod = .minimumMaximum, momentum: Double = 0.99, percentile: Double = 99.99
  ) {
    self.calibration = calibration
    self.momentum = momentum
    self.percentile = percentile
  }

  public static let declaration = Declaration(
    "int8", summary: "products of bytes summed in integers, trained through their rounding",
    parameters: [
      .init(
        "calibration", .choice(RangeMethod.allCases.map(\.rawValue)),
        standard: .text(RangeMethod.minimumMaximum.rawValue),
        help: "how a conversion finds the ranges of inputs"),
      .init(
        "momentum", .number(0...1), standard: .number(0.99),
        help: "what remains of an input's range in each step of training"),
      .init(
        "percentile", .number(50...100), standard: .number(99.99),
        help: "the percentage of the inputs that calibration by percentile leaves in the range"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      calibration: RangeMethod(rawValue: arguments.text("calibration")) ?? .minimumMaximum,
      momentum: arguments.number("momentum"), percentile: arguments.number("percentile"))
  }

  public var operandBits: OperandBits? { OperandBits(weights: 8, activations: 8) }

  // Sums of integers pass the largest logarithm, and lose their last digits before.
  public func suits<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool { !Scalar.isLogarithmic }

  public var specification: Specification {
    Specification(
      "int8",
      [
        "calibration": .text(calibration.rawValue), "momentum": .number(momentum),
        "percentile": .number(percentile),
      ])
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(Int8Map(self, role, weight: weight))
  }
}
