internal import Addend
internal import ArgumentParser

/// How far training is to trade time for memory.
enum Recomputation: Hashable, Sendable {
  case automatic
  case parts(Int)

  /// Reads a command line's `--recompute`.
  static func parse(_ text: String) throws -> Recomputation {
    if text == "auto" { return .automatic }
    guard let parts = Int(text), parts > 1 else {
      throw ValidationError("--recompute is '\(text)', expected 'auto' or 2 or more parts.")
    }
    return .parts(parts)
  }
}

/// What a training pass leaves in memory, layer by layer, and what it is with recomputation.
struct MemoryReport {
  private let batch: Int
  private let layers: [LayerMemory]
  let plan: RecomputationPlan

  /// Runs one pass through `model`.
  init<Scalar: TensorScalar>(
    of model: Model<Scalar>, batch: Int, recomputing: Recomputation = .automatic
  ) throws {
    self.batch = batch
    layers = try model.layerMemory(batch: batch)
    switch recomputing {
    case .automatic: plan = RecomputationPlan(layers)
    case .parts(let count):
      guard count <= layers.count else {
        throw Failure(
          .usage, "--recompute is \(count), but the network has \(layers.count) layers to cut")
      }
      plan = RecomputationPlan(layers, parts: count)
    }
  }

  private var whole: Int { RecomputationPlan(cutting: layers, at: []).peak }
  private var cuts: String { plan.positions.map { layers[$0].name }.joined(separator: ", ") }

  /// `activations of a batch of 128 take 12 MB instead of 40 MB, run again from …`.
  var sentence: String {
    let bytes = QuantityUnit.bytes
    let start = "what layers leave of a batch of \(batch) for the way back takes"
    guard !plan.positions.isEmpty else {
      return "\(start) \(bytes.text(Double(whole))); no cut makes that less"
    }
    return """
      \(start) \(bytes.text(Double(plan.peak))) instead of \(bytes.text(Double(whole))): \
      cut before \(cuts)
      """
  }

  var text: String {
    var table = TextTable(columns: [
      .init("layer", alignment: .leading), .init("input"), .init("left for the way back"),
    ])
    for layer in layers {
      table.append(
        [layer.name] + [layer.input, layer.growth].map { QuantityUnit.bytes.text(Double($0)) })
    }
    return """
      memory of a training pass in batches of \(batch)
      \(table)
      with train --recompute auto: \(sentence)
      """
  }

  var json: JSONValue {
    [
      "batch": .integer(batch), "keptBytes": .integer(whole),
      "recomputedBytes": .integer(plan.peak),
      "cutBefore": .array(plan.positions.map { .text(layers[$0].name) }),
      "layers": .array(
        layers.map {
          [
            "layer": .text($0.name), "inputBytes": .integer($0.input),
            "keptBytes": .integer($0.growth),
          ]
        }),
    ]
  }
}
