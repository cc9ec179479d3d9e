import AddendCatalogue
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Foundation
import Testing

/// The two descriptions in `docs/networks.md` are one network.
@Test func documentedFileIsTheDocumentedNetwork() throws {
  let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../docs/networks.md")
  let text = try String(contentsOf: page, encoding: .utf8)
  let file = try #require(
    text.components(separatedBy: "```json\n").last?
      .components(separatedBy: "```").first)
  let read = try Network(json: JSONValue(parsing: file))
  let written = Network("small", input: [28, 28, 1]) {
    Convolution(8, size: 3, padding: .same)
    ReLU()
    MaxPool(2)
    Residual {
      Convolution(8, size: 3, padding: .same)
      BatchNorm()
    }
    GlobalAveragePool()
    Dense(10)
  }
  let (ours, theirs) = (try Model<Float>(written, seed: 3), try Model<Float>(read, seed: 3))
  #expect(ours.layers.state == theirs.layers.state)
  #expect(ours.cost == theirs.cost)
  for name in Layers.catalogue.names { #expect(text.contains("`\(name)`"), "\(name)") }
}

/// A layer's specification, through JSON and the catalogue, is itself.
@Test(arguments: LayerCase.differentiable + [LayerCase(Embedding(3, vocabulary: 5), [4])])
func layerIsMadeFromItsFileAgain(_ layer: LayerCase) throws {
  let specification = layer.layer.specification
  let read = try Specification(json: JSONValue(parsing: specification.json.text()))
  #expect(try Layers.configuration(read).specification == specification)
}

private let refusals = [
  (
    #"{"kind": "residual", "body": [{"kind": "dense", "output": 3}]}"#,
    "residual1/body/dense1: dense has no parameter 'output'; it takes outputs, bias, map"
  ),
  (
    #"{"kind": "convolution", "outputs": 3, "size": 3, "padding": "some"}"#,
    "convolution1: convolution: padding is 'some', expected an integer from 0 to 32768, or same"
  ),
  (
    #"{"kind": "max-pool", "size": 2, "padding": 2}"#,
    "max-pool1: max-pool: padding is 2, expected less than the size, 2"
  ),
  (
    #"{"kind": "branch", "branches": []}"#,
    "branch1: branch: branches is an empty list, expected at least one layer"
  ),
]

@Test(arguments: refusals.indices)
func refusedFileNamesTheLayer(_ index: Int) throws {
  let (layer, sentence) = refusals[index]
  let network = try Network(
    json: JSONValue(parsing: #"{"name": "n", "input": [5], "layers": [\#(layer)]}"#))
  let error = #expect(throws: NetworkError.self) { try Model<Float>(network, seed: 1) }
  #expect(error?.description == sentence)
}
