public import AddendCatalogue
public import AddendTensors

/// What a map is made for: its extents and what its input is.
public struct MapRole: Hashable, Sendable {
  public var inputSize: Int
  public var outputSize: Int
  /// Set where a row is a whole `[height, width, channels]` image laid flat, or one patch of an
  /// image: maps that cut rows into blocks can then cut along both axes.
  public var inputGrid: Shape?

  public init(inputSize: Int, outputSize: Int, inputGrid: Shape? = nil) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.inputGrid = inputGrid
  }
}

/// A kind of map with its parameters: what `--map lookup:block=8` names.
public protocol MapConfiguration: Configurable {
  /// A fresh map, its weights drawn from `random`.
  /// - Throws: `CatalogueError.invalidParameter` where the parameters do not suit the role.
  func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, of scalar: Scalar.Type, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar>
}

/// The maps there are.
public enum Maps {
  public static let catalogue = Catalogue(of: "map", [ExactConfiguration.self])

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
