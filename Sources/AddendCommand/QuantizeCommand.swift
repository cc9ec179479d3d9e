internal import Addend
internal import ArgumentParser

/// `addend quantize`: a trained network in int8.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize", abstract: "Turn a trained network's products into int8.",
    discussion: """
      addend quantize m.addend --examples 1000 --calibration mse --output m8.addend

      Ranges of activations are taken from training examples; the test part is measured before and \
      after only. Published weights are read as well: addend quantize resnet20.safetensors \
      --model resnet:depth=20 --dataset cifar-10
      """)

  @OptionGroup var network: NetworkFileOptions

  @Option(help: "Calibration examples, drawn from the training part.")
  var examples = 1000

  @Option(
    help: """
      How ranges are chosen: \(RangeMethod.allCases.map(\.rawValue).joined(separator: ", ")). \
      (default: minmax)
      """,
    transform: RangeMethod.parse)
  var calibration = RangeMethod.minimumMaximum

  @Option(help: "What --calibration percentile leaves in the range, in percent.")
  var percentile = 99.99

  @Option(help: "Layers that stay as they are, as in first+last or dense1+residual2.")
  var keep = ""

  @Option(name: .shortAndLong, help: "Where to write the network in int8.")
  var output: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if !(1...(1 << 24) ~= examples) {
      throw ValidationError("--examples is \(examples), expected 1 to \(1 << 24).")
    }
    if !(50...100 ~= percentile) {
      throw ValidationError("--percentile is \(percentile), expected 50 to 100.")
    }
  }

  func run() throws {
    try common.checkOutputs(output)
    try common.computing {
      let (stored, splits) = try network.subject(in: Float.self, common)
      let quantization = Int8Quantization(
        calibration: calibration, percentile: percentile,
        keep: keep.split(separator: "+").map(String.init), examples: examples, seed: common.seed)
      let quantized = try quantization.transformed(stored.model, calibration: splits.training)
        .frozen()
      var metadata = stored.metadata
      metadata.notes["quantization"] = .text("\(quantization.specification)")
      let archive = ModelArchive(quantized, metadata: metadata)
      if let output { try archive.save(to: output) }
      let results = try [
        result(stored.archive, stored, on: splits.test), result(archive, stored, on: splits.test),
      ]
      for result in results { common.say(Summary.text(result)) }
      common.say(
        output.map { "written to \($0)" } ?? "the network was not kept: no --output was given")
      try Envelope(
        command: "quantize", options: common,
        dataset: (splits.test.name, splits.test.checksum), results: results.map(\.json)
      ).write()
    }
  }

  private func result(
    _ archive: ModelArchive<Float>, _ stored: StoredModel, on test: any Dataset
  ) throws -> NetworkResult {
    let evaluation = try archive.model.evaluation(
      on: test, loss: stored.loss, batchSize: test.order == .consecutive ? stored.batchSize : 200)
    return NetworkResult(
      model: archive.model, archive: archive, evaluation: evaluation,
      usesPerplexity: test.order == .consecutive)
  }
}
