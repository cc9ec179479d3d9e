public import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors
internal import Synchronization

/// A frozen binary network as a program on bits: pixels in, numbers out, and between layers one bit for
/// each sign.
///
/// Products are counts of differing bits. Batch normalisation and sign become one integer threshold for
/// each output, found with the layers' own arithmetic, so that a bit is what the model's sign is
/// for every integer that can occur; pooling, before normalisation or after, joins bits by "and" or
/// "or". Taps in the padding around an image count for nothing. What the program computes is what
/// the model computes, to the bit, as long as the model's sums are exact: below 2²⁴, which takes
/// fewer than 2²⁴ signs or 65,793 pixels a sum.
///
/// The network is a chain of dense layers and convolutions with binary weights, of which the first takes
/// pixels `p / maximum`; each may be followed by pooling and normalisations, and all but the last end in
/// signs. Whatever inference leaves out is left out: dropout, reshaping.
///
/// Memory is kept: after the first run of so many examples, a run asks for none. One run at a time:
/// others wait.
///
/// Courbariaux, Hubara, Soudry, El-Yaniv & Bengio, *Binarized Neural Networks* (2016, §1.5–1.6 and
/// algorithm 5).
public final class BinaryProgram: Sendable {
  /// Bytes in a row of the input.
  public let inputs: Int
  /// Numbers in a row of the result.
  public let outputs: Int
  /// The program's steps in order, for people: `dense 784 → 4096`.
  public let summary: [String]
  /// Products of one example.
  public let products: Int
  /// Bytes of weights that a run reads.
  public let byteCount: Int
  private let steps: [BinaryStep]
  private let workspace: Mutex<BinaryWorkspace>

  /// Examples that pass through all steps together.
  public static let tileRows = 256

  /// - Throws: `ProgramError`, which names the layer that does not fit.
  public init(
    _ model: Model<Float>, using set: InstructionSet = .best
  ) throws(ProgramError) {
    let plan = try BinaryPlan(model, set)
    inputs = model.network.input.count
    outputs = plan.outputs
    steps = plan.steps
    summary = plan.summary
    products = plan.products
    byteCount = plan.byteCount
    workspace = Mutex(BinaryWorkspace(plan.steps, examples: 1, outputs: plan.outputs))
  }

  /// Shapes: `x` `[rows, inputs]`, `y` `[rows, outputs]`.
  public func run(_ x: Span<UInt8>, into y: inout MutableSpan<Float>) {
    let rows = x.count / inputs
    precondition(
      x.count == rows * inputs && y.count == rows * outputs, "a program on bits: extents")
    guard rows > 0 else { return }
    workspace.withLock { workspace in
      let tile = min(rows, Self.tileRows)
      if workspace.examples < tile {
        workspace = BinaryWorkspace(steps, examples: tile, outputs: outputs)
      }
      for first in stride(from: 0, to: rows, by: tile) {
        let count = min(tile, rows - first)
        var part = y.part(first * outputs..<(first + count) * outputs)
        run(
          x.extracting(first * inputs..<(first + count) * inputs), count, workspace, into: &part)
      }
    }
  }

  private func run(
    _ x: Span<UInt8>, _ count: Int, _ workspace: BinaryWorkspace, into y: inout MutableSpan<Float>
  ) {
    var words = 0
    for (i, step) in steps.enumerated() {
      let (first, second) = workspace.words
      let (from, to) = i.isMultiple(of: 2) ? (first, second) : (second, first)
      let bits = from.span.extracting(first: words)
      if i + 1 == steps.count {
        step.run(x, bits, count, workspace, numbers: &y)
      } else {
        words = count * step.resultWords
        var all = to.uniqueSpan
        var result = all.part(first: words)
        step.run(x, bits, count, workspace.classes[i], workspace, into: &result)
      }
    }
  }

  /// The numbers `[rows, outputs]` of `pixels` `[rows, inputs]`.
  public func numbers(_ pixels: [UInt8]) -> [Float] {
    var numbers = [Float](repeating: 0, count: pixels.count / inputs * outputs)
    var span = numbers.mutableSpan
    run(pixels.span, into: &span)
    return numbers
  }

  /// The class of each row of `pixels` `[rows, inputs]`.
  public func classes(_ pixels: [UInt8]) -> [Int32] {
    let numbers = numbers(pixels)
    var classes = [Int32](repeating: 0, count: pixels.count / inputs)
    var span = classes.mutableSpan
    largestLogits(numbers.span, outputs: outputs, into: &span)
    return classes
  }
}
