public import AddendCatalogue
public import AddendTensors

/// A network as its author writes it: the shape of one example and the layers' configurations.
///
/// The one description of a network: a model is built from it, and archives and network files hold
/// it as it is.
///
///     let network = Network("lenet-300-100", input: [28, 28, 1]) {
///       Flatten()
///       Dense(300)
///       ReLU()
///       Dense(100)
///       ReLU()
///       Dense(10)
///     }
public struct Network: Hashable, Sendable {
  public var name: String
  public var input: Shape
  public var layers: [Specification]

  public init(_ name: String, input: Shape, layers: [Specification]) {
    self.name = name
    self.input = input
    self.layers = layers
  }

  public init(
    _ name: String, input: Shape, @LayerBuilder _ layers: () -> [any LayerConfiguration]
  ) {
    self.init(name, input: input, layers: layers().map(\.specification))
  }
}

/// Collects layers written one below another; `if`, `for` and lists work inside.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any LayerConfiguration) -> [any LayerConfiguration] {
    [layer]
  }
  public static func buildExpression(
    _ layers: [any LayerConfiguration]
  ) -> [any LayerConfiguration] { layers }
  public static func buildBlock(_ parts: [any LayerConfiguration]...) -> [any LayerConfiguration] {
    parts.flatMap(\.self)
  }
  public static func buildOptional(
    _ part: [any LayerConfiguration]?
  ) -> [any LayerConfiguration] { part ?? [] }
  public static func buildEither(first: [any LayerConfiguration]) -> [any LayerConfiguration] {
    first
  }
  public static func buildEither(second: [any LayerConfiguration]) -> [any LayerConfiguration] {
    second
  }
  public static func buildArray(_ parts: [[any LayerConfiguration]]) -> [any LayerConfiguration] {
    parts.flatMap(\.self)
  }
}
