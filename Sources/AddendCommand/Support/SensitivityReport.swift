internal import Addend

/// What each layer does to the loss under each map, layers that mind most first.
struct SensitivityReport {
  let maps: [Specification]
  /// The loss by layer and map.
  private(set) var losses: [String: [Specification: Double]] = [:]
  private let study: SensitivityStudy
  private let part: Perturbation.Part
  private let isNoise: Bool

  /// - Throws: `CompressionError`; `Failure` where a map has no format and a part or noise is asked for.
  init(
    _ study: SensitivityStudy, maps: [Specification], part: Perturbation.Part, isNoise: Bool,
    options: CommonOptions
  ) throws {
    self.study = study
    self.maps = maps
    self.part = part
    self.isNoise = isNoise
    for layer in study.layers {
      for map in maps {
        losses[layer.name, default: [:]][map] = try loss(of: layer.name, under: map)
      }
    }
  }

  private func loss(of layer: String, under map: Specification) throws -> Double {
    if part == .both && !isNoise {
      return try study.evaluation(assigning: MapAssignment([layer: map])).loss
    }
    let format = try Self.format(of: part, under: map)
    return try study.evaluation(
      perturbing: layer, Perturbation(format, of: part, asNoise: isNoise)
    ).loss
  }

  /// What numbers of `part` are rounded to.
  static func format(of part: Perturbation.Part, under map: Specification) throws -> NumberFormat {
    guard let precision = (try Maps.configuration(map) as? any RoundedConfiguration)?.precision,
      let format = part == .activations ? precision.activations : precision.weights
    else {
      throw Failure(
        .usage, "the map '\(map)' rounds to no format: --noise and --part are for maps that do")
    }
    guard part != .both || precision.activations == precision.weights else {
      throw Failure(
        .usage,
        "the map '\(map)' has a format for weights and another for activations: give --part")
    }
    return format
  }

  private func growth(_ layer: String, _ map: Specification) -> Double {
    (losses[layer]?[map] ?? .nan) - study.exact.loss
  }

  /// Those that mind most first.
  private var ranked: [SensitivityStudy.Layer] {
    let harm = study.layers.map { layer in
      maps.reduce(0) { $0 + max(0, growth(layer.name, $1)) }
    }
    return study.layers.indices.sorted { harm[$0] > harm[$1] }.map { study.layers[$0] }
  }

  var text: String {
    var table = TextTable(
      columns: [.init("layer", alignment: .leading), .init("weights")]
        + maps.map { TextTable.Column("\($0)", unit: "loss") })
    for layer in ranked {
      table.append(
        [layer.name, "\(layer.weights)"]
          + maps.map { Self.signed(growth(layer.name, $0)) })
    }
    let what = isNoise ? "noise as large as the error of" : "the error of"
    return """
      the loss of \(study.model.network.name) is \(decimal(study.exact.loss, digits: 5)); it grows \
      with \(what) these formats in \(part == .both ? "weights and activations" : part.rawValue) of one layer:

      \(table)
      """
  }

  private static func signed(_ x: Double) -> String {
    (x < 0 ? "−" : "+") + decimal(abs(x), digits: 5)
  }

  var json: JSONObject {
    var object = JSONObject()
    object["network"] = .text(study.model.network.name)
    object["loss"] = .number(study.exact.loss)
    object["accuracy"] = study.exact.accuracy.map { .number($0) } ?? .null
    object["part"] = .text(part.rawValue)
    object["noise"] = .flag(isNoise)
    object["layers"] = .array(
      ranked.map { layer in
        var entry = JSONObject()
        entry["layer"] = .text(layer.name)
        entry["weights"] = .integer(layer.weights)
        entry["products"] = .integer(layer.products)
        var growths = JSONObject()
        for map in maps { growths["\(map)"] = .number(growth(layer.name, map)) }
        entry["lossGrowth"] = .object(growths)
        return .object(entry)
      })
    return object
  }
}

/// What was chosen, and what it comes to.
struct ProposalReport {
  private let proposal: FormatProposal
  private let study: SensitivityStudy
  private let cost: FormatProposal.Cost
  private let before, after: Evaluation

  init(
    _ proposal: FormatProposal, _ study: SensitivityStudy, cost: FormatProposal.Cost,
    before: Evaluation, after: Evaluation
  ) {
    self.proposal = proposal
    self.study = study
    self.cost = cost
    self.before = before
    self.after = after
  }

  private func map(of layer: SensitivityStudy.Layer) -> String {
    proposal.assignment.maps[layer.name].map { "\($0)" } ?? "\(layer.map)"
  }

  var text: String {
    var table = TextTable(
      columns: [.init("layer", alignment: .leading), .init("proposed map", alignment: .leading)])
    for layer in study.layers { table.append([layer.name, map(of: layer)]) }
    let share = proposal.exactCost > 0 ? proposal.cost / proposal.exactCost : 1
    return """

      \(table)

      \(cost.rawValue): \(decimal(100 * share, digits: 1)) % of float32's
      on the examples: \(Self.figures(study.exact)), proposed \(Self.figures(proposal.evaluation))
      on the test part: \(Self.figures(before)), proposed \(Self.figures(after))
      """
  }

  private static func figures(_ evaluation: Evaluation) -> String {
    let loss = "loss \(decimal(evaluation.loss, digits: 4))"
    return evaluation.accuracy.map { "\(decimal(100 * $0, digits: 2)) %, \(loss)" } ?? loss
  }

  var json: JSONValue {
    var object = JSONObject()
    var maps = JSONObject()
    for layer in study.layers { maps[layer.name] = .text(map(of: layer)) }
    object["maps"] = .object(maps)
    object["cost"] = .text(cost.rawValue)
    object["costShare"] = .number(proposal.cost / proposal.exactCost)
    object["examples"] = proposal.evaluation.json
    object["testBefore"] = before.json
    object["test"] = after.json
    return .object(object)
  }
}
