internal import Addend
internal import ArgumentParser

/// `addend evaluate`: how well a file's network does on a data set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a trained network on a data set's test part.",
    discussion: """
      Published weights are read as well: addend evaluate resnet20.safetensors \
        --model resnet:depth=20 --dataset cifar-10
      """)

  @Argument(help: "The network's .addend file, or a .safetensors file of published weights.")
  var file: String

  @Option(
    help: "The network of the zoo that a .safetensors file is of.", transform: Specification.parse)
  var model: Specification?

  @Option(
    help: "The data set; default: the one that the network was trained on.",
    transform: Specification.parse)
  var dataset: Specification?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if model != nil && dataset == nil {
      throw ValidationError("--model needs --dataset: published weights name none.")
    }
  }

  func run() throws {
    try common.checkOutputs()
    try common.computing { try evaluate(in: try Archive.scalar(ofNetworkAt: file)) }
  }

  private func evaluate<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let (archive, test) = try subject(in: scalar)
    let (loss, streams) = try (archive.loss, archive.batchSize)
    let start = ContinuousClock.now
    let evaluation = try archive.model.evaluation(
      on: test, loss: loss, batchSize: test.order == .consecutive ? streams : 200)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var result = NetworkResult(
      model: archive.model, archive: archive.archive, evaluation: evaluation,
      usesPerplexity: test.order == .consecutive)
    result.figures[.inferenceSecondsPerExample] = seconds / Double(max(1, test.count))
    common.say(Summary.text(result))
    try Envelope(
      command: "evaluate", options: common, dataset: (test.name, test.checksum),
      results: [result.json]
    ).write()
  }

  /// The network and the examples to measure it on.
  private func subject<Scalar: TensorScalar>(
    in scalar: Scalar.Type
  ) throws -> (StoredNetwork<Scalar>, any Dataset) {
    if let model, let dataset {
      let splits = try Datasets.load(dataset, from: common.store)
      let published = try StoredModel(published: file, of: model, for: splits.training)
      guard let published = published as? StoredNetwork<Scalar> else {
        throw Failure(.usage, "published weights are float32 numbers")
      }
      return (published, splits.test)
    }
    let stored = try StoredNetwork<Scalar>(contentsOf: file)
    return (stored, try Datasets.load(stored.dataset(dataset), from: common.store).test)
  }
}
