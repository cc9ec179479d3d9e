internal import AddendCatalogue

// A layer's own map is written as text in its parameter `map`; empty stands for the network's.

extension Declaration {
  /// The parameter by which a layer chooses a map of its own.
  static var mapParameter: Parameter {
    Parameter("map", .text, standard: .text(""), help: "a map of its own, as in lookup:block=4")
  }
}

extension Arguments {
  func map() throws(CatalogueError) -> Specification? {
    let text = text("map")
    return text.isEmpty ? nil : try Specification(parsing: text)
  }
}

extension Specification {
  /// This layer with a map of its own, if `map` is one.
  func choosing(_ map: Specification?) -> Specification {
    guard let map else { return self }
    var copy = self
    copy.arguments["map"] = .text(map.description)
    return copy
  }
}
