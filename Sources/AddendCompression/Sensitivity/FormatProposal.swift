public import AddendCatalogue
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors
public import AddendTraining

/// The cheapest map for each layer with which a network stays within a budget.
///
/// What each layer costs the loss alone is added up over the layers: of all choices the one with the
/// smallest `Σ cost + μ Σ max(Δloss, 0)` is taken, layer by layer (Shoham & Gersho, 1988, "Efficient bit
/// allocation for an arbitrary set of quantizers"), and the `μ` is looked for at which the network as a
/// whole, measured, just keeps to the budget. Then single layers are tried one by one.
public struct FormatProposal: Sendable {
  /// What is to be small.
  public enum Cost: String, Hashable, Sendable, CaseIterable {
    /// The bits of all weights.
    case weightBits = "weight-bits"
    /// For each multiplication the bits of one operand times the bits of the other.
    case bitOperations = "bit-operations"
  }

  /// How much worse the network may become.
  public enum Budget: Hashable, Sendable {
    /// A difference of accuracy.
    case accuracy(Double)
    /// A difference of loss.
    case loss(Double)

    func holds(_ evaluation: Evaluation, against exact: Evaluation) -> Bool {
      switch self {
      case .accuracy(let limit):
        (exact.accuracy ?? 0) - (evaluation.accuracy ?? 0) <= limit + 1e-12
      case .loss(let limit): evaluation.loss - exact.loss <= limit
      }
    }
  }

  public let assignment: MapAssignment
  /// The network's on the study's examples.
  public let evaluation: Evaluation
  /// The assignment's cost, and that of float32 everywhere.
  public let cost, exactCost: Double

  /// - Parameters:
  ///   - candidates: the maps to choose from; a layer may also keep its own.
  ///   - losses: what each layer alone in each candidate made of the loss, by layer and candidate.
  /// - Throws: `CompressionError.unsuitable` for a candidate that has no operands' width, and for a
  ///   budget of accuracy where there is none; whatever evaluations throw.
  public init(
    _ study: SensitivityStudy, candidates: [Specification],
    losses: [String: [Specification: Double]], budget: Budget, cost: Cost
  ) throws(CompressionError) {
    if case .accuracy = budget, study.exact.accuracy == nil {
      throw .unsuitable(reason: "a budget of accuracy needs examples with classes")
    }
    let widths = try Self.widths(of: candidates)
    let choices = study.layers.map { layer in
      Choice(layer, candidates, widths, losses[layer.name] ?? [:], against: study.exact, cost)
    }
    exactCost = study.layers.reduce(0) { $0 + $1.cost(.exact, cost) }
    var best = Candidate(choices.map { $0.options[0] }, study.exact)
    // The logarithm of what a unit of loss weighs: from cost alone to loss alone.
    var (cheap, safe) = (-30.0, 60.0)
    for _ in 0..<Self.steps {
      let middle = (cheap + safe) / 2
      let taken = choices.map { $0.best(weight: Math.pow(2, middle)) }
      if taken != best.options {
        let evaluation = try study.evaluation(assigning: Self.assignment(taken, study))
        guard budget.holds(evaluation, against: study.exact) else {
          cheap = middle
          continue
        }
        if Candidate(taken, evaluation).cost < best.cost { best = Candidate(taken, evaluation) }
      }
      safe = middle
    }
    // Losses of single layers do not tell all of the whole network's: what is left of the budget goes to
    // the layers one by one, the least harmful changes first.
    let moves = choices.indices.flatMap { layer in
      choices[layer].options.map { (layer: layer, option: $0) }
    }
    for move in moves.sorted(by: { $0.option.harm < $1.option.harm })
    where move.option.cost < best.options[move.layer].cost {
      var taken = best.options
      taken[move.layer] = move.option
      let evaluation = try study.evaluation(assigning: Self.assignment(taken, study))
      if budget.holds(evaluation, against: study.exact) { best = Candidate(taken, evaluation) }
    }
    (assignment, evaluation) = (Self.assignment(best.options, study), best.evaluation)
    self.cost = best.cost
  }

  private static func assignment(_ options: [Choice.Option], _ study: SensitivityStudy)
    -> MapAssignment
  {
    MapAssignment(
      Dictionary(
        uniqueKeysWithValues: zip(study.layers, options).compactMap { layer, option in
          option.map.map { (layer.name, $0) }
        }))
  }

  private static let steps = 24

  private static func widths(
    of candidates: [Specification]
  ) throws(CompressionError) -> [OperandBits] {
    var widths: [OperandBits] = []
    for candidate in candidates {
      let configuration: any MapConfiguration
      do throws(CatalogueError) {
        configuration = try Maps.configuration(candidate)
      } catch {
        throw .parameters(layer: "\(candidate)", error)
      }
      guard let width = configuration.operandBits else {
        throw .unsuitable(
          reason: "the map '\(candidate)' does not multiply, so its cost is no matter of bits")
      }
      widths.append(width)
    }
    return widths
  }
}

/// An option for each layer, and what the network makes of them.
private struct Candidate {
  let options: [Choice.Option]
  let evaluation: Evaluation

  init(_ options: [Choice.Option], _ evaluation: Evaluation) {
    self.options = options
    self.evaluation = evaluation
  }

  var cost: Double { options.reduce(0) { $0 + $1.cost } }
}

/// What one layer can have.
private struct Choice {
  struct Option: Equatable {
    /// `nil` for the layer's own.
    let map: Specification?
    let cost: Double
    /// What it adds to the loss.
    let harm: Double
  }

  /// Its own first.
  let options: [Option]

  init(
    _ layer: SensitivityStudy.Layer, _ candidates: [Specification], _ widths: [OperandBits],
    _ losses: [Specification: Double], against exact: Evaluation, _ cost: FormatProposal.Cost
  ) {
    let width = (try? Maps.configuration(layer.map))?.operandBits ?? .exact
    let own = Option(map: nil, cost: layer.cost(width, cost), harm: 0)
    options =
      [own]
      + zip(candidates, widths).compactMap { candidate, width in
        losses[candidate].map {
          // What is not a number is the worst there is.
          let harm = $0.isFinite ? max(0, $0 - exact.loss) : .infinity
          return Option(map: candidate, cost: layer.cost(width, cost), harm: harm)
        }
      }
  }

  func best(weight: Double) -> Option {
    options.dropFirst().reduce(options[0]) { best, option in
      option.cost + weight * option.harm < best.cost + weight * best.harm ? option : best
    }
  }
}

extension OperandBits {
  /// float32's, which a map without operands of its own counts as, too.
  fileprivate static let exact = OperandBits(weights: 32, activations: 32)
}

extension SensitivityStudy.Layer {
  fileprivate func cost(_ width: OperandBits, _ cost: FormatProposal.Cost) -> Double {
    switch cost {
    case .weightBits: Double(weights * width.weights)
    case .bitOperations: Double(products) * Double(width.weights * width.activations)
    }
  }
}
