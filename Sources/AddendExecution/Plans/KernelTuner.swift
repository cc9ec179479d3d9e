internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// Finds the fastest kernel for a linear operation. One that allocates in every run has to be twice
/// as fast as the others.
struct KernelTuner {
  /// What the kernels are, by name, in the order in which they are tried.
  typealias Candidate = (name: String, make: () -> (any LinearKernel)?)

  let choices: KernelChoices
  /// Whether only kernels are asked that compute the sums of products as they stand.
  let isExact: Bool

  /// A kernel that was chosen, and what the candidates took, where they were measured now.
  struct Choice {
    var operation: String
    var name: String
    var kernel: any LinearKernel
    var seconds: [(name: String, seconds: Double)] = []
  }

  /// - Parameter rows: of a dense layer's input; a convolution's are in its geometry.
  func choose(_ linear: LinearOperation<Float>, batch: Int, rows: Int) -> Choice {
    let candidates = candidates(linear, batch: batch, rows: rows)
    let names = candidates.map(\.name)
    let key = Self.key(linear, batch: batch, rows: rows, isExact: isExact)
    if let name = choices.kernel(for: key, among: names),
      let kernel = candidates.first(where: { $0.name == name })?.make()
    {
      return Choice(operation: key, name: name, kernel: kernel)
    }
    let there = candidates.compactMap { candidate in
      candidate.make().map { (name: candidate.name, kernel: $0) }
    }
    precondition(!there.isEmpty, "some kernel takes every operation")
    guard there.count > 1 else {
      return Choice(operation: key, name: there[0].name, kernel: there[0].kernel)
    }
    let seconds = Self.measure(there.map(\.kernel), linear, batch: batch, rows: rows)
    let prices = zip(there, seconds).map { $1 * ($0.kernel.allocates ? 2 : 1) }
    let best = prices.indices.min { prices[$0] < prices[$1] } ?? 0
    choices.remember(there[best].name, for: key, among: names)
    return Choice(
      operation: key, name: there[best].name, kernel: there[best].kernel,
      seconds: zip(there, seconds).map { ($0.name, $1) })
  }

  private func candidates(
    _ linear: LinearOperation<Float>, batch: Int, rows: Int
  ) -> [Candidate] {
    guard let geometry = linear.geometry?.batched(batch) else {
      return products(linear, rows: rows)
    }
    guard linear.weights.count == 1 else {
      return [
        ("direct", { ImageKernel.direct(linear, geometry) }),
        ("groups", { GroupKernel(linear, geometry) }),
      ]
    }
    var candidates: [Candidate] = [("direct", { ImageKernel.direct(linear, geometry) })]
    if geometry.isPointwise {
      candidates += products(linear, rows: geometry.patchCount)
    } else {
      candidates.append(("patches", { PatchKernel(linear, geometry) }))
      if OneDNNConvolution.isLinked {
        candidates.append(("oneDNN", { LibraryKernel(linear, geometry) }))
      }
    }
    guard !isExact else { return candidates }
    return candidates + [
      ("winograd-2×2", { ImageKernel.winograd(linear, geometry, tile: .two) }),
      ("winograd-4×4", { ImageKernel.winograd(linear, geometry, tile: .four) }),
    ]
  }

  /// Rows times a matrix.
  private func products(_ linear: LinearOperation<Float>, rows: Int) -> [Candidate] {
    let own: Candidate = ("batch-reduce", { ProductKernel(linear, rows: rows) })
    guard LIBXSMMProduct.isAvailable else { return [own] }
    return [own, ("LIBXSMM", { LIBXSMMKernel(linear, rows: rows) })]
  }

  private static func key(
    _ linear: LinearOperation<Float>, batch: Int, rows: Int, isExact: Bool
  ) -> String {
    let tail = (linear.addsInput ? " +" : "") + (isExact ? " exact" : "")
    guard let g = linear.geometry else {
      return "\(rows)×\(linear.weights[0].shape[0])×\(linear.outputs)\(tail)"
    }
    let groups = linear.weights.count
    var text = "\(batch)×\(g.height)×\(g.width)×\(groups * g.channels)→\(linear.outputs)"
    text += " \(g.filterHeight)×\(g.filterWidth)"
    if g.stride > 1 { text += "/\(g.stride)" }
    if g.padding > 0 { text += " pad \(g.padding)" }
    if g.dilation > 1 { text += " dilation \(g.dilation)" }
    if groups > 1 { text += " groups \(groups)" }
    return text + tail
  }

  /// The least of several times for each, the candidates in turn, so that a machine that is disturbed
  /// for a while disturbs all of them.
  private static func measure(
    _ kernels: [any LinearKernel], _ linear: LinearOperation<Float>, batch: Int, rows: Int
  ) -> [Double] {
    let geometry = linear.geometry?.batched(batch)
    let inputs =
      geometry.map { $0.imageCount * linear.weights.count }
      ?? rows * linear.weights[0].shape[0]
    let outputs = (geometry?.patchCount ?? rows) * linear.outputs
    let x = Tensor<Float>([inputs], repeating: 0.5)
    let residual = linear.addsInput ? Tensor<Float>([outputs], repeating: 0.25) : nil
    var y = Tensor<Float>([outputs])
    var scratch = Tensor<Float>([kernels.map(\.scratchCount).max() ?? 0])
    let clock = ContinuousClock()
    var best = kernels.map { _ in Double.infinity }
    for round in 0..<7 {
      for (i, kernel) in kernels.enumerated() {
        var runs = 0
        let start = clock.now
        repeat {
          var result = y.mutableSpan
          var memory = scratch.mutableSpan
          kernel.run(x.span, adding: residual?.span, scratch: &memory, into: &result)
          runs += 1
        } while clock.now - start < .microseconds(500)
        // The first round warms caches.
        if round > 0 { best[i] = min(best[i], (clock.now - start) / .seconds(1) / Double(runs)) }
      }
    }
    return best
  }
}
