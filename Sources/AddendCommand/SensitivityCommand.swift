internal import Addend
internal import ArgumentParser

/// `addend sensitivity`: which layers bear which formats.
struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Perturb a network's layers by formats' errors, and choose a format for each.",
    discussion: """
      addend sensitivity m.addend --budget 0.5 --output mixed.addend

      Each layer in turn gets each map while the others stay exact; layers are ranked by what that \
      does to the loss. With a budget, the cheapest map for each layer is looked for with which the \
      network as a whole stays within it. Examples are of the training part; test figures come last.
      """)

  @OptionGroup var network: NetworkFileOptions

  @Option(
    name: .customLong("map"),
    help: "A map to try; once for each. (default: \(Self.standardMaps.joined(separator: ", ")))",
    transform: Specification.parse)
  var maps: [Specification] = []

  @Option(
    help: "What is perturbed: weights, activations or both.", transform: Perturbation.Part.parse)
  var part = Perturbation.Part.both

  @Flag(help: "Normal noise as large as each format's error in its place.")
  var noise = false

  @Option(help: "Examples looked at, at most.")
  var examples = 1000

  @Option(help: "How many points of accuracy the network may lose.")
  var budget: Double?

  @Option(help: "By how much the network's loss may grow.")
  var lossBudget: Double?

  @Option(
    help: "What is made small: weight-bits or bit-operations.",
    transform: FormatProposal.Cost.parse)
  var cost = FormatProposal.Cost.weightBits

  @Option(name: .shortAndLong, help: "Where to write the network with the proposed maps.")
  var output: String?

  @OptionGroup var common: CommonOptions

  static let standardMaps = [
    "bf16", "fp16", "fp8:accumulate=own", "dfp16:bits=8", "dfp16:bits=6", "dfp16:bits=4",
  ]

  mutating func validate() throws {
    if examples < 1 { throw ValidationError("--examples is \(examples), expected 1 or more.") }
    if budget != nil && lossBudget != nil {
      throw ValidationError("--budget and --loss-budget are two budgets; give one.")
    }
    for limit in [budget, lossBudget].compactMap({ $0 }) where !(limit >= 0 && limit.isFinite) {
      throw ValidationError("a budget is \(limit), expected 0 or more.")
    }
    if output != nil && budget == nil && lossBudget == nil {
      throw ValidationError(
        "--output needs --budget or --loss-budget: without one nothing is chosen.")
    }
  }

  func run() throws {
    try common.checkOutputs(output)
    try common.computing { try study() }
  }

  private func study() throws {
    let candidates = try candidates()
    let (stored, splits) = try network.subject(in: Float.self, common)
    let study = try SensitivityStudy(
      of: stored.model, on: splits.training, loss: stored.loss, examples: examples,
      batchSize: stored.batchSize, seed: common.seed)
    let report = try SensitivityReport(
      study, maps: candidates, part: part, isNoise: noise, options: common)
    common.say(report.text)
    var results = report.json
    if let budget = try acceptedLoss() {
      let proposal = try FormatProposal(
        study, candidates: report.maps, losses: report.losses, budget: budget, cost: cost)
      let mixed = try proposal.assignment.applied(to: stored.model, calibration: splits.training)
        .frozen()
      let archive = ModelArchive(mixed, metadata: stored.metadata)
      if let output { try archive.save(to: output) }
      let outcome = ProposalReport(
        proposal, study, cost: cost,
        before: try evaluation(of: stored.model, stored, splits.test),
        after: try evaluation(of: mixed, stored, splits.test))
      common.say(outcome.text + (output.map { "\nwritten to \($0)" } ?? ""))
      results["proposal"] = outcome.json
    }
    try Envelope(
      command: "sensitivity", options: common,
      dataset: (splits.training.name, splits.training.checksum), results: [.object(results)]
    ).write()
  }

  private func acceptedLoss() throws -> FormatProposal.Budget? {
    budget.map { .accuracy($0 / 100) } ?? lossBudget.map { .loss($0) }
  }

  private func evaluation(
    of model: Model<Float>, _ stored: StoredModel, _ test: any Dataset
  ) throws -> Evaluation {
    try model.evaluation(
      on: test, loss: stored.loss, batchSize: test.order == .consecutive ? stored.batchSize : 200)
  }

  private func candidates() throws -> [Specification] {
    let named = maps.isEmpty ? try Self.standardMaps.map { try Specification(parsing: $0) } : maps
    for map in named {
      // Heard of before the work, not after it.
      if noise || part != .both { _ = try SensitivityReport.format(of: part, under: map) }
      let width = try Maps.configuration(map).operandBits
      if width == nil, try acceptedLoss() != nil {
        throw Failure(
          .usage, "the map '\(map)' does not multiply, so its cost is no matter of bits")
      }
    }
    return named
  }
}
