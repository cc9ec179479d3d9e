internal import AddendTensors

/// Where a chain's training passes are cut: of all parts but the last, a pass keeps what the part began
/// with and forgets the rest; the way back runs the part again (Chen et al., 2016, "Training Deep Nets
/// with Sublinear Memory Cost", §3).
struct Cuts<Scalar: TensorScalar>: Sendable {
  /// What a part began with.
  struct Start: Sendable {
    let x: Tensor<Scalar>
    let context: PassContext<Scalar>
  }

  /// The first layer of every part but the first, in rising order.
  let positions: [Int]
  /// Of each pass under way, the starts of the parts that are run again.
  private var passes: [[Start]] = []

  init(_ positions: [Int] = []) { self.positions = positions }

  /// The part that `layer`, the last one of it, ends; `nil` for any other layer.
  func part(endingWith layer: Int) -> Int? { positions.firstIndex(of: layer + 1) }

  func layers(ofPart part: Int) -> Range<Int> {
    (part == 0 ? 0 : positions[part - 1])..<positions[part]
  }

  /// The layers that keep their residuals.
  func lastPart(of count: Int) -> Range<Int> { (positions.last ?? 0)..<count }

  mutating func keep(_ starts: [Start]) {
    if !positions.isEmpty { passes.append(starts) }
  }

  /// The starts of the pass that is gone back through now.
  mutating func takeStarts() -> [Start] {
    guard !positions.isEmpty else { return [] }
    guard let starts = passes.popLast() else {
      preconditionFailure("backward goes back through a trainingForward that came before it")
    }
    return starts
  }

  mutating func discardStarts() { passes.removeAll() }
}

extension Chain {
  /// The first pass through all parts but the last.
  mutating func runAndForget(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    var x = x
    var starts: [Cuts<Scalar>.Start] = []
    for part in cuts.positions.indices {
      starts.append(.init(x: x, context: context))
      for i in cuts.layers(ofPart: part) {
        // On a copy: what layers learn in a pass (running moments, say) they learn in the second.
        var layer = nodes[i].layer
        x = try layer.trainingForward(x, &context)
      }
    }
    cuts.keep(starts)
    return x
  }

  /// Where `layer` is the last of a part that was forgotten: runs it once more as it was run.
  mutating func runAgain(upTo layer: Int, _ starts: [Cuts<Scalar>.Start]) {
    guard let part = cuts.part(endingWith: layer) else { return }
    var (x, context) = (starts[part].x, starts[part].context)
    do throws(TensorError) {
      for i in cuts.layers(ofPart: part) {
        x = try nodes[i].layer.trainingForward(x, &context)
      }
    } catch {
      preconditionFailure("a pass that went well before does not fail: \(error)")
    }
  }
}
