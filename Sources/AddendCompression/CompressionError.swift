public import AddendCatalogue
public import AddendData
public import AddendNetworks
public import AddendTraining

/// Why a model could not be transformed.
public enum CompressionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The transform learns from data, and none were given.
  case missingCalibration(transform: String)
  case unknownLayer(path: String, known: [String])
  /// A map's parameters do not suit the layer.
  case parameters(layer: String, CatalogueError)
  /// The transform cannot work on this model or on these data.
  case unsuitable(reason: String)
  case network(NetworkError)
  case data(DataError)
  case evaluation(TrainingError)

  public var description: String {
    switch self {
    case .missingCalibration(let transform):
      "\(transform) learns from examples, but there is no calibration data"
    case .unknownLayer(let path, let known):
      "the network has no layer '\(path)' with a map; there are \(known.joined(separator: ", "))"
    case .parameters(let layer, let error): "\(layer): \(error)"
    case .unsuitable(let reason): reason
    case .network(let error): "\(error)"
    case .data(let error): "\(error)"
    case .evaluation(let error): "\(error)"
    }
  }
}
