public import AddendCatalogue
public import AddendTensors

/// A network known by name, made for the examples and classes of a data set.
public protocol ZooNetwork: Configurable {
  /// - Throws: `NetworkError.unsuitableInput` for examples that the network is not made for.
  func network(input: Shape, classes: Int) throws(NetworkError) -> Network
  /// Where a published file of weights keeps this network's state; `nil` where none is known.
  var publishedWeights: ForeignWeights? { get }
}

extension ZooNetwork {
  public var publishedWeights: ForeignWeights? { nil }
}

/// The networks there are: what `--network resnet:depth=20` names.
public enum Zoo {
  public static let catalogue = Catalogue(
    of: "network",
    [
      LeNet300100.self, LeNet5.self, Perceptron.self, VGG7.self, ResNet.self,
      LSTMLanguageModel.self, BinaryPerceptron.self, BinaryVGG.self,
    ])

  /// The network that `specification` names, for examples of shape `input`.
  /// - Throws: `NetworkError.parameters` for an unknown name or parameter, `unsuitableInput` for
  ///   examples that it is not made for.
  public static func network(
    _ specification: Specification, input: Shape, classes: Int
  ) throws(NetworkError) -> Network {
    try configuration(specification).network(input: input, classes: classes)
  }

  /// The network's recipe that `specification` names.
  /// - Throws: `NetworkError.parameters` for an unknown name or parameter.
  public static func configuration(
    _ specification: Specification
  ) throws(NetworkError) -> any ZooNetwork {
    let entry: any Configurable
    do throws(CatalogueError) {
      entry = try catalogue.make(specification)
    } catch {
      throw .parameters(layer: "network", error)
    }
    guard let network = entry as? any ZooNetwork else {
      preconditionFailure("the catalogue of networks holds networks")
    }
    return network
  }

  /// Throws unless `input` is an image.
  static func checkImage(_ input: Shape, for name: String) throws(NetworkError) {
    guard input.rank == 3 else {
      throw .unsuitableInput(layer: name, expected: "images height×width×channels", found: input)
    }
  }
}
