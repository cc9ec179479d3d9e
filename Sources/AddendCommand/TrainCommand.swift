internal import Addend
internal import ArgumentParser

/// `addend train`: a network from scratch, or from where a checkpoint left it.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network and write it to a file.",
    discussion: """
      addend train --model lenet-5 --dataset mnist --map lookup:block=8 --epochs 5 \\
        --output m.addend --checkpoint-directory d

      Killed at any moment, the same command with --resume goes on from the last checkpoint and ends \
      with the same bits.

      A network that is there is trained further, under the map that it has or under another one: \
      addend train --from resnet20.safetensors --model resnet:depth=20 --dataset cifar-10 \
        --map lookup:block=2 --keep first+last
      """)

  @OptionGroup var network: NetworkOptions
  @OptionGroup var numbers: NumberOptions
  @OptionGroup var plan: PlanOptions
  @OptionGroup var common: CommonOptions

  @Option(
    help: "The data set: \(Datasets.catalogue.names.joined(separator: ", ")).",
    transform: Specification.parse)
  var dataset: Specification

  @Option(
    help: """
      The product in every layer: \(Maps.catalogue.names.joined(separator: ", ")); 'addend catalogue \
      maps' tells their parameters. (default: float32, or what --from has)
      """,
    transform: Specification.parse)
  var map: Specification?

  @Option(
    help: """
      Layers that stay with float32, or with the map that they have in --from, as in first+last or \
      dense1+residual2.
      """)
  var keep = ""

  @Option(
    help: """
      Start from this network's weights: an .addend file, or with --model the .safetensors file of \
      its published weights.
      """)
  var from: String?

  @Option(
    help: """
      Learn to answer as the network in this .addend file does, beside the classes (knowledge \
      distillation).
      """)
  var teacher: String?

  @Option(help: "The teacher's share in the loss, 0 to 1. (default: 0.5)")
  var teacherWeight: Double?

  @Option(
    help: """
      What student's and teacher's outputs are divided by before they are compared. (default: 4)
      """)
  var temperature: Double?

  @Option(
    help: """
      Save memory: forget what layers leave for the way back and run them again. 'auto' cuts the \
      network where it helps most, a number into so many parts. Training comes to the same bits.
      """,
    transform: Recomputation.parse)
  var recompute: Recomputation?

  @Option(name: .shortAndLong, help: "Where to write the trained network.")
  var output: String?

  @Option(help: "Where to keep checkpoints.")
  var checkpointDirectory: String?

  @Option(help: "Seconds between checkpoints within an epoch.")
  var checkpointInterval = 60.0

  @Flag(help: "Go on from the newest checkpoint; from the start where there is none yet.")
  var resume = false

  @Option(name: .customLong("tensorboard"), help: "Write event files for TensorBoard here.")
  var tensorBoard: String?

  mutating func validate() throws {
    if resume && checkpointDirectory == nil {
      throw ValidationError("--resume needs --checkpoint-directory.")
    }
    if from != nil && network.network != nil {
      throw ValidationError("--from and --network name two networks; give one.")
    }
    if from != nil && numbers.system != NumberSystem(.float32) {
      throw ValidationError("--precision is for fresh networks; that of --from comes with it.")
    }
    if from != nil && !keep.isEmpty && map == nil {
      throw ValidationError("--keep needs --map: without it every layer keeps its own.")
    }
    if teacher == nil && (teacherWeight != nil || temperature != nil) {
      throw ValidationError("--teacher-weight and --temperature need --teacher.")
    }
    if let teacherWeight, !(0...1 ~= teacherWeight) {
      throw ValidationError("--teacher-weight is \(teacherWeight), expected a share from 0 to 1.")
    }
    if let temperature, !(temperature > 0 && temperature.isFinite) {
      throw ValidationError("--temperature is \(temperature), expected a positive number.")
    }
    if !(checkpointInterval >= 0) {
      throw ValidationError("--checkpoint-interval is \(checkpointInterval), expected 0 or more.")
    }
  }

  func run() throws {
    try common.checkOutputs(output)
    try common.computing { try train(in: try scalar) }
  }

  /// What numbers are: those of `--from`, or as `--precision` says.
  private var scalar: any TensorScalar.Type {
    get throws {
      try from.map { try Archive.scalar(ofNetworkAt: $0) } ?? numbers.system.scalar
    }
  }

  private func train<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let splits = plan.held(try Datasets.load(dataset, from: common.store), seed: common.seed)
    var trainer = Trainer<Scalar>(
      try startingModel(for: splits.training),
      plan: try plan.plan(epochs: 5, seed: common.seed),
      teacher: try teacher.map { try loadTeacher($0, for: splits.training) })
    var observers: [any TrainingObserver<Scalar>] = [
      ProgressObserver<Scalar>(
        title: trainer.model.network.name, options: common, epochs: trainer.plan.epochs,
        splits: splits)
    ]
    if let path = checkpointDirectory {
      let directory = try CheckpointDirectory(at: path)
      if resume { try takeUp(directory, &trainer, splits.training) }
      observers.append(
        CheckpointObserver<Scalar>(
          directory: directory, dataset: splits.training, interval: .seconds(checkpointInterval)))
    }
    if let tensorBoard { observers.append(try TensorBoardObserver<Scalar>(directory: tensorBoard)) }
    if let recompute {
      let report = try MemoryReport(
        of: trainer.model, batch: trainer.plan.batchSize, recomputing: recompute)
      trainer.model.recompute(from: report.plan.positions)
      common.say(report.sentence)
    }
    MemoryUsage.restartPeak()
    try trainer.run(on: splits, observers: &observers)
    try finish(trainer, splits, memory: MemoryUsage.current.peak)
  }

  private func loadTeacher<Scalar: TensorScalar>(
    _ path: String, for dataset: any Dataset
  ) throws -> Teacher<Scalar> {
    let stored = try StoredNetwork<Scalar>(contentsOf: path).model
    try stored.checkInput(of: dataset, path)
    guard !dataset.classNames.isEmpty, stored.output.last == dataset.outputCount else {
      throw Failure(
        .data,
        "'\(path)' answers with \(stored.output), no teacher for the \(dataset.outputCount) classes of \(dataset.name)"
      )
    }
    var distillation = Distillation()
    if let teacherWeight { distillation.weight = teacherWeight }
    if let temperature { distillation.temperature = temperature }
    return try Teacher(stored, distillation)
  }

  /// A fresh network, or that of `--from` under the map that was asked for.
  private func startingModel<Scalar: TensorScalar>(
    for dataset: any Dataset
  ) throws -> Model<Scalar> {
    let kept = keep.split(separator: "+").map(String.init)
    guard let from else {
      let fresh = try network.network(for: dataset, standard: nil)
        .keeping(Specification("float32"), in: kept)
      return try Model(
        fresh, map: map ?? Specification("float32"), precision: numbers.system.precision,
        seed: common.seed)
    }
    let stored = try storedModel(from, for: dataset, of: Scalar.self)
    try stored.checkInput(of: dataset, from)
    guard let map else { return stored }
    _ = try Maps.configuration(map)
    common.say("converting '\(from)' to \(map)")
    return try MapConversion(to: map, keep: kept, seed: common.seed)
      .transformed(stored, calibration: dataset)
  }

  private func storedModel<Scalar: TensorScalar>(
    _ path: String, for dataset: any Dataset, of scalar: Scalar.Type
  ) throws -> Model<Scalar> {
    guard let recipe = network.model else {
      return try StoredNetwork<Scalar>(contentsOf: path).model
    }
    let published = try StoredModel(published: path, of: recipe, for: dataset).model
    guard let published = published as? Model<Scalar> else {
      throw Failure(.usage, "'\(path)' is no file of published weights")
    }
    return published
  }

  private func takeUp<Scalar: TensorScalar>(
    _ directory: CheckpointDirectory, _ trainer: inout Trainer<Scalar>, _ dataset: any Dataset
  ) throws {
    guard let checkpoint = try directory.newest() else {
      common.say("no checkpoint in '\(directory.path)' yet: training starts from the beginning")
      return
    }
    for skipped in checkpoint.skipped { StandardStream.error.write("addend: \(skipped)\n") }
    do {
      try trainer.restore(checkpoint.archive, trainedOn: dataset)
    } catch {
      throw Failure(.data, "'\(directory.file(of: checkpoint.step))': \(error)")
    }
    common.say("resumed after step \(checkpoint.step)")
  }

  private func finish<Scalar: TensorScalar>(
    _ trainer: Trainer<Scalar>, _ splits: DatasetSplits, memory: Int
  ) throws {
    let model = trainer.model.frozen()
    let evaluation = try model.evaluation(on: splits.test, as: trainer.plan)
    let archive = ModelArchive(
      model, metadata: ModelMetadata(of: splits.training, dataset: dataset, plan: trainer.plan))
    if let output { try archive.save(to: output) }
    var result = NetworkResult(
      model: model, archive: archive, evaluation: evaluation,
      usesPerplexity: splits.test.order == .consecutive)
    result.figures[.trainSeconds] = trainer.history.reduce(0) { $0 + $1.seconds }
    result.figures[.trainingBytes] = Double(memory)
    result.curve = trainer.history.map(LearningPoint.init)
    common.say(Summary.text(result))
    var json = result.json.objectValue ?? JSONObject()
    if trainer.lossScale.skippedSteps > 0 {
      let (skipped, scale) = (trainer.lossScale.skippedSteps, trainer.lossScale.value)
      common.say(
        "\(skipped) steps were left out, as gradients were not finite; the loss's scale ended at \(scale)"
      )
      json["skippedSteps"] = .integer(skipped)
      json["lossScale"] = .number(scale)
    }
    common.say(
      output.map { "written to \($0)" } ?? "the network was not kept: no --output was given")
    try Envelope(
      command: "train", options: common,
      dataset: (splits.training.name, splits.training.checksum), results: [.object(json)]
    ).write()
  }
}
