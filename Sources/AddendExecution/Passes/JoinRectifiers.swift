internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

extension Graph {
  /// `max(·, 0)` as the last step of the product or sum before it.
  mutating func joinRectifiers() {
    for i in nodes.indices {
      guard case .activation(.relu) = nodes[i].operation else { continue }
      let source = nodes[i].inputs[0]
      guard useCounts[source] == 1 else { continue }
      switch nodes[source].operation {
      case .linear(var linear):
        linear.rectifies = true
        nodes[source].operation = .linear(linear)
      case .sum: nodes[source].operation = .sum(rectifies: true)
      default: continue
      }
      redirect(i, to: source)
    }
    removeUnused()
  }
}
