internal import Addend
internal import ArgumentParser

/// `addend inspect`: a network layer by layer.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show a network's layers, shapes, parameters, operations and bytes.",
    discussion: """
      Of a trained network: addend inspect m.addend. Of one that is not trained yet: \
      addend inspect --model lenet-5 --dataset mnist --map lookup:block=8.
      """)

  @Argument(help: "The network's .addend file.")
  var file: String?

  @OptionGroup var network: NetworkOptions
  @OptionGroup var numbers: NumberOptions

  @Option(help: "The data set that gives input and classes.", transform: Specification.parse)
  var dataset: Specification?

  @Option(help: "The product in every layer.", transform: Specification.parse)
  var map = Specification("float32")

  @Flag(
    help: """
      Compile the network for this machine, and show which kernel was the fastest for each product \
      and how much memory results take.
      """)
  var kernels = false

  @Flag(
    help: "Run a training pass, and show what each layer leaves in memory for the way back.")
  var memory = false

  @Option(help: "The batch that --kernels and --memory are for.")
  var batch = 1

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard 1...65536 ~= batch else {
      throw ValidationError("--batch is \(batch), expected 1 to 65536.")
    }
    let isDescribed =
      dataset != nil || network.model != nil || network.network != nil
      || numbers.system != NumberSystem(.float32) || map != Specification("float32")
    if file != nil && isDescribed || file == nil && dataset == nil {
      throw ValidationError(
        "Give a file, which says itself what it holds, or --dataset with --model or --network.")
    }
  }

  func run() throws {
    try common.checkOutputs()
    let scalar =
      if let file { try Archive.scalar(ofNetworkAt: file) } else { numbers.system.scalar }
    try inspect(in: scalar)
  }

  private func inspect<Scalar: TensorScalar>(in scalar: Scalar.Type) throws {
    let archive = try inspected(in: scalar)
    let model = archive.model
    let size = archive.storedSize
    let frozen = model.frozen()
    var table = TextTable(columns: [
      .init("layer", alignment: .leading), .init("output", alignment: .leading),
      .init("parameters"), .init("multiplications"), .init("additions"), .init("look-ups"),
      .init("comparisons"), .init("size on disk"),
    ])
    var layers: [JSONValue] = []
    for row in try frozen.layers.costs(for: frozen.network.input) {
      let parameters = model.parameterCount(under: row.node.name)
      let cost = row.cost.counted(in: Scalar.self)
      let bytes = size.byteCount(under: row.node.name)
      table.append(
        [row.node.name, "\(row.output)"] + Self.cells(parameters, cost, bytes))
      layers.append(Self.json(row.node.name, row.output, parameters, cost, bytes))
    }
    table.append(
      ["in all", ""] + Self.cells(model.parameterCount, frozen.cost, size.byteCount))
    let result = NetworkResult(model: frozen, archive: archive, evaluation: nil)
    common.say(
      "\(result.network), \(result.arithmetic): \(model.network.input) to \(model.output)")
    common.say("\(table)")
    common.say("operations are per example; the size in all includes the file's headers")
    // Codebooks are float32's.
    let errors = (frozen as? Model<Float>).map { CodingErrors(of: $0).figures } ?? []
    if file != nil { sayErrors(errors) }
    var object = result.json.objectValue ?? JSONObject()
    object["layers"] = .array(layers)
    if kernels {
      guard let frozen = frozen as? Model<Float> else {
        throw Failure(.usage, "--kernels is for networks of float32, not of \(Scalar.formatName)")
      }
      let report = common.computing {
        KernelReport(of: frozen, batch: batch, isExact: common.exact, threads: common.threads)
      }
      common.say(report.text)
      object["kernels"] = report.json
    }
    if memory {
      let report = try common.computing { try MemoryReport(of: model, batch: batch) }
      common.say(report.text)
      object["memory"] = report.json
    }
    // A network that is not trained yet has not coded anything.
    if file != nil, !errors.isEmpty { object["codingErrors"] = .array(errors.map(\.json)) }
    try Envelope(command: "inspect", options: common, dataset: nil, results: [.object(object)])
      .write()
  }

  /// A table of what coding lost, where a map codes.
  private func sayErrors(_ figures: [CodingErrors.Figures]) {
    guard !figures.isEmpty else { return }
    var table = TextTable(columns: [
      .init("map", alignment: .leading), .init("inputs"), .init("weight"), .init("gradients"),
    ])
    for row in figures {
      table.append(
        [row.map] + [row.inputs, row.weight, row.gradients].map(QuantityUnit.fraction.text))
    }
    common.say("coding errors, squared, relative to what is coded")
    common.say("\(table)")
  }

  private func inspected<Scalar: TensorScalar>(
    in scalar: Scalar.Type
  ) throws -> ModelArchive<Scalar> {
    if let file { return try StoredNetwork<Scalar>(contentsOf: file).archive }
    guard let dataset else { throw Failure(.usage, "no data set is named") }
    let training = try Datasets.load(dataset, from: common.store).training
    let described = try network.network(for: training, standard: nil)
    return ModelArchive(
      try Model<Scalar>(
        described, map: map, precision: numbers.system.precision, seed: common.seed))
  }

  private static func cells(_ parameters: Int, _ cost: OperationCount, _ bytes: Int) -> [String] {
    [parameters, cost.multiplications, cost.additions, cost.lookups, cost.comparisons].map {
      $0 == 0 ? "–" : QuantityUnit.count.text(Double($0))
    } + [QuantityUnit.bytes.text(Double(bytes))]
  }

  private static func json(
    _ name: String, _ output: Shape, _ parameters: Int, _ cost: OperationCount, _ bytes: Int
  ) -> JSONValue {
    [
      "layer": .text(name), "output": .array(output.extents.map { .integer($0) }),
      "parameters": .integer(parameters), "multiplications": .integer(cost.multiplications),
      "additions": .integer(cost.additions), "lookups": .integer(cost.lookups),
      "comparisons": .integer(cost.comparisons), "bytesStored": .integer(bytes),
    ]
  }
}
