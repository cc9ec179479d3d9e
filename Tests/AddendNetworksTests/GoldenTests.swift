import AddendArchives
import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Foundation
import Testing

/// One recorded case of `Golden/make_golden.py`.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  let name: String
  let json: JSONValue

  var testDescription: String { name }

  static func all(_ file: String) -> [GoldenCase] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(file)")
    guard let text = try? String(contentsOf: url, encoding: .utf8),
      let cases = try? JSONValue(parsing: text)["cases"]?.arrayValue
    else { return [] }
    return cases.map { GoldenCase(name: $0["name"]?.textValue ?? file, json: $0) }
  }

  func numbers(_ key: String) -> [Double]? { json[key]?.arrayValue?.compactMap(\.numberValue) }
  func integers(_ key: String) -> [Int]? { json[key]?.arrayValue?.compactMap(\.integerValue) }

  /// Lists of numbers by path.
  func table(_ key: String) -> [String: [Double]] {
    var table: [String: [Double]] = [:]
    for member in json[key]?.objectValue?.members ?? [] {
      table[member.key] = member.value.arrayValue?.compactMap(\.numberValue)
    }
    return table
  }
}

// Tolerance: both sides compute in double precision, and the files hold 13 digits.
private let tolerance = 1e-11

@Test func goldenFilesAreThere() {
  #expect(GoldenCase.all("layers.json").count == 24)
  #expect(GoldenCase.all("losses.json").count == 4)
}

/// Outputs, gradients and running statistics agree with PyTorch's.
@Test(arguments: GoldenCase.all("layers.json"))
func layerAgreesWithPyTorch(_ golden: GoldenCase) throws {
  let input = Shape(try #require(golden.integers("inputShape")))
  let layer = try Specification(json: try #require(golden.json["layer"]))
  var model = try Model<Double>(Network("golden", input: input, layers: [layer]), seed: 1)
  let given = golden.table("state")
  var loading = StateTour<Double> { path, tensor in
    guard let numbers = given[path], numbers.count == tensor.count else {
      Issue.record("\(path) of \(tensor.shape) has no golden value")
      return
    }
    tensor = Tensor(tensor.shape, numbers)
  }
  model.visit(&loading)
  #expect(Set(model.layers.state.keys) == Set(given.keys))

  let batch = try #require(golden.json["batch"]?.integerValue)
  let x = Tensor(input.batched(batch), try #require(golden.numbers("x")))
  var context = PassContext<Double>(lengths: golden.integers("lengths"))
  let inferred = Deviation(
    try model.forward(x, &context),
    from: try #require(golden.numbers("inference") ?? golden.numbers("y")))
  #expect(inferred.size < tolerance, "inference: \(inferred)")

  context = PassContext(lengths: golden.integers("lengths"))
  let y = try model.layers.trainingForward(x, &context)
  let forward = Deviation(y, from: try #require(golden.numbers("y")))
  #expect(forward.size < tolerance, "y: \(forward)")
  let dx = model.layers.backward(Tensor(y.shape, try #require(golden.numbers("dy"))))
  let backward = Deviation(dx, from: try #require(golden.numbers("dx")))
  #expect(backward.size < tolerance, "dx: \(backward)")

  let gradients = golden.table("gradients")
  #expect(model.layers.parameters.count == gradients.count)
  for (path, parameter) in model.layers.parameters {
    let expected = try #require(gradients[path], "\(path)")
    let deviation = Deviation(try #require(parameter.gradient), from: expected)
    #expect(deviation.size < tolerance, "gradient of \(path): \(deviation)")
  }
  for (path, expected) in golden.table("stateAfter") {
    let deviation = Deviation(try #require(model.layers.state[path]), from: expected)
    #expect(deviation.size < tolerance, "\(path): \(deviation)")
  }
}

@Test(arguments: GoldenCase.all("losses.json"))
func lossAgreesWithPyTorch(_ golden: GoldenCase) throws {
  let loss = try Losses.configuration(
    try Specification(json: try #require(golden.json["loss"])))
  let shape: Shape = [
    try #require(golden.json["rows"]?.integerValue),
    try #require(golden.json["columns"]?.integerValue),
  ]
  let targets: Targets =
    if let classes = golden.integers("classes") {
      .classes(classes.map(Int32.init))
    } else {
      .values(Tensor(shape, try #require(golden.numbers("values")).map(Float.init)))
    }
  let outputs = Tensor(shape, try #require(golden.numbers("outputs")))
  let (value, gradient) = try loss.valueAndGradient(outputs, targets)
  let expected = try #require(golden.json["value"]?.numberValue)
  #expect((value - expected).magnitude < tolerance * max(1, expected))
  let deviation = Deviation(gradient, from: try #require(golden.numbers("gradient")))
  #expect(deviation.size < tolerance, "\(deviation)")
}

private let checkpoint = "models/resnet20-12fca82f.safetensors"

/// The published ResNet-20 gives PyTorch's logits: names, layouts and shortcuts are right.
@Test(.enabled(if: TestData.has(checkpoint), "\(checkpoint) is not there"))
func publishedResNetGivesPyTorchsLogits() throws {
  let file = try SafetensorsFile(contentsOf: TestData.path(checkpoint))
  let zoo = ResNet(depth: 20)
  var model = try Model<Float>(zoo.network(input: [32, 32, 3], classes: 10), seed: 1)
  try #require(zoo.publishedWeights).load(into: &model) { try file.tensor($0) }
  let x = Tensor<Float>([2, 32, 32, 3]) {
    for i in $0.indices { $0[i] = Float(Double((7919 * i + 13) % 1009) / 252.25 - 2) }
  }
  let golden = try #require(GoldenCase.all("resnet20.json").first)
  let deviation = Deviation(try model.forward(x), from: try #require(golden.numbers("logits")))
  // Twenty layers of float32 on either side, and batch normalisation that scales errors up.
  #expect(deviation.size < 1e-4, "\(deviation)")
}
