internal import Addend
internal import ArgumentParser

/// `addend predict`: what a file's network sees in an image.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Classify image files with a trained network.",
    discussion: """
      An image is a PNG or JPEG file, or image n of an IDX file as path#n. It is resized to the \
      network's input (bilinear), turned grey where the network is, and scaled as the training \
      images were.
      """)

  @Argument(help: "The network's .addend file.")
  var file: String

  @Argument(help: "The images.")
  var images: [String]

  @Option(help: "How many classes to show, the most probable first.")
  var top = 3

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if top < 1 { throw ValidationError("--top is \(top), expected 1 or more.") }
    if images.isEmpty { throw ValidationError("No image is named.") }
  }

  func run() throws {
    try common.checkOutputs()
    try common.computing { try predict(in: try Archive.scalar(ofNetworkAt: file)) }
  }

  private func predict<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let stored = try StoredNetwork<Scalar>(contentsOf: file)
    let loss = try stored.loss
    let input = stored.model.network.input
    guard input.rank == 3, [1, 3].contains(input[2]) else {
      throw Failure(.data, "'\(file)' takes \(input), which is no image")
    }
    // All images are read before anything is printed: no partial answers.
    let tensors = try images.map { path in
      try PixelImage(contentsOf: path).tensor(input, stored.normalization)
    }
    var results: [JSONValue] = []
    for (path, tensor) in zip(images, tensors) {
      let outputs = try stored.model.forward(
        Tensor<Scalar>(tensor.reshaped(input.batched(1))))
      let ranked = ranking(loss.probabilities(of: outputs), stored.classNames)
      common.say(path)
      for (name, probability) in ranked {
        common.say("  \(QuantityUnit.fraction.text(probability))  \(name)")
      }
      results.append([
        "image": .text(path),
        "classes": .array(
          ranked.map { ["name": .text($0.name), "probability": .number($0.probability)] }),
      ])
    }
    try Envelope(command: "predict", options: common, dataset: nil, results: results).write()
  }

  private func ranking<Scalar: TensorScalar>(
    _ probabilities: Tensor<Scalar>, _ names: [String]
  ) -> [(name: String, probability: Double)] {
    let ranked = probabilities.elements.enumerated().sorted {
      ($1.element, $0.offset) < ($0.element, $1.offset)
    }
    return ranked.prefix(top).map { (names[$0.offset], $0.element.reported) }
  }
}
