internal import Addend

/// What tables are built for: a network's layers on calibration data, or a data set alone.
struct TableSurvey {
  let layers: [LayerSurvey.Layer]
  let dataset: (name: String, checksum: String)
  /// The network's name and its file's checksum; `nil` for a data set alone.
  let network: (name: String, checksum: String)?

  init(
    model path: String?, dataset named: Specification?, examples: Int, options: CommonOptions
  ) throws {
    if let path {
      let stored = try StoredModel(contentsOf: path)
      let training = try Datasets.load(stored.dataset(named), from: options.store).training
      guard training.inputShape == stored.model.network.input else {
        throw Failure(
          .data,
          "'\(path)' takes \(stored.model.network.input), but examples of \(training.name) are \(training.inputShape)"
        )
      }
      let survey = try LayerSurvey(
        of: stored.model, on: training, loss: stored.loss, examples: examples, seed: options.seed)
      layers = survey.layers
      dataset = (training.name, training.checksum)
      network = (stored.model.network.name, try Self.checksum(ofFile: path))
      guard !layers.isEmpty else {
        throw Failure(.data, "'\(path)' has no layer with a matrix")
      }
      return
    }
    guard let named else { throw Failure(.usage, "no data set is named") }
    let training = try Datasets.load(named, from: options.store).training
    layers = [try Self.examples(of: training, count: examples, seed: options.seed)]
    dataset = (training.name, training.checksum)
    network = nil
  }

  /// The examples as the inputs of a layer of 64 outputs whose weights are drawn as a network's first
  /// ones are: normal with the deviation √(2 / inputs).
  private static func examples(
    of dataset: any Dataset, count: Int, seed: UInt64
  ) throws -> LayerSurvey.Layer {
    let input = dataset.batch(Array(0..<min(count, dataset.count))).input
    guard input.count > 0 else { throw Failure(.data, "\(dataset.name) has no examples") }
    let size = input.shape.element.count
    let outputs = 64
    var random = RandomSource(seed: seed, stream: 99)
    let deviation = (2 / Double(size)).squareRoot()
    let weight = Tensor<Float>([size, outputs]) { span in
      for i in span.indices { span[i] = Float(deviation * random.normal()) }
    }
    // There is nothing to train: no gradients are used, and any stand for them.
    let gradients = Tensor<Float>([1, outputs], repeating: 0)
    return LayerSurvey.Layer(
      name: dataset.name, weight: weight,
      inputs: input.reshaped([input.shape[0], size]), gradients: gradients)
  }

  /// The CRC-32 of a file's bytes, in hexadecimal.
  static func checksum(ofFile path: String) throws -> String {
    let bytes = try readFile(at: path, byteLimit: 1 << 36)
    let digits = String(crc32(bytes.span), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// What a table's file says of where it comes from.
  func notes(
    of books: LayerCodebooks, _ operation: TableOperation, _ options: CodebookOptions
  ) -> JSONValue {
    var object = JSONObject()
    object["layer"] = .text(books.name)
    object["network"] = network.map { .text($0.name) } ?? .null
    object["networkChecksum"] = network.map { .text($0.checksum) } ?? .null
    object["dataset"] = .text(dataset.name)
    object["datasetChecksum"] = .text(dataset.checksum)
    object["inputSize"] = .integer(books.blocks.inputSize)
    object["outputSize"] = .integer(books.blocks.outputSize)
    object["vectors"] = .text("\(options.vectors)")
    object["matrices"] = .text("\(options.matrices)")
    object["gradients"] = .text("\(options.gradients)")
    object["results"] = .text("\(options.results)")
    object["vectorError"] = .number(books.vectors.relativeError)
    object["matrixError"] = .number(books.matrices.relativeError)
    object["deadVectorWords"] = .integer(books.vectors.deadWords)
    object["deadMatrixWords"] = .integer(books.matrices.deadWords)
    object["bitsPerWeight"] = .number(books.bitsPerWeight)
    object["outputError"] = .number(books.outputError)
    return .object(object)
  }
}
