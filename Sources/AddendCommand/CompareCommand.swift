internal import Addend
internal import ArgumentParser

/// `addend compare`: one network under several products, side by side.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Train one network under several maps and precisions and compare them.",
    discussion: """
      Same data, same order, same initial weights, same number of epochs; figures are those of the \
      stored form of each network. In logarithms Adam's epsilon is larger (docs/number-systems.md). \
      Try: addend compare --dataset digits, or addend compare --precision mixed-bf16 --precision lns
      """)

  @OptionGroup var network: NetworkOptions
  @OptionGroup var plan: PlanOptions
  @OptionGroup var common: CommonOptions

  @Option(
    help: "The data set: \(Datasets.catalogue.names.joined(separator: ", ")).",
    transform: Specification.parse)
  var dataset = Specification("digits")

  @Option(
    name: .customLong("map"),
    help: """
      A map to compare, repeatable: \(Maps.catalogue.names.joined(separator: ", ")). Default: \
      float32, space and lookup; float32 alone where precisions are compared.
      """,
    transform: Specification.parse)
  var maps: [Specification] = []

  @Option(
    name: .customLong("precision"),
    help: ArgumentHelp(
      stringLiteral: "A precision to compare, repeatable, beside float32. \(NumberSystem.help)"),
    transform: NumberSystem.parse)
  var systems: [NumberSystem] = []

  @Option(help: "Write a page with charts and sample predictions to this path.")
  var report: String?

  func run() throws {
    try common.checkOutputs(report)
    try common.computing { try compare() }
  }

  private func compare() throws {
    let splits = plan.held(try Datasets.load(dataset, from: common.store), seed: common.seed)
    let network = try network.network(
      for: splits.training,
      standard: Specification("mlp", ["hidden": .integer(256), "layers": .integer(2)]))
    let plan = try plan.plan(epochs: standardEpochs(splits.training), seed: common.seed)
    // All are built before the first is trained: a mistake in the last name shows at once.
    let models = try arithmetics.map { try untrained(network, $0, $1) }
    common.say(
      """
      \(network.name) on \(splits.training.name): \(splits.training.count) training and \
      \(splits.test.count) test examples, \(plan.epochs) epochs
      """)
    var contenders = try models.map { model in
      try model.trained(plan: plan, splits: splits, dataset: dataset, options: common)
    }
    // Timed together, round and round, so that a noisy machine is noisy for all alike.
    let times = try Contender.inferenceSeconds(of: contenders, on: splits.test)
    for i in contenders.indices {
      contenders[i].result.figures[.inferenceSecondsPerExample] = times[i]
    }
    try publish(contenders, network, splits, plan.loss)
  }

  /// What is compared, row by row.
  private var arithmetics: [(system: NumberSystem, map: Specification)] {
    let float32 = NumberSystem(.float32)
    var named = systems.isEmpty || maps.isEmpty ? [float32] : []
    for system in systems where !named.contains(system) { named.append(system) }
    let standard = systems.isEmpty ? Self.standardMaps : [Specification("float32")]
    return named.flatMap { system in (maps.isEmpty ? standard : maps).map { (system, $0) } }
  }

  private func untrained(
    _ network: Network, _ system: NumberSystem, _ map: Specification
  ) throws -> any ComparedModel {
    func model<Scalar: TensorScalar>(in scalar: Scalar.Type) throws -> any ComparedModel {
      try Model<Scalar>(network, map: map, precision: system.precision, seed: common.seed)
    }
    return try model(in: system.scalar)
  }

  private static let standardMaps = [
    Specification("float32"), Specification("space"), Specification("lookup"),
  ]

  /// Enough to see the difference, and not much to wait for: small sets get more passes.
  private func standardEpochs(_ training: any Dataset) -> Int {
    training.count < 10_000 ? 30 : 8
  }

  private func publish(
    _ contenders: [Contender], _ network: Network, _ splits: DatasetSplits, _ loss: any Loss
  ) throws {
    let page = ComparisonReport(
      title: "\(network.name) on \(splits.training.name)",
      dataset:
        "\(dataset), \(splits.training.count) training and \(splits.test.count) test examples, checksum \(splits.training.checksum)",
      machine: Machine.current.summary(threads: common.threadCount), date: Clock.dateText,
      command: CommandLine.arguments.enumerated().map { $0 == 0 ? "addend" : $1 }
        .joined(separator: " "),
      networks: contenders.map(\.result), samples: try samples(contenders, splits.test, loss),
      notes: [
        "Figures are those of the stored form of each network; operations are counted, and tests hold the counts against what a counting number format sees. A product of logarithms counts as an addition; a sum as a comparison, a look-up and two additions."
      ])
    common.say("\n\(page.table)")
    common.say("\n\(ComparisonReport.energyNote).")
    if let report {
      try page.writePage(to: report)
      common.say("report: \(report)")
    }
    try Envelope(
      command: "compare", options: common,
      dataset: (splits.training.name, splits.training.checksum),
      results: contenders.map(\.result.json)
    ).write()
  }

  /// What each network makes of some test images: those on which they differ come first.
  private func samples(
    _ contenders: [Contender], _ test: any Dataset, _ loss: any Loss
  ) throws -> [SamplePrediction] {
    guard test.inputShape.rank == 3, [1, 3].contains(test.inputShape[2]),
      let classes = test.exampleClasses
    else { return [] }
    let pool = Array(0..<min(500, test.count))
    let batch = test.byteBatch(pool)
    let answers = try contenders.map { try $0.model.answers(to: batch, loss) }
    let isDisputed = pool.map { row in Set(answers.map { $0[row].column }).count > 1 }
    let chosen =
      pool.filter { isDisputed[$0] }.prefix(6) + pool.filter { !isDisputed[$0] }.prefix(6)
    let images = batch.input
    return chosen.map { row in
      SamplePrediction(
        image: RasterImage(images, row: row),
        className: test.classNames[Int(classes[row])],
        answers: contenders.indices.map { i in
          .init(
            network: contenders[i].result.arithmetic,
            className: test.classNames[answers[i][row].column],
            probability: answers[i][row].probability)
        })
    }
  }
}

extension RasterImage {
  /// One image of a batch, its range of numbers stretched over a byte's.
  fileprivate init(_ batch: Tensor<Float>, row: Int) {
    let shape = batch.shape.element
    let numbers = (0..<shape.count).map { batch.span[row * shape.count + $0] }
    let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 1)
    let scale = 255 / max(high - low, .leastNormalMagnitude)
    self.init(
      height: shape[0], width: shape[1], channels: shape[2],
      pixels: numbers.map { UInt8(max(0, min(255, (($0 - low) * scale).rounded()))) })
  }
}
