public import AddendNetworks
internal import AddendTensors

/// Makes a graph cheaper to run without changing what it computes beyond `bound`.
public enum GraphPass: String, CaseIterable, Sendable {
  /// Normalisations of channels become part of the product before them (Jacob et al., 2018, §3.2).
  case foldScaling = "fold-scaling"
  /// Sums become part of one of the products that they add up.
  case joinSums = "join-sums"
  /// Rectifiers become part of the product or sum before them.
  case joinRectifiers = "join-rectifiers"
  /// Results that only products of bytes take stay bytes.
  case keepBytes = "keep-bytes"
  /// Nodes whose results nothing takes are left out.
  case removeUnused = "remove-unused"

  /// How far a pass may move a result.
  public enum Bound: Hashable, Sendable {
    /// The same additions in the same order: not a bit.
    case exact
    /// With `u` the format's rounding unit, by `2 u (Σ |x W′| + |b′|)` where it changes a product.
    case rounding
    /// Half a step of the bytes that a result becomes on its way to a sum (`keepBytes`), and float32's
    /// rounding where products of bytes turn into bytes without becoming numbers in between.
    case bytes
  }

  public var bound: Bound {
    switch self {
    case .foldScaling: .rounding
    case .joinSums, .joinRectifiers, .removeUnused: .exact
    case .keepBytes: .bytes
    }
  }

  /// The passes in the order in which executables are made.
  public static let standard: [GraphPass] = [
    .foldScaling, .joinSums, .joinRectifiers, .keepBytes, .removeUnused,
  ]

  /// Applies the pass.
  public func apply<Scalar>(to graph: inout Graph<Scalar>) {
    switch self {
    case .foldScaling: graph.foldScaling()
    case .joinSums: graph.joinSums()
    case .joinRectifiers: graph.joinRectifiers()
    case .keepBytes: graph.keepBytes()
    case .removeUnused: graph.removeUnused()
    }
  }
}

extension Graph {
  /// Everything that node `i`'s result goes to now comes from node `j`.
  mutating func redirect(_ i: Int, to j: Int) {
    for n in nodes.indices { nodes[n].inputs = nodes[n].inputs.map { $0 == i ? j : $0 } }
    if output == i { output = j }
  }

  mutating func removeUnused() {
    var isUsed = [Bool](repeating: false, count: nodes.count)
    isUsed[0] = true
    isUsed[output] = true
    for i in nodes.indices.reversed() where isUsed[i] {
      for input in nodes[i].inputs { isUsed[input] = true }
    }
    keep(isUsed)
  }

  /// The product that alone node `i` takes in place `input`, if nothing has been joined to it that
  /// would have to come after what is joined now.
  func ownProduct(of i: Int, input: Int = 0, uses: [Int]) -> (Int, LinearOperation<Scalar>)? {
    let source = nodes[i].inputs[input]
    guard uses[source] == 1, case .linear(let linear) = nodes[source].operation,
      !linear.rectifies
    else { return nil }
    return (source, linear)
  }
}
