internal import AddendNetworks
internal import AddendTensors

extension Graph {
  /// A sum of two whose one part is a product of its own: the product is computed in the sum's place
  /// and the other part added to it. `(x W + b) + r` is what both compute.
  mutating func joinSums() {
    for i in nodes.indices {
      guard case .sum(let rectifies) = nodes[i].operation, nodes[i].inputs.count == 2,
        nodes[i].inputs[0] != nodes[i].inputs[1]
      else { continue }
      let uses = useCounts
      for part in 0..<2 {
        guard case (let source, var linear)? = ownProduct(of: i, input: part, uses: uses),
          !linear.addsInput
        else { continue }
        linear.addsInput = true
        linear.rectifies = rectifies
        let other = nodes[i].inputs[1 - part]
        nodes[i].operation = .linear(linear)
        nodes[i].inputs = [nodes[source].inputs[0], other]
        nodes[i].name = nodes[source].name
        break
      }
    }
    removeUnused()
  }
}
