internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// A recurrent layer on a batch of sequences of fixed extents, its weights laid out as the kernels read
/// them.
struct RecurrentPass: Sendable {
  private let kernels: RecurrentKernels
  private let sequence: RecurrentSequence
  private let packed: PackedRecurrence
  /// Zeros.
  private let start: Tensor<Float>
  private let returnsLast: Bool
  /// Numbers of memory that a run needs for itself, and where in it each piece lies.
  let scratchCount: Int
  private let memory, gates, outputs: Range<Int>

  init(_ operation: RecurrentOperation<Float>, batch: Int, time: Int) {
    let weights = operation.weights
    kernels = .best
    sequence = RecurrentSequence(
      operation.unit, batch: batch, time: time, inputSize: operation.inputSize,
      size: operation.size, isReversed: operation.isReversed)
    packed = kernels.packed(sequence, weights.operands)
    start = Tensor([batch, sequence.stateSize])
    returnsLast = operation.returnsLast
    var end = 0
    func piece(_ count: Int) -> Range<Int> {
      let first = end
      end = ArenaPlan.aligned(first + count)
      return first..<first + count
    }
    memory = piece(kernels.memoryCount(sequence, keeps: false))
    gates = piece(kernels.gateCount(sequence, keeps: false))
    outputs = piece(returnsLast ? batch * time * operation.size : 0)
    scratchCount = end
  }

  /// All steps from zeros; the part of `arena` from `first` on is scratch memory.
  func run(
    _ x: Span<Float>, _ arena: AlignedBuffer<Float>, scratchAt first: Int,
    into y: inout MutableSpan<Float>
  ) {
    guard returnsLast else { return runSteps(x, arena, scratchAt: first, into: &y) }
    let (batch, time, size) = (sequence.batch, sequence.time, sequence.size)
    guard time > 0 else { return y.update(repeating: 0) }
    // The plan keeps scratch memory, operands and results apart.
    var whole = arena.uniqueSpan
    var all = whole._mutatingExtracting(first + outputs.lowerBound..<first + outputs.upperBound)
    runSteps(x, arena, scratchAt: first, into: &all)
    Float.copyBlocks(
      batch, length: size, from: all.span,
      .init(first: sequence.isReversed ? 0 : (time - 1) * size, step: time * size), to: &y,
      .init(step: size))
  }

  private func runSteps(
    _ x: Span<Float>, _ arena: AlignedBuffer<Float>, scratchAt first: Int,
    into y: inout MutableSpan<Float>
  ) {
    var firstWhole = arena.uniqueSpan
    var secondWhole = arena.uniqueSpan
    var memory = firstWhole._mutatingExtracting(
      first + memory.lowerBound..<first + memory.upperBound)
    var gates = secondWhole._mutatingExtracting(
      first + gates.lowerBound..<first + gates.upperBound)
    var end = MutableSpan<Float>()
    kernels.forward(
      sequence, keeps: false, x: x, start: start.span, packed: packed, memory: &memory,
      gates: &gates, output: &y, end: &end)
  }
}
