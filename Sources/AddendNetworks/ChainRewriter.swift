internal import AddendCatalogue
public import AddendTensors

/// Changes a network's layers and, with them, the description that builds such a network again.
///
/// It walks over all chains that a description lists: the network itself, the bodies of composite
/// layers, the branches. What a layer builds on its own (a projected shortcut, a gate, the levels of
/// a recurrent layer) is no part of the walk.
public protocol ChainRewriter<Scalar> {
  associatedtype Scalar: TensorScalar
  /// Changes the nodes of one chain, the chains inside of which have been rewritten before. Nodes
  /// are numbered anew afterwards.
  mutating func rewrite(_ nodes: inout [Chain<Scalar>.Node])
  /// Opens and closes a level of names: `residual1` and `body` around the chain of a body.
  mutating func enter(_ name: String)
  mutating func leave()
}

extension ChainRewriter {
  public mutating func enter(_ name: String) {}
  public mutating func leave() {}
}

extension Chain {
  /// Lets `rewriter` change the chains inside, then this one.
  public mutating func rewrite(_ rewriter: inout some ChainRewriter<Scalar>) {
    for i in nodes.indices {
      guard var specification = nodes[i].specification else { continue }
      rewriter.enter(nodes[i].name)
      nodes[i].layer.rewriteChains(&rewriter, in: &specification)
      rewriter.leave()
      nodes[i].specification = specification
    }
    rewriter.rewrite(&nodes)
    // They were chosen for the layers that were here.
    cuts = Cuts()
    var seen: [String: Int] = [:]
    for i in nodes.indices {
      if let specification = nodes[i].specification {
        nodes[i].name = specification.layerName(&seen)
      }
    }
  }

  /// `rewrite` for a composite layer's chain called `name`, listed as `parameter` in what made it.
  mutating func rewrite(
    _ rewriter: inout some ChainRewriter<Scalar>, named name: String, as parameter: String,
    in specification: inout Specification
  ) {
    rewriter.enter(name)
    rewrite(&rewriter)
    rewriter.leave()
    specification.arguments[parameter] = .list(specifications)
  }
}

extension Specification {
  /// A layer's name in its chain: its kind and its number among that kind, counted in `seen`.
  func layerName(_ seen: inout [String: Int]) -> String {
    seen[name, default: 0] += 1
    return "\(name)\(seen[name, default: 0])"
  }
}
