internal import CAddendKernels

/// The training step of a perceptron on logarithms as the C library's logarithm and exponential do it: a
/// rival for benchmarks.
public final class NaiveLogarithmicStep {
  private let batch, inputs, hidden, outputs: Int
  private let numbers: AlignedBuffer<addend_lns_naive_number>
  private let classes: AlignedBuffer<Int32>
  private let rate: Float

  /// - Parameters:
  ///   - x: `[batch, inputs]`.
  ///   - first: `[inputs, hidden]`; biases start at zero.
  ///   - second: `[hidden, outputs]`.
  public init(
    x: [Float], classes: [Int32], first: [Float], second: [Float], inputs: Int, hidden: Int,
    outputs: Int, learningRate: Float
  ) {
    batch = classes.count
    precondition(
      x.count == batch * inputs && first.count == inputs * hidden
        && second.count == hidden * outputs, "the extents of a step")
    (self.inputs, self.hidden, self.outputs, rate) = (inputs, hidden, outputs, learningRate)
    let classBuffer = AlignedBuffer<Int32>(uninitializedCount: batch)
    var classSpan = classBuffer.uniqueSpan
    for i in classes.indices { classSpan[i] = classes[i] }
    self.classes = classBuffer
    let biases = [Float](repeating: 0, count: hidden + outputs)
    let work = [Float](
      repeating: 0,
      count: batch * (2 * hidden + outputs) + first.count + second.count
        + biases.count)
    let all = x + first + second + biases + work
    let buffer = AlignedBuffer<addend_lns_naive_number>(uninitializedCount: all.count)
    var span = buffer.uniqueSpan
    for i in all.indices { span[i] = addend_lns_naive_from(all[i]) }
    numbers = buffer
  }

  public func run() { unsafe withStep { unsafe addend_lns_naive_step($0) } }

  /// `[batch, outputs]`.
  public func logits() -> [Float] {
    unsafe withStep { step in
      unsafe addend_lns_naive_forward(step)
      return (0..<batch * outputs).map { unsafe addend_lns_naive_value(step.pointee.y[$0]) }
    }
  }

  /// Safe: the memory was laid out for it, and C keeps no pointer.
  @unsafe private func withStep<Result>(
    _ body: (UnsafePointer<addend_lns_naive>) -> Result
  ) -> Result {
    let (numbers, classes) = (numbers, classes)
    var span = numbers.uniqueSpan
    let classSpan = classes.span
    guard var place = unsafe span.address else { preconditionFailure("a step has numbers") }
    func next(_ count: Int) -> UnsafeMutablePointer<addend_lns_naive_number> {
      defer { unsafe place += count }
      return unsafe place
    }
    let (x, w1, w2) = unsafe (next(batch * inputs), next(inputs * hidden), next(hidden * outputs))
    let (b1, b2) = unsafe (next(hidden), next(outputs))
    let (h, dh, y) = unsafe (next(batch * hidden), next(batch * hidden), next(batch * outputs))
    let (g1, g2) = unsafe (next(inputs * hidden), next(hidden * outputs))
    let (c1, c2) = unsafe (next(hidden), next(outputs))
    var step = unsafe addend_lns_naive(
      batch: batch, inputs: inputs, hidden: hidden, outputs: outputs, x: x,
      classes: classSpan.address, w1: w1, b1: b1, w2: w2, b2: b2, h: h, dh: dh, y: y, g1: g1,
      g2: g2, c1: c1, c2: c2, rate: addend_lns_naive_from(rate))
    return unsafe body(&step)
  }
}
