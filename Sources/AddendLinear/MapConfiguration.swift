public import AddendCatalogue
public import AddendTensors

/// What a map is made for: its extents and what its input is.
public struct MapRole: Hashable, Sendable {
  public var inputSize: Int
  public var outputSize: Int
  /// Set where a row is a whole `[height, width, channels]` image laid flat, or one patch of an
  /// image: maps that cut rows into blocks can then cut along both axes.
  public var inputGrid: Shape?
  /// Whether a row is a patch, whose pixels other patches of the same image share.
  public var isPatch: Bool
  /// The formats of the products' operands, where a map multiplies.
  public var precision: Precision

  public init(
    inputSize: Int, outputSize: Int, inputGrid: Shape? = nil, isPatch: Bool = false,
    precision: Precision = .own
  ) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.inputGrid = inputGrid
    self.isPatch = isPatch
    self.precision = precision
  }
}

/// A kind of map with its parameters: what `--map lookup:block=8` names.
public protocol MapConfiguration: Configurable {
  /// A map that starts from `weight: [inputSize, outputSize]`; what else it draws, codebooks say,
  /// comes from `random`.
  /// - Throws: `CatalogueError.invalidParameter` where the parameters do not suit the role.
  func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar>

  /// How wide what it multiplies is; `nil` for a map that does not multiply.
  var operandBits: OperandBits? { get }

  /// Whether this map computes well in numbers of `scalar`.
  func suits<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool
}

extension MapConfiguration {
  public var operandBits: OperandBits? { nil }
  public func suits<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool { true }

  /// - Throws: `CatalogueError.invalidParameter` for a format that this map computes nothing useful in.
  public func check<Scalar: TensorScalar>(for scalar: Scalar.Type) throws(CatalogueError) {
    guard !suits(scalar) else { return }
    throw .invalidParameter(
      of: Self.declaration.name, parameter: "the numbers' format",
      expected: "one that this map computes well in", found: Scalar.formatName)
  }

  /// A fresh map, its weights uniform on ±√(6 / inputSize) (He et al., 2015, eq. 10 for a uniform
  /// law). The weights are drawn first: maps of every kind start from the same ones.
  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, of scalar: Scalar.Type, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    var own = RandomSource(seed: random.next())
    let limit = (6 / Double(max(1, role.inputSize))).squareRoot()
    let weight = Tensor<Scalar>([role.inputSize, role.outputSize]) { span in
      for i in span.indices { span[i] = Scalar.uniform(within: limit, using: &own) }
    }
    return try makeMap(role, weight: weight, using: &own)
  }
}

/// The maps there are.
public enum Maps {
  public static let catalogue = Catalogue(
    of: "map",
    [
      ExactConfiguration.self, BFloat16Configuration.self, Float16Configuration.self,
      Float8Configuration.self, DynamicFixedPointConfiguration.self, LogarithmicConfiguration.self,
      SpaceConfiguration.self, LookupConfiguration.self,
      BinaryConfiguration.self, KBitConfiguration.self, Int8Configuration.self,
    ])

  /// The configuration that `specification` names.
  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any MapConfiguration {
    guard let map = try catalogue.make(specification) as? any MapConfiguration else {
      preconditionFailure("the catalogue of maps holds maps")
    }
    return map
  }
}
