internal import AddendCatalogue
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

/// Which described layer a map belongs to, and which of them keep theirs.
struct MapOwners {
  private let paths: Set<String>
  private let kept: Set<String>

  init(_ paths: Set<String>, kept: Set<String> = []) {
    self.paths = paths
    self.kept = kept
  }

  /// The layers of `model` with maps, of which those that `names` name keep theirs: paths (`dense1`,
  /// or `residual2` for all inside), `first` and `last`.
  init<Scalar>(keeping names: [String], in model: Model<Scalar>) throws(CompressionError) {
    var copy = model
    var list = OwnerList<Scalar>()
    copy.rewrite(&list)
    var survey = MapSurvey<Scalar>(owners: MapOwners(list.paths))
    copy.visitMaps(&survey)
    let known = survey.found
    var kept: Set<String> = []
    for name in names {
      let matching =
        switch name {
        case "first": Array(known.prefix(1))
        case "last": Array(known.suffix(1))
        default: known.filter { $0 == name || $0.hasPrefix(name + "/") }
        }
      guard !matching.isEmpty else { throw .unknownLayer(path: name, known: known) }
      kept.formUnion(matching)
    }
    self.init(list.paths, kept: kept)
  }

  /// The innermost layer that a description lists around the map at `path`.
  func owner(of path: String) -> String? {
    var names = path.split(separator: "/")
    while !names.isEmpty {
      let candidate = names.joined(separator: "/")
      if paths.contains(candidate) { return candidate }
      names.removeLast()
    }
    return nil
  }

  func keeps(_ owner: String?) -> Bool { owner.map(kept.contains) ?? false }

  /// The same, but that layers of `model` whose maps `isKept` names keep theirs, too; `nil` where all do.
  func keeping<Scalar>(
    in model: Model<Scalar>, where isKept: (any MapConfiguration) -> Bool
  ) -> MapOwners? {
    var (copy, list) = (model, OwnerList<Scalar>())
    copy.rewrite(&list)
    let more = paths.filter { path in
      (try? Maps.configuration(list.maps[path] ?? model.map)).map(isKept) ?? false
    }
    let all = kept.union(more)
    var survey = MapSurvey<Scalar>(owners: self)
    copy.visitMaps(&survey)
    return survey.found.allSatisfy(all.contains) ? nil : MapOwners(paths, kept: all)
  }
}

/// Lists the layers that can choose a map of their own.
struct OwnerList<Scalar: TensorScalar>: ChainRewriter {
  private(set) var paths: Set<String> = []
  /// Those that have chosen.
  private(set) var maps: [String: Specification] = [:]
  private var path = StatePath()

  mutating func rewrite(_ nodes: inout [Chain<Scalar>.Node]) {
    for node in nodes {
      guard let layer = node.specification, Layers.choosesMap(layer.name) else { continue }
      paths.insert(path.appending(node.name))
      maps[path.appending(node.name)] = layer.ownMap
    }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// The owners of maps in the order of the network.
struct MapSurvey<Scalar: TensorScalar>: MapVisitor {
  let owners: MapOwners
  private(set) var found: [String] = []
  private var path = StatePath()

  init(owners: MapOwners) { self.owners = owners }

  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String) {
    guard let owner = owners.owner(of: path.appending(name)), found.last != owner else { return }
    found.append(owner)
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// Notes in the description who keeps which map.
struct MapDescription<Scalar: TensorScalar>: ChainRewriter {
  let kept: MapOwners
  /// The network's until now.
  let oldMap: Specification
  private var path = StatePath()

  init(kept: MapOwners, oldMap: Specification) {
    self.kept = kept
    self.oldMap = oldMap
  }

  mutating func rewrite(_ nodes: inout [Chain<Scalar>.Node]) {
    for i in nodes.indices {
      guard let specification = nodes[i].specification, Layers.choosesMap(specification.name) else {
        continue
      }
      let keeps = kept.keeps(path.appending(nodes[i].name))
      if !keeps {
        nodes[i].specification = specification.choosing(nil)
      } else if !specification.hasOwnMap {
        nodes[i].specification = specification.choosing(oldMap)
      }
    }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}
