internal import AddendKernels
public import AddendNetworks
public import AddendTensors
internal import Synchronization

/// A model's inference on batches of one size, ready to run: normalisations folded, sums and rectifiers
/// joined to the products before them, each product on the kernel that was fastest here, all results in
/// one block of memory that is planned ahead.
///
///     let executable = model.compiled(batch: 64)
///     let logits = try executable.run(images)
///
/// Results are the model's up to rounding: each `GraphPass` states by how much it may move them, and
/// kernels that compute sums of products in another form (Winograd's) state a bound of their own and are
/// left out when `isExact`. Recurrent layers start from zeros and take all steps of a sequence.
///
/// Where maps are frozen int8, products take and give bytes, and what lies between two of them
/// (shortcuts, max pooling) stays bytes (`GraphPass.keepBytes`); sums' other parts are then rounded
/// to bytes, where the model adds numbers. `Graph.run` of the simplified graph computes the same
/// bits.
///
/// Weights are packed when the executable is made. After that a run asks for no memory, with two
/// exceptions. Layers that stay whole (`Operation.layer`) run as they are: dense layers and convolutions
/// with approximate maps, recurrent layers with an approximate map or K-TanH's functions. And oneDNN asks
/// for some small pieces in each run of a convolution, for which its kernels are taken only where
/// they are twice as fast as all others.
///
/// One run at a time: others wait.
public final class Executable: Sendable {
  public let batch: Int
  public let input: Shape
  public let output: Shape
  private let plan: ExecutionPlan
  private let arena: Mutex<AlignedBuffer<Float>>

  init(_ graph: Graph<Float>, batch: Int, tuner: KernelTuner) {
    self.batch = batch
    input = graph.nodes[0].shape
    output = graph.nodes[graph.output].shape
    plan = ExecutionPlan(graph, batch: batch, tuner: tuner)
    arena = Mutex(AlignedBuffer(uninitializedCount: plan.arenaCount))
  }

  /// A linear operation and what it runs on.
  public struct Kernel: Hashable, Sendable {
    /// The layer.
    public let name: String
    /// What it computes: `64×14×14×1·256→256 3×3/1 …`.
    public let operation: String
    public let kernel: String
    /// The candidates' seconds for one run where they were measured now, by name; else empty.
    public let seconds: [String: Double]
  }

  /// The kernels of all linear operations in float32, in the order of execution.
  public var kernels: [Kernel] {
    zip(plan.steps, plan.choices).compactMap { step, choice in
      choice.map {
        Kernel(
          name: step.name, operation: $0.operation, kernel: $0.name,
          seconds: Dictionary(uniqueKeysWithValues: $0.seconds))
      }
    }
  }

  /// Bytes of memory for results, and what they would take if none were shared. Weights come on top.
  public var memory: (planned: Int, unshared: Int) {
    let size = MemoryLayout<Float>.size
    return (size * plan.arenaCount, size * plan.unsharedCount)
  }

  /// The outputs (logits) for a batch: `[batch] + input` to `[batch] + output`.
  /// - Throws: `NetworkError.pass` when `x` is not shaped so, or a layer refuses it.
  public func run(_ x: Tensor<Float>) throws(NetworkError) -> Tensor<Float> {
    guard x.shape == input.batched(batch) else {
      throw .pass(
        layer: "executable",
        .shapeMismatch(
          operation: "run", argument: "x", expected: "\(input.batched(batch))", found: x.shape))
    }
    var y = Tensor<Float>(output.batched(batch)) { _ in }
    var span = y.mutableSpan
    try run(x.span, into: &span)
    return y
  }

  /// `run` on memory of the caller's, without asking for any more but for the exceptions above.
  public func run(_ x: Span<Float>, into y: inout MutableSpan<Float>) throws(NetworkError) {
    precondition(
      x.count == batch * input.count && y.count == batch * output.count, "a batch's extents")
    try arena.withLock { (arena) throws(NetworkError) in
      for step in plan.steps {
        do throws(TensorError) {
          try step.run(arena, x, result: &y)
        } catch {
          throw .pass(layer: step.name, error)
        }
      }
      switch plan.output {
      case .input: ExecutionStep.copy(x, to: &y)
      case .arena(let range): ExecutionStep.copy(arena.span.extracting(range), to: &y)
      case .result: break
      }
    }
  }
}

extension Model where Scalar == Float {
  /// The model's inference on batches of `batch`, compiled for this machine.
  ///
  /// Where `choices` do not know the fastest kernel for an operation, the candidates are timed: some
  /// milliseconds for each operation.
  ///
  /// - Parameters:
  ///   - isExact: keeps to kernels that sum products as they stand.
  ///   - choices: what is known of kernels' speed, and what is learnt now.
  public func compiled(
    batch: Int, isExact: Bool = false, choices: KernelChoices = KernelChoices()
  ) -> Executable {
    precondition(batch > 0, "a batch has examples")
    var graph = Graph(self)
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    return Executable(
      graph, batch: batch, tuner: KernelTuner(choices: choices, isExact: isExact))
  }
}
