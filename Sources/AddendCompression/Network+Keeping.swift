public import AddendCatalogue
internal import AddendLinear
public import AddendNetworks
internal import AddendTensors

extension Network {
  /// This network with `map` in the layers that `names` name, whatever map the others are given.
  ///
  /// Names are those of `MapConversion.keep`: paths (`dense1`, or `residual2` for all inside), and
  /// `first` and `last` for the first and the last layer that has a map. A layer that names a map of
  /// its own keeps that one.
  ///
  ///     let network = try Zoo.network(Specification("lenet-5"), input: [28, 28, 1], classes: 10)
  ///       .keeping(Specification("float32"), in: ["first", "last"])
  ///     let model = try Model<Float>(network, map: Specification("lookup"), seed: 1)
  ///
  /// - Throws: `CompressionError.unknownLayer`; `CompressionError.network` when the network cannot be
  ///   built.
  public func keeping(
    _ map: Specification, in names: [String]
  ) throws(CompressionError) -> Network {
    guard !names.isEmpty else { return self }
    var model: Model<Float>
    do throws(NetworkError) {
      model = try Model<Float>(self, seed: 0)
    } catch {
      throw .network(error)
    }
    var choice = OwnMapChoice<Float>(owners: try MapOwners(keeping: names, in: model), map: map)
    model.rewrite(&choice)
    return model.network
  }
}

/// Gives layers a map of their own in their description.
private struct OwnMapChoice<Scalar: TensorScalar>: ChainRewriter {
  let owners: MapOwners
  let map: Specification
  private var path = StatePath()

  init(owners: MapOwners, map: Specification) {
    self.owners = owners
    self.map = map
  }

  mutating func rewrite(_ nodes: inout [Chain<Scalar>.Node]) {
    for i in nodes.indices {
      guard let specification = nodes[i].specification, !specification.hasOwnMap,
        owners.keeps(path.appending(nodes[i].name))
      else { continue }
      nodes[i].specification = specification.choosing(map)
    }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}
