public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A kind of layer with its parameters: `Dense(300)` in Swift, `{"kind": "dense", "outputs": 300}`
/// in a file.
public protocol LayerConfiguration: Configurable {
  /// A fresh layer for examples of shape `input`.
  func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar>
}

/// What layers are built with: the network's map, its random source, what came before.
public struct BuildingSite: Sendable {
  /// The map of layers that do not name their own.
  public var map: any MapConfiguration
  public var precision: Precision
  public var random: RandomSource
  /// The image shape that a flattening layer has just laid flat.
  public var flattenedGrid: Shape?
  /// The path to the layer under construction, for messages.
  public private(set) var path: [String] = []

  public init(map: any MapConfiguration, precision: Precision = .own, random: RandomSource) {
    self.map = map
    self.precision = precision
    self.random = random
  }

  public var location: String { path.joined(separator: "/") }

  /// A map for the layer under construction; `specification` is the layer's own choice, if any.
  public mutating func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, of scalar: Scalar.Type, choice: Specification? = nil
  ) throws(NetworkError) -> any MapSlot<Scalar> {
    try checkSize([role.inputSize, role.outputSize])
    var role = role
    role.precision = precision
    do throws(CatalogueError) {
      let configuration = try choice.map { (choice) throws(CatalogueError) in
        try Maps.configuration(choice)
      }
      try (configuration ?? map).check(for: scalar)
      return try (configuration ?? map).makeMap(role, of: scalar, using: &random)
    } catch {
      throw .parameters(layer: location, error)
    }
  }

  /// Refuses tensors beyond 2³¹ numbers, which only a slip in a network file asks for.
  func checkSize(_ extents: [Int]) throws(NetworkError) {
    var count = 1
    for extent in extents {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows, product <= Self.sizeLimit else {
        throw .parameters(
          layer: location,
          .invalidParameter(
            of: "layer", parameter: "size", expected: "at most \(Self.sizeLimit) numbers",
            found: extents.map(String.init).joined(separator: "×")))
      }
      count = product
    }
  }

  private static let sizeLimit = 1 << 31

  /// `makeChain` for a part of a composite layer, as its body.
  public mutating func makeChain<Scalar: TensorScalar>(
    named name: String, _ specifications: [Specification], for input: Shape, of scalar: Scalar.Type
  ) throws(NetworkError) -> Chain<Scalar> {
    path.append(name)
    defer { path.removeLast() }
    return try makeChain(specifications, for: input, of: scalar)
  }

  /// Builds layers one after another, naming each after its kind and its number among that kind.
  public mutating func makeChain<Scalar: TensorScalar>(
    _ specifications: [Specification], for input: Shape, of scalar: Scalar.Type
  ) throws(NetworkError) -> Chain<Scalar> {
    var shape = input
    var seen: [String: Int] = [:]
    var nodes: [Chain<Scalar>.Node] = []
    for specification in specifications {
      let name = specification.layerName(&seen)
      path.append(name)
      let configuration: any LayerConfiguration
      do throws(CatalogueError) {
        configuration = try Layers.configuration(specification)
      } catch {
        throw .parameters(layer: location, error)
      }
      let grid = flattenedGrid
      let layer = try configuration.makeLayer(for: shape, of: scalar, in: &self)
      if grid != nil { flattenedGrid = nil }
      do throws(NetworkError) {
        shape = try layer.outputShape(for: shape)
        try checkSize(shape.extents)
      } catch {
        throw error.located(at: location)
      }
      nodes.append(.init(name: name, specification: specification, layer: layer))
      path.removeLast()
    }
    return Chain(nodes)
  }
}

extension NetworkError {
  /// The same complaint about the layer at `path`.
  func located(at path: String) -> NetworkError {
    switch self {
    case .unsuitableInput(_, let expected, let found):
      .unsuitableInput(layer: path, expected: expected, found: found)
    case .parameters(_, let error): .parameters(layer: path, error)
    case .pass(_, let error): .pass(layer: path, error)
    case .emptyNetwork, .description: self
    }
  }
}

/// The layers there are.
public enum Layers {
  public static let catalogue = Catalogue(
    of: "layer",
    [
      Dense.self, Flatten.self, ReLU.self, LeakyReLU.self, Sigmoid.self, Tanh.self, GELU.self,
      Swish.self, HardTanh.self, Sign.self, Convolution.self, MaxPool.self, AveragePool.self,
      GlobalAveragePool.self, BatchNorm.self, LayerNorm.self, Dropout.self, Embedding.self,
      RNN.self, LSTM.self, GRU.self, Sequential.self, Residual.self, Branch.self, Highway.self,
    ])

  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any LayerConfiguration {
    guard let layer = try catalogue.make(specification) as? any LayerConfiguration else {
      preconditionFailure("the catalogue of layers holds layers")
    }
    return layer
  }
}
