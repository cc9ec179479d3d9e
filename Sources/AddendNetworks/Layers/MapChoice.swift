public import AddendCatalogue

// A layer's own map is written as text in its parameter `map`; empty stands for the network's.

extension Declaration {
  /// The parameter by which a layer chooses a map of its own.
  static var mapParameter: Parameter {
    Parameter("map", .text, standard: .text(""), help: "a map of its own, as in lookup:block=4")
  }
}

extension Layers {
  /// Whether layers of this kind can choose a map of their own.
  public static func choosesMap(_ kind: String) -> Bool {
    catalogue.entries.contains { entry in
      entry.declaration.name == kind && entry.declaration.parameters.contains { $0.name == "map" }
    }
  }
}

extension Arguments {
  func map() throws(CatalogueError) -> Specification? {
    let text = text("map")
    return text.isEmpty ? nil : try Specification(parsing: text)
  }
}

extension Specification {
  /// Whether this layer has a map of its own.
  public var hasOwnMap: Bool {
    guard case .text(let text) = arguments["map"] else { return false }
    return !text.isEmpty
  }

  /// The map that this layer has of its own, if any.
  public var ownMap: Specification? {
    guard case .text(let text) = arguments["map"] else { return nil }
    return try? Specification(parsing: text)
  }

  /// This layer with `map` as its own; with the network's, if `nil`.
  public func choosing(_ map: Specification?) -> Specification {
    var copy = self
    copy.arguments["map"] = map.map { .text($0.description) }
    return copy
  }
}
