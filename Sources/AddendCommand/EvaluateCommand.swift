internal import Addend
internal import ArgumentParser

/// `addend evaluate`: how well a file's network does on a data set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a trained network on a data set's test part.")

  @Argument(help: "The network's .addend file.")
  var file: String

  @Option(
    help: "The data set; default: the one that the network was trained on.",
    transform: Specification.parse)
  var dataset: Specification?

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.checkOutputs()
    try common.computing {
      let archive = try StoredModel(contentsOf: file)
      let dataset = try archive.dataset(dataset)
      let test = try Datasets.load(dataset, from: common.store).test
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
}
