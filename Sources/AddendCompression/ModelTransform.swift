public import AddendCatalogue
public import AddendData
public import AddendNetworks
public import AddendTensors

/// A model in, a model out: what compressing a network is made of.
///
/// The result is described by its own `network` and `map`, so archives store it like any other. A
/// transform draws nothing at random but from seeds of its own parameters: same model, same data,
/// same result.
public protocol ModelTransform: Configurable {
  /// - Parameter calibration: examples to look at, where the transform learns from data.
  /// - Throws: `CompressionError` where the model or the data are not what it needs.
  func transformed<Scalar: TensorScalar>(
    _ model: Model<Scalar>, calibration: (any Dataset)?
  ) throws(CompressionError) -> Model<Scalar>
}

/// The transforms there are.
public enum Transforms {
  public static let catalogue = Catalogue(
    of: "transform", [BatchNormFolding.self, MapConversion.self, Int8Quantization.self])

  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any ModelTransform {
    guard let transform = try catalogue.make(specification) as? any ModelTransform else {
      preconditionFailure("the catalogue of transforms holds transforms")
    }
    return transform
  }
}
