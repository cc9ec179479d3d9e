import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

private func count(_ text: String, _ input: Shape, _ classes: Int) throws -> Int {
  let network = try Zoo.network(Specification(parsing: text), input: input, classes: classes)
  return try Model<Float>(network, seed: 1).layers.parameters
    .reduce(0) { $0 + $1.parameter.value.count }
}

private let sizes: [(name: String, input: Shape, classes: Int, parameters: Int)] = [
  ("lenet-300-100", [28, 28, 1], 10, 266_610),
  ("lenet-5", [28, 28, 1], 10, 431_080),
  ("mlp:hidden=256,layers=2", [28, 28, 1], 10, 784 * 256 + 256 + 256 * 256 + 256 + 2570),
  ("mlp:hidden=100,layers=3", [8, 8, 1], 10, 64 * 100 + 100 + 2 * 10_100 + 1010),
  ("resnet", [32, 32, 3], 10, 269_722),
  ("resnet:depth=56", [32, 32, 3], 10, 853_018),
  ("resnet:depth=20,shortcut=B", [32, 32, 3], 10, 269_722 + 512 + 64 + 2048 + 128),
  // 8 · 2² inputs of the dense layer for images of 16² at an eighth of the width.
  (
    "vgg-7:width=8", [16, 16, 3], 10,
    9 * (3 * 8 + 8 * 8 + 8 * 16 + 16 * 16 + 16 * 32 + 32 * 32) + 2 * 2 * (8 + 16 + 32)
      + 128 * 64 + 2 * 64 + 650
  ),
  ("lstm-lm", [35], 10_000, 2_000_000 + 2 * (2 * 160_000 + 800) + 2_010_000),
]

/// The parameters that the papers state, or that follow from their layer sizes.
@Test(arguments: sizes.indices)
func parameterCountIsThePublishedOne(_ index: Int) throws {
  let size = sizes[index]
  #expect(try count(size.name, size.input, size.classes) == size.parameters, "\(size.name)")
}

/// Every network of the catalogue is built and run with other inputs than the usual ones.
@Test(arguments: Zoo.catalogue.names)
func networkRuns(_ name: String) throws {
  var specification = Specification(name)
  let isText = name == "lstm-lm"
  if name == "binary-mlp" { specification.arguments["hidden"] = .integer(8) }
  if name == "vgg-7" || name == "binary-vgg" { specification.arguments["width"] = .integer(4) }
  if isText { specification.arguments["dropout"] = .number(0.2) }
  let input: Shape = isText ? [5] : [20, 24, 2]
  let network = try Zoo.network(specification, input: input, classes: 7)
  let model = try Model<Float>(network, seed: 1)
  #expect(model.output == (isText ? [5, 7] : [7]))
  let y = try model.forward(Tensor(input.batched(2), repeating: 1))
  #expect(y.elements.allSatisfy { $0.isFinite })
  // The description is complete: what is read back is the same network.
  #expect(try Network(json: JSONValue(parsing: network.json.text())) == network)
}

@Test(arguments: Zoo.catalogue.names)
func zooEntryIsMadeFromItsSpecificationAgain(_ name: String) throws {
  let specification = try Zoo.catalogue.make(Specification(name)).specification
  #expect(try Zoo.catalogue.make(specification).specification == specification)
}

@Test func unfitInputsAreRefused() throws {
  #expect(throws: NetworkError.self) {
    try Zoo.network(Specification("resnet"), input: [784], classes: 10)
  }
  #expect(throws: NetworkError.self) {
    try Zoo.network(Specification("lstm-lm"), input: [28, 28, 1], classes: 10)
  }
  let error = #expect(throws: NetworkError.self) {
    try Zoo.network(Specification(parsing: "resnet:depth=21"), input: [32, 32, 3], classes: 10)
  }
  #expect(
    error?.description
      == "network: resnet: depth is 21, expected 6 n + 2: 8, 14, 20, 32, 44, 56, 110")
}

/// A weight file that lacks or misshapes a part is refused and changes nothing.
@Test func unfitWeightsAreRefused() throws {
  let zoo = ResNet(depth: 8)
  var model = try Model<Float>(zoo.network(input: [8, 8, 3], classes: 10), seed: 1)
  let before = model.layers.state
  #expect(throws: NetworkError.self) {
    try #require(zoo.publishedWeights).load(into: &model) { _ in Tensor<Float>([3]) }
  }
  let partial = ForeignWeights(["dense1/bias": .init("linear.bias")])
  let error = #expect(throws: NetworkError.self) {
    try partial.load(into: &model) { _ in Tensor<Float>([10]) }
  }
  #expect(error?.description == "nothing was given for 'convolution1/weight'")
  #expect(model.layers.state == before)
}

/// `[outputs, channels, height, width]` becomes `[height · width · channels, outputs]`.
@Test func filtersAreReordered() throws {
  let network = Network("one", input: [4, 5, 2]) {
    Convolution(3, size: 2, width: 3, bias: false)
  }
  var model = try Model<Float>(network, seed: 1)
  let weights = ForeignWeights([
    "convolution1/weight": .init("w", .outputsFirst(height: 2, width: 3))
  ])
  // The number at [k, c, r, s] spells its own place.
  let places = (0..<36).map { (i: Int) -> Float in
    Float(i / 12 * 1000 + i / 6 % 2 * 100 + i / 3 % 2 * 10 + i % 3)
  }
  let theirs = Tensor<Float>([3, 2, 2, 3], places)
  try weights.load(into: &model) { _ in theirs }
  let ours = try #require(model.layers.state["convolution1/weight"])
  for row in 0..<12 {
    for k in 0..<3 {
      let (r, s, c) = (row / 6, row / 2 % 3, row % 2)
      #expect(ours[row, k] == Float(k * 1000 + c * 100 + r * 10 + s))
    }
  }
}
