import AddendCatalogue
import AddendNetworks
import AddendTensors
import Testing

@Test func networksRoundTripThroughJSON() throws {
  let network = Network("näme", input: [28, 28, 1]) {
    Flatten()
    Dense(300, map: Specification("float32"))
    LeakyReLU()
    Dense(10, bias: false)
  }
  #expect(try Network(json: JSONValue(parsing: network.json.text())) == network)
}

@Test func layersMayBeText() throws {
  let network = try Network(json: [
    "name": "n", "input": [4], "layers": ["dense:outputs=3", ["kind": "relu"]],
  ])
  #expect(try Model<Float>(network, seed: 1).output == [3])
}

@Test(
  arguments: [
    ([:], "a network has a 'name'"),
    (["name": "n", "input": 3], "the network's 'input' is not a list of axes' extents"),
    (["name": "n", "input": [0]], "the network's 'input' is not a list of axes' extents"),
    (
      ["name": "n", "input": [65_536, 65_536]],
      "the network's 'input' is not a list of axes' extents"
    ),
    (["name": "n", "input": [3]], "the network's 'layers' are not a list"),
    (
      ["name": "n", "input": [3], "layers": ["relu", 7]],
      "layer 2: expected an object with the name as its member 'kind', found a number"
    ),
  ] as [(JSONValue, String)])
func descriptionsOfNoNetworkAreRefused(_ json: JSONValue, _ message: String) {
  let error = #expect(throws: NetworkError.self) { try Network(json: json) }
  #expect(error?.description == message)
}
