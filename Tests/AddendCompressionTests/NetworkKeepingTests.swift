import AddendCatalogue
import AddendCompression
import AddendLinear
import AddendNetworks
import AddendTensors
import Testing

/// The layers named, at any depth, say which map they keep; those with a map of their own keep it.
@Test func keptLayersNameTheirMap() throws {
  let network = try Zoo.network(
    Specification(parsing: "resnet:depth=8"), input: [8, 8, 3], classes: 10)
  let exact = Specification("float32")
  let kept = try network.keeping(exact, in: ["first", "residual2", "last"])
  #expect(kept.layers.first == network.layers.first?.choosing(exact))
  #expect(kept.layers.last == network.layers.last?.choosing(exact))
  let model = try Model<Float>(kept, map: Specification("lookup"), seed: 1)
  #expect(model.network == kept)
  // One stage's products are exact, those of the other two are looked up.
  let all = try Model<Float>(network, map: Specification("lookup"), seed: 1)
  #expect(model.cost.lookups > 0 && model.cost.lookups < all.cost.lookups)
  #expect(try kept.keeping(Specification("space"), in: ["last"]) == kept)
  #expect(try network.keeping(exact, in: []) == network)
}

@Test func keepingAnUnknownLayerIsRefused() throws {
  let network = try Zoo.network(Specification("lenet-5"), input: [28, 28, 1], classes: 10)
  #expect(
    throws: CompressionError.unknownLayer(
      path: "dense9", known: ["convolution1", "convolution2", "dense1", "dense2"])
  ) { try network.keeping(Specification("float32"), in: ["dense9"]) }
}
