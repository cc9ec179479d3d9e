internal import Addend

/// One run of `addend tables evolve`.
struct TableSearchWork {
  private let options: EvolveCommand
  private let stored: StoredModel
  private let specification: Specification
  private let splits: DatasetSplits
  private let examples: HeldOutExamples
  /// Names the network that is searched, and the standard: other files make another search.
  private let judged: String

  private var common: CommonOptions { options.common }

  init(_ options: EvolveCommand) throws {
    self.options = options
    stored = try StoredModel(contentsOf: options.file)
    specification = try stored.dataset(options.dataset)
    let whole = try Datasets.load(specification, from: options.common.store)
    guard whole.training.inputShape == stored.model.network.input else {
      throw Failure(
        .data,
        "'\(options.file)' takes \(stored.model.network.input), but examples of \(whole.training.name) are \(whole.training.inputShape)"
      )
    }
    let count = Int((Double(whole.training.count) * options.validation).rounded())
    guard 0 < count, count < whole.training.count else {
      let part = count > 0 ? "all" : "none"
      throw Failure(.usage, "--validation holds out \(part) of \(whole.training.count) examples")
    }
    splits = whole.splittingOffValidation(count: count, seed: options.common.seed)
    let heldOut = splits.validation ?? splits.training
    let network = "network \(try TableSurvey.checksum(ofFile: options.file))"
    guard let path = options.candidates.teacher else {
      judged = network
      examples = try HeldOutExamples(heldOut, against: .targets(stored.loss))
      return
    }
    let teacher = try StoredModel(contentsOf: path).model
    guard teacher.output == stored.model.output, teacher.network.input == stored.model.network.input
    else { throw Failure(.data, "'\(path)' and '\(options.file)' have other inputs or outputs") }
    judged = try network + " after \(TableSurvey.checksum(ofFile: path))"
    examples = try HeldOutExamples(heldOut, against: .model(teacher))
  }

  func searchCodebooks() throws {
    let start = options.candidates.start
    let model = try coded(standard: "space:dimension=4")
    let space = try CodebookSpace(
      model, showing: calibration, mutation: options.candidates.mutation,
      changedWords: options.candidates.changes,
      source: start == .kMeans ? .kMeans : .samples, coding: start == .given ? .kept : .nearest,
      seed: common.seed)
    try search(space, seeds: start == .given ? [space.given] : [], before: model.frozen())
  }

  func searchEntries() throws {
    let model = try coded(standard: "lookup").frozen()
    let space = try EntrySpace(model, changedEntries: options.candidates.changes)
    try search(space, seeds: [space.given], before: model)
  }

  func searchLayouts() throws {
    let space = try LayoutSpace(
      stored.model, calibration: splits.training, seed: common.seed)
    try search(space, seeds: [space.given], before: try space.model(of: space.given))
  }

  /// The network, its maps converted where the user named a map or they have no tables.
  private func coded(standard: String) throws -> Model<Float> {
    let isExact = stored.model.map.name == "float32"
    guard options.candidates.map != nil || isExact else { return stored.model }
    let map = try options.candidates.map ?? Specification(parsing: standard)
    return try MapConversion(to: map, seed: common.seed).transformed(
      stored.model, calibration: splits.training)
  }

  /// Training examples that show which blocks maps see.
  private var calibration: Tensor<Float> {
    let count = splits.training.count
    let indices = (0..<min(1024, count)).map { $0 * count / min(1024, count) }
    return splits.training.batch(indices).input
  }

  private func search<Space: ModelSpace>(
    _ space: Space, seeds: [Space.Genome], before: Model<Float>
  ) throws {
    let fitness = options.candidates.tableFitness
    var search = Search(
      space, by: try SearchMethods.configuration(options.method), startingFrom: seeds,
      judgedBy: "\(fitness) on \(examples.checksum), \(judged)", islands: options.islands,
      migrationInterval: options.migration, seed: common.seed)
    if options.resume, let path = options.state {
      if isFile(at: path) {
        try search.restore(from: path)
        common.say("resumed after generation \(search.generation)")
      } else {
        common.say("no search in '\(path)' yet: it starts from the beginning")
      }
    } else if let path = options.state, isFile(at: path) {
      throw Failure(
        .usage, "'\(path)' is there already: --resume goes on with it, another --state begins anew")
    }
    var display = ProgressDisplay(
      "\(options.target.rawValue), \(options.method.name)", total: 1000, unit: "",
      style: .automatic(isQuiet: common.quiet))
    while search.generation == 0 || options.budget.spentShare(by: search) < 1 {
      try search.step { try space.fitness(of: $0, fitness, on: examples) }
      if let path = options.state { try search.save(to: path) }
      let share = min(1, options.budget.spentShare(by: search))
      display.update(
        Int(share * 1000),
        note: "generation \(search.generation), \(search.evaluations) candidates, best "
          + "\(((search.best?.fitness ?? -.infinity) * 1e4).rounded() / 1e4)")
    }
    display.finish()
    try finish(search, before: before)
  }

  private func finish<Space: ModelSpace>(
    _ search: Search<Space>, before: Model<Float>
  ) throws {
    guard let best = search.best else { return }
    let after = try search.space.model(of: best.genome)
    var metadata = stored.metadata
    metadata.notes["search"] = .text(
      "\(options.target.rawValue), \(search.method.specification), \(search.evaluations) candidates"
    )
    let archive = ModelArchive(after, metadata: metadata)
    if let path = options.output { try archive.save(to: path) }
    let judged = try (examples.evaluation(of: before), examples.evaluation(of: after))
    let tested = try (
      before.evaluation(on: splits.test, loss: stored.loss),
      after.evaluation(on: splits.test, loss: stored.loss)
    )
    common.say(
      """
      \(search.evaluations) candidates in \(search.generation) generations, \
      \(QuantityUnit.seconds.text(search.seconds)) on \(common.threadCount) threads
      held out (\(judged.0.rows))  \(judged.0.shown) before, \(judged.1.shown) after
      test (\(tested.0.rows))  \(tested.0.shown) before, \(tested.1.shown) after
      """)
    common.say(
      options.output.map { "written to \($0)" } ?? "the network was not kept: no --output was given"
    )
    try Envelope(
      command: "tables evolve", options: common,
      dataset: (splits.training.name, splits.training.checksum),
      results: [
        [
          "network": .text(after.network.name), "target": .text(options.target.rawValue),
          "method": .text("\(search.method.specification)"), "islands": .integer(options.islands),
          "start": .text(options.candidates.start.rawValue), "judge": .text(search.judge),
          "evaluations": .integer(search.evaluations), "generations": .integer(search.generation),
          "seconds": .number(search.seconds), "fitness": .number(best.fitness),
          "bytesStored": .integer(archive.storedSize.byteCount),
          "validation": ["before": judged.0.json, "after": judged.1.json],
          "test": ["before": tested.0.json, "after": tested.1.json],
          "history": .array(search.history.map(\.json)),
        ]
      ]
    ).write()
  }
}

extension Evaluation {
  /// What the evaluation is judged by, for a person.
  fileprivate var shown: String {
    accuracy.map { QuantityUnit.fraction.text($0) } ?? "loss \(QuantityUnit.plain.text(loss))"
  }
}
