internal import Addend
internal import ArgumentParser

/// `addend tables build`: codebooks for the layers of a network, and tables of their products.
struct BuildTablesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Make codebooks for each layer of a network, and tables of their products.",
    discussion: """
      Inputs and gradients of every layer are collected on calibration examples. \
      A build that was stopped goes on where it was when the same command is given again. For example:

        addend tables build --model m.addend --dimension 4 --output tables
      """)

  /// What entries are.
  enum Entries: String, CaseIterable, ExpressibleByArgument { case int8, int16, float32, index }

  @Option(help: "The trained network's .addend file.")
  var model: String?

  @Option(
    help: """
      The data set to calibrate with; default: the one that the network was trained on. Without \
      --model, codebooks are made for its examples and for the weights that networks start from.
      """, transform: Specification.parse)
  var dataset: Specification?

  @Option(help: "The folder that the tables are written to.")
  var output: String

  @OptionGroup var codebooks: CodebookOptions

  @Option(
    help: """
      Tables to build, separated by commas: \
      \(TableOperation.allCases.map(\.rawValue).joined(separator: ", ")). (default: product)
      """, transform: Self.operations)
  var tables = [TableOperation.product]

  @Option(help: "What entries are: the results' numbers, or the index of the nearest word.")
  var entries = Entries.int16

  @Option(help: "Calibration examples; with --model rounded up to whole batches of 64.")
  var examples = 1024

  @Option(
    help: """
      Seconds that one table may take, and the codebooks of one layer; what would take longer is \
      refused before it begins.
      """)
  var timeLimit = 3600.0

  @OptionGroup var common: CommonOptions

  private static func operations(_ text: String) throws -> [TableOperation] {
    var operations: [TableOperation] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let operation = TableOperation(rawValue: String(name)) else {
        let known = TableOperation.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("There is no table of '\(name)'; there are \(known).")
      }
      if !operations.contains(operation) { operations.append(operation) }
    }
    return operations
  }

  mutating func validate() throws {
    if model == nil && dataset == nil {
      throw ValidationError("Give --model, or --dataset, or both.")
    }
    if examples < 1 { throw ValidationError("--examples is \(examples), expected 1 or more.") }
    if !(timeLimit >= 0) {
      throw ValidationError("--time-limit is \(timeLimit), expected 0 or more.")
    }
    if model == nil && tables.contains(where: { [.transposedProduct, .outerProduct].contains($0) })
    {
      throw ValidationError("Tables of gradients want --model: examples alone have none.")
    }
  }

  func run() throws {
    try common.checkOutputs()
    try common.computing {
      let plan = try codebooks.plan()
      let survey = try TableSurvey(
        model: model, dataset: dataset, examples: examples, options: common)
      try createDirectory(at: output)
      var known: [CodebookWork: Double] = [:]
      var seconds = 0.0
      for layer in survey.layers { seconds += try check(layer, plan, &known) }
      if seconds > 2 {
        common.say("codebooks: about \(QuantityUnit.seconds.text(seconds)) at most")
      }
      var report = TableReport(plan: codebooks)
      for (number, layer) in survey.layers.enumerated() {
        let own = try made(layer, plan, number)
        let built = try tables.map { operation in
          try build(operation, of: own.books, survey, own.random)
        }
        report.append(own.books, built)
      }
      common.say("\(report.table)")
      common.say(report.footnote)
      for note in report.notes { common.say(note) }
      common.say("the tables are in \(output)")
      try Envelope(
        command: "tables build", options: common, dataset: survey.dataset,
        results: report.results
      ).write()
    }
  }

  /// Refuses what is far beyond time, memory or disk before the first codebook is made. Returns about
  /// how many seconds the codebooks take, at most.
  ///
  /// - Parameter known: the time of the work that was timed; layers resemble each other.
  private func check(
    _ layer: LayerSurvey.Layer, _ plan: LayerCodebookPlan, _ known: inout [CodebookWork: Double]
  ) throws -> Double {
    let format: TableEntryFormat? =
      switch entries {
      case .int8: .int8
      case .int16: .int16
      case .float32: .float32
      case .index: nil
      }
    for operation in tables {
      let path = path(of: operation, for: layer.name)
      var forecast = plan.extents(of: operation, for: layer, format: format).forecast()
      // The same build may have been here, and not have ended.
      forecast.discount(bytes: byteCount(ofFileAt: path))
      forecast.discount(bytes: byteCount(ofFileAt: ResumableFile.partialPath(for: path)))
      do throws(TableError) {
        try forecast.check(TableLimits(seconds: timeLimit), at: path)
      } catch .file(let error) {
        throw error
      } catch {
        throw Failure(.data, "\(layer.name): \(error)")
      }
    }
    let work = plan.work(for: layer, resultsOf: format == nil ? tables : [])
    for one in Set(work) where known[one] == nil { known[one] = one.seconds() }
    let seconds = work.reduce(0) { $0 + (known[$1] ?? 0) }
    guard seconds <= timeLimit else {
      throw Failure(
        .data,
        "\(layer.name): making its codebooks would take about \(QuantityUnit.seconds.text(seconds)), and \(QuantityUnit.seconds.text(timeLimit)) are allowed"
      )
    }
    return seconds
  }

  private func path(of operation: TableOperation, for layer: String) -> String {
    let name = layer.split(separator: "/").joined(separator: ".")
    return "\(output)/\(name).\(operation.rawValue).table"
  }

  /// The layer's codebooks, and the random source that goes on behind them.
  private func made(
    _ layer: LayerSurvey.Layer, _ plan: LayerCodebookPlan, _ number: Int
  ) throws -> (books: LayerCodebooks, random: RandomSource) {
    var random = RandomSource(seed: common.seed, stream: UInt64(100 + number))
    do {
      return (try LayerCodebooks(layer, plan, using: &random), random)
    } catch {
      throw Failure(.data, "\(layer.name): \(error)")
    }
  }

  private func build(
    _ operation: TableOperation, of books: LayerCodebooks, _ survey: TableSurvey,
    _ random: RandomSource
  ) throws -> TableReport.Built {
    let name = books.name.split(separator: "/").joined(separator: ".")
    let path = path(of: operation, for: books.name)
    do {
      var random = random
      let entries: TableEntries =
        switch self.entries {
        case .int8: .int8
        case .int16: .int16
        case .float32: .float32
        case .index: .index(try books.resultCodebook(of: operation, using: &random))
        }
      let builder = try books.builder(
        operation, entries: entries, notes: survey.notes(of: books, operation, codebooks))
      let forecast = builder.forecast()
      if forecast.seconds > 2 {
        let time = QuantityUnit.seconds.text(forecast.seconds)
        let size = QuantityUnit.bytes.text(forecast.byteCount)
        let error = forecast.relativeError.map { QuantityUnit.fraction.text($0) } ?? "–"
        common.say("\(name) \(operation.rawValue): about \(time), \(size), error \(error)")
      }
      var progress = ProgressDisplay(
        "\(name) \(operation.rawValue)", total: builder.extents.leftCount, unit: "rows",
        style: forecast.seconds > 2 ? .automatic(isQuiet: common.quiet) : .silent)
      let table = try builder.build(at: path, limits: TableLimits(seconds: timeLimit)) { done, _ in
        progress.update(done)
        return true
      }
      progress.finish()
      return TableReport.Built(path: path, table: table)
    } catch TableError.file(let error) {
      throw error
    } catch {
      throw Failure(.data, "\(books.name): \(error)")
    }
  }
}
