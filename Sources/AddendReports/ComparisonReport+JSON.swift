public import AddendCatalogue

extension NetworkResult {
  /// The result as the `results` of a command's JSON hold it: `network`, `map`, `precision`, then each
  /// measured figure under its `Measure.key`, and `curve` when there is one.
  public var json: JSONValue {
    var object = JSONObject()
    object["network"] = .text(network)
    object["map"] = .text(map)
    object["precision"] = .text(precision)
    for measure in Measure.allCases {
      guard let figure = figures[measure] else { continue }
      let isWhole = measure.unit == .count || measure.unit == .bytes
      object[measure.key] =
        isWhole ? Int(exactly: figure).map(JSONValue.integer) ?? .number(figure) : .number(figure)
    }
    if !curve.isEmpty { object["curve"] = .array(curve.map(\.json)) }
    return .object(object)
  }
}

extension LearningPoint {
  var json: JSONValue {
    [
      "epoch": .integer(epoch), "trainLoss": .number(trainLoss),
      "testAccuracy": testAccuracy.map(JSONValue.number) ?? .null,
    ]
  }
}
