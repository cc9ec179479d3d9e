public import AddendCatalogue
internal import AddendTensors

extension Network {
  /// `{"name": …, "input": [extents], "layers": [specifications]}`, as network files hold it.
  public var json: JSONValue {
    [
      "name": .text(name), "input": .array(input.extents.map { .integer($0) }),
      "layers": .array(layers.map(\.json)),
    ]
  }

  /// Reads what `json` makes; a layer may also be text, `dense:outputs=10`.
  ///
  /// - Throws: `NetworkError.description`, or `parameters` naming the layer by its number.
  public init(json: JSONValue) throws(NetworkError) {
    guard let name = json["name"]?.textValue else {
      throw .description(reason: "a network has a 'name'")
    }
    guard let extents = json["input"]?.arrayValue?.map(\.integerValue),
      let input = Shape(checking: extents)
    else {
      throw .description(reason: "the network's 'input' is not a list of axes' extents")
    }
    guard let layers = json["layers"]?.arrayValue else {
      throw .description(reason: "the network's 'layers' are not a list")
    }
    var specifications: [Specification] = []
    for (index, layer) in layers.enumerated() {
      do throws(CatalogueError) {
        specifications.append(try Specification(json: layer))
      } catch {
        throw .parameters(layer: "layer \(index + 1)", error)
      }
    }
    self.init(name, input: input, layers: specifications)
  }
}

extension Shape {
  /// The shape of `extents` that a file gives; `nil` unless each is a positive integer and one
  /// example stays below 2³¹ numbers.
  fileprivate init?(checking extents: [Int?]) {
    var count = 1
    for extent in extents {
      guard let extent, 1..<1 << 31 ~= extent, count <= (1 << 31) / extent else { return nil }
      count *= extent
    }
    self.init(extents.compactMap(\.self))
  }
}
