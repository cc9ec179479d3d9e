internal import Addend
internal import ArgumentParser

/// `addend tables evolve`: a search for better tables.
struct EvolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evolve", abstract: "Search for better tables of a trained network.",
    discussion: """
      addend tables evolve m.addend --target codebooks --minutes 2 --output better.addend \\
        --state search.json

      Candidates are judged on training examples that are held out (--validation), never on the test \
      part, which is measured before and after only. Give train the same --validation and --seed, and \
      these are examples that the network has not seen. Killed at any moment, the same command with \
      --resume goes on from the last generation and ends with the same bits.
      """)

  /// What is searched.
  enum Target: String, CaseIterable, ExpressibleByArgument {
    case codebooks, entries, layout
  }

  @Argument(help: "The trained network's .addend file.")
  var file: String

  @Option(
    help: "What to search: codebooks (of space maps), entries (of lookup maps' tables), layout.")
  var target = Target.codebooks

  @Option(
    help: "How: \(SearchMethods.catalogue.names.joined(separator: ", ")). (default: genetic)",
    transform: Specification.parse)
  var method = Specification("genetic")

  @OptionGroup var candidates: CandidateOptions

  @Option(
    help: "The data set; default: the one that the network was trained on.",
    transform: Specification.parse)
  var dataset: Specification?

  @Option(help: "The share of the training examples to judge candidates on.")
  var validation = 0.1

  @Option(help: "Stop after so many candidates. (default: 1000)")
  var evaluations: Int?

  @Option(help: "Stop after so many minutes of search instead.")
  var minutes: Double?

  @Option(help: "Populations that breed apart.")
  var islands = 2

  @Option(help: "Generations from one exchange of the islands' best to the next.")
  var migration = 10

  @Option(help: "The file that the search is kept in, written after each generation.")
  var state: String?

  @Flag(help: "Go on with the search in --state; from the start where there is none yet.")
  var resume = false

  @Option(name: .shortAndLong, help: "Where to write the network with the best tables.")
  var output: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if evaluations != nil && minutes != nil {
      throw ValidationError("--evaluations and --minutes are two budgets; give one.")
    }
    if let evaluations, evaluations < 1 {
      throw ValidationError("--evaluations is \(evaluations), expected 1 or more.")
    }
    if let minutes, !(minutes > 0 && minutes.isFinite) {
      throw ValidationError("--minutes is \(minutes), expected a positive number.")
    }
    if !(validation > 0 && validation < 1) {
      throw ValidationError("--validation is \(validation), expected a share between 0 and 1.")
    }
    if !(1...1024 ~= islands) {
      throw ValidationError("--islands is \(islands), expected 1 to 1024.")
    }
    if migration < 1 { throw ValidationError("--migration is \(migration), expected 1 or more.") }
    if resume && state == nil { throw ValidationError("--resume needs --state.") }
  }

  func run() throws {
    try common.checkOutputs(output, state)
    try common.computing {
      let work = try TableSearchWork(self)
      switch target {
      case .codebooks: try work.searchCodebooks()
      case .entries: try work.searchEntries()
      case .layout: try work.searchLayouts()
      }
    }
  }

  var budget: SearchBudget {
    minutes.map { .seconds(60 * $0) } ?? .evaluations(evaluations ?? 1000)
  }
}

/// What candidates are and how they are judged.
struct CandidateOptions: ParsableArguments {
  /// What a search starts from.
  enum Start: String, CaseIterable, ExpressibleByArgument {
    case given, samples
    case kMeans = "k-means"
  }

  @Option(
    help: "What is compared: accuracy, or loss, which sees smaller changes. (default: accuracy)",
    transform: TableFitness.Quality.parse)
  var fitness = TableFitness.Quality.accuracy

  @Option(
    help: """
      A network whose answers are the standard for --fitness loss instead of the labels: the one that \
      was coded, say.
      """)
  var teacher: String?

  @Option(help: "λ: how much fitness a byte of the stored network costs.")
  var byteWeight = 0.0

  @Option(help: "μ: how much fitness a picojoule of an inference's modelled energy costs.")
  var energyWeight = 0.0

  @Option(
    help: """
      Codebooks to begin with: the network's own (given), blocks drawn at random (samples), or k-means \
      of them from a start of its own each time.
      """)
  var start = Start.given

  @Option(
    help: """
      How words change: along the lines to blocks that they stand for (data), or by noise (gaussian). \
      (default: data)
      """,
    transform: CodebookSpace.Mutation.parse)
  var mutation = CodebookSpace.Mutation.data

  @Option(help: "The mean number of words, or of entries, that a mutation changes.")
  var changes = 4.0

  @Option(
    help: "A network without tables is given this map first.", transform: Specification.parse)
  var map: Specification?

  mutating func validate() throws {
    if teacher != nil && fitness != .loss {
      throw ValidationError("--teacher needs --fitness loss.")
    }
    if !(1...1e6 ~= changes) {
      throw ValidationError("--changes is \(changes), expected 1 to 1000000.")
    }
    for (name, weight) in [("byte", byteWeight), ("energy", energyWeight)]
    where !(weight >= 0 && weight.isFinite) {
      throw ValidationError("--\(name)-weight is \(weight), expected 0 or more.")
    }
  }

  var tableFitness: TableFitness {
    TableFitness(fitness, byteWeight: byteWeight, energyWeight: energyWeight)
  }
}
