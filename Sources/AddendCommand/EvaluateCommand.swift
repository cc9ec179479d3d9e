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

  @OptionGroup var network: NetworkFileOptions

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.checkOutputs()
    try common.computing { try evaluate(in: try Archive.scalar(ofNetworkAt: network.file)) }
  }

  private func evaluate<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let (archive, splits) = try network.subject(in: scalar, common)
    let test = splits.test
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
}
