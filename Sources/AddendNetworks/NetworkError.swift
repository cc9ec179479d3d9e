public import AddendCatalogue
public import AddendTensors

/// Why a network could not be built or run.
public enum NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A layer cannot take what the layer before it gives.
  case unsuitableInput(layer: String, expected: String, found: Shape)
  /// A layer's or map's parameters were refused.
  case parameters(layer: String, CatalogueError)
  /// A pass was refused.
  case pass(layer: String, TensorError)
  case emptyNetwork
  /// A network description is not one.
  case description(reason: String)

  public var description: String {
    switch self {
    case .unsuitableInput(let layer, let expected, let found):
      "\(layer) expects \(expected), but its input is \(found)"
    case .parameters(let layer, let error): "\(layer): \(error)"
    case .pass(let layer, let error): "\(layer): \(error)"
    case .emptyNetwork: "a network has at least one layer"
    case .description(let reason): reason
    }
  }
}
