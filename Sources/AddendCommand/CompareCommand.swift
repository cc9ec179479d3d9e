internal import Addend
internal import ArgumentParser

/// `addend compare`: one network under several products, side by side.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Train one network under several maps and compare them.",
    discussion: """
      Same data, same order, same initial weights, same number of epochs; figures are those of the \
      stored form of each network. Try: addend compare --dataset digits
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
      float32, space and lookup; float32 alone of logarithms.
      """,
    transform: Specification.parse)
  var maps: [Specification] = []

  @Option(help: "Write a page with charts and sample predictions to this path.")
  var report: String?

  func run() throws {
    try common.checkOutputs(report)
    try common.computing { try compare(in: network.numbers.scalar) }
  }

  private func compare<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let splits = plan.held(try Datasets.load(dataset, from: common.store), seed: common.seed)
    let network = try network.network(
      for: splits.training,
      standard: Specification("mlp", ["hidden": .integer(256), "layers": .integer(2)]))
    let plan = try plan.plan(epochs: standardEpochs(splits.training), seed: common.seed)
    // All are built before the first is trained: a mistake in the last name shows at once.
    // Look-ups into tables of logarithms have no kernels: nobody would wait for them unasked.
    let standard = Scalar.isLogarithmic ? [Specification("float32")] : Self.standardMaps
    let models = try (maps.isEmpty ? standard : maps).map { map in
      try Model<Scalar>(
        network, map: map, precision: self.network.numbers.precision, seed: common.seed)
    }
    common.say(
      """
      \(network.name) on \(splits.training.name): \(splits.training.count) training and \
      \(splits.test.count) test examples, \(plan.epochs) epochs
      """)
    var contenders = try models.map { model in
      try Contender<Scalar>(model, plan: plan, splits: splits, dataset: dataset, options: common)
    }
    // Timed together, round and round, so that a noisy machine is noisy for all alike.
    let times = try Contender<Scalar>.inferenceSeconds(of: contenders.map(\.model), on: splits.test)
    for i in contenders.indices {
      contenders[i].result.figures[.inferenceSecondsPerExample] = times[i]
    }
    try publish(contenders, network, splits, plan.loss)
  }

  private static let standardMaps = [
    Specification("float32"), Specification("space"), Specification("lookup"),
  ]

  /// Enough to see the difference, and not much to wait for: small sets get more passes.
  private func standardEpochs(_ training: any Dataset) -> Int {
    training.count < 10_000 ? 30 : 8
  }

  private func publish<Scalar: TensorScalar>(
    _ contenders: [Contender<Scalar>], _ network: Network, _ splits: DatasetSplits, _ loss: any Loss
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
        "Figures are those of the stored form of each network; operations are counted, and tests hold the counts against what a counting number format sees."
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
  private func samples<Scalar: TensorScalar>(
    _ contenders: [Contender<Scalar>], _ test: any Dataset, _ loss: any Loss
  ) throws -> [SamplePrediction] {
    guard test.inputShape.rank == 3, [1, 3].contains(test.inputShape[2]),
      let classes = test.exampleClasses
    else { return [] }
    let pool = Array(0..<min(500, test.count))
    let batch = test.byteBatch(pool)
    let input = batch.input(as: Scalar.self)
    let probabilities = try contenders.map {
      loss.probabilities(of: try $0.model.forward(input))
    }
    let predicted = probabilities.map { $0.largestColumns() }
    let isDisputed = pool.map { row in Set(predicted.map { $0[row] }).count > 1 }
    let chosen =
      pool.filter { isDisputed[$0] }.prefix(6) + pool.filter { !isDisputed[$0] }.prefix(6)
    let images = batch.input
    return chosen.map { row in
      SamplePrediction(
        image: RasterImage(images, row: row),
        className: test.classNames[Int(classes[row])],
        answers: contenders.indices.map { i in
          .init(
            network: contenders[i].result.arithmetic, className: test.classNames[predicted[i][row]],
            probability: probabilities[i][row, predicted[i][row]].reported)
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
