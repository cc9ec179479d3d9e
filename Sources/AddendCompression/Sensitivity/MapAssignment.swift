public import AddendCatalogue
public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// A map for each layer that has one; layers that are not named keep theirs.
public struct MapAssignment: Hashable, Sendable {
  public var maps: [String: Specification]

  public init(_ maps: [String: Specification] = [:]) { self.maps = maps }

  /// `model` with these maps, which start from its weights and learn what they must from `calibration`.
  /// - Throws: `CompressionError.unknownLayer`, and whatever `MapConversion` throws.
  public func applied(
    to model: Model<Float>, calibration: any Dataset
  ) throws(CompressionError) -> Model<Float> {
    let layers = MapConversion.layersWithMaps(of: model)
    if let stranger = maps.keys.sorted().first(where: { !layers.contains($0) }) {
      throw .unknownLayer(path: stranger, known: layers)
    }
    var result = model
    // One conversion for each kind, in an order that is always the same.
    let kinds = Set(maps.values).sorted { "\($0)" < "\($1)" }
    for kind in kinds {
      let kept = layers.filter { maps[$0] != kind }
      result = try MapConversion(to: kind, keep: kept).transformed(
        result, calibration: calibration)
    }
    return result
  }
}
