internal import CAddendKernels

/// An operation that oneDNN has compiled for a number of threads, with its operands in the layouts
/// that it chose: what it can do at best, for benchmarks to stand beside.
///
/// Moving operands in and out is not part of `run`.
@safe public final class RivalOperation {
  /// Which of oneDNN's algorithms for a convolution.
  public enum Algorithm: UInt32, CaseIterable, Sendable {
    /// What oneDNN thinks best.
    case automatic
    case direct
    case winograd
  }

  /// What a convolution or a recurrent layer computes.
  public enum ConvolutionPass: UInt32, CaseIterable, Sendable {
    case forward
    case inputGradient
    case filterGradient
  }

  /// The cell of a recurrent layer.
  public enum Cell: UInt32, CaseIterable, Sendable {
    /// Gates in the order i, f, candidate, o.
    case lstm
    /// Gates in the order update, reset, candidate; the reset gate comes after the product. The last
    /// of its four biases is the candidate's recurrent one.
    case gru
    /// One gate, tanh.
    case rnn

    /// Products for one unit.
    public var gateCount: Int { self == .lstm ? 4 : self == .gru ? 3 : 1 }
    /// Biases for one unit.
    public var biasCount: Int { self == .rnn ? 1 : 4 }
  }

  /// What a recurrent layer computes.
  public enum RecurrentPass: UInt32, CaseIterable, Sendable {
    case inference
    /// Forward, keeping what going back needs.
    case training
    case backward
  }

  // Invariant: the handle is used by whoever holds this object, which is not sendable.
  private let handle: OpaquePointer

  @unsafe private init?(_ handle: OpaquePointer?) {
    guard let handle = unsafe handle else { return nil }
    unsafe self.handle = handle
  }

  deinit { unsafe addend_rival_destroy(handle) }

  /// Operands: 0 the image, 1 the filter, 2 the result, laid out as for `Float.convolve`. `nil` where
  /// oneDNN is not there or has no such implementation, here and below.
  ///
  /// - Parameter keepsChannelsLast: images stay as they are; otherwise oneDNN chooses their layout.
  public static func convolution(
    _ pass: ConvolutionPass, _ algorithm: Algorithm, keepsChannelsLast: Bool, threads: Int,
    _ geometry: ConvolutionGeometry, outputs: Int
  ) -> RivalOperation? {
    precondition(threads > 0 && outputs > 0, "threads and outputs")
    var window = addend_window(geometry)
    return unsafe RivalOperation(
      addend_rival_convolution(
        addend_convolution_pass(pass.rawValue), addend_rival_algorithm(algorithm.rawValue),
        keepsChannelsLast, threads, geometry.batch, &window, outputs))
  }

  /// Operands: 0 `a` `[m, k]`, 1 `b` `[k, n]`, 2 `a b`, in float32 whatever it multiplies.
  ///
  /// - Parameter packsSecond: oneDNN chooses the layout of `b`.
  public static func product(
    m: Int, n: Int, k: Int, bfloat16: Bool, packsSecond: Bool, threads: Int
  ) -> RivalOperation? {
    precondition(threads > 0 && m > 0 && n > 0 && k > 0, "threads and extents")
    return unsafe RivalOperation(addend_rival_product(bfloat16, packsSecond, threads, m, n, k))
  }

  /// `product` of bytes and int8 numbers with sums in 32-bit integers: whole numbers within the
  /// formats are set and read without loss.
  public static func int8Product(
    m: Int, n: Int, k: Int, packsSecond: Bool, threads: Int
  ) -> RivalOperation? {
    precondition(threads > 0 && m > 0 && n > 0 && k > 0, "threads and extents")
    return unsafe RivalOperation(addend_rival_product_int8(packsSecond, threads, m, n, k))
  }

  /// A convolution as a network's inference has it: with a bias, what the result held added where `adds`,
  /// rectified where `rectifies`; in float32 on layouts of oneDNN's choice, or from bytes to bytes.
  /// Operands: 0 the image, 1 the filter, 2 the bias, 3 the result.
  public static func layer(
    int8: Bool, adds: Bool, rectifies: Bool, threads: Int, _ geometry: ConvolutionGeometry,
    outputs: Int
  ) -> RivalOperation? {
    precondition(threads > 0 && outputs > 0, "threads and outputs")
    var window = addend_window(geometry)
    return unsafe RivalOperation(
      addend_rival_layer(
        int8, adds, rectifies, threads, geometry.batch, &window, outputs))
  }

  /// One layer from zero states. Operands: 0 `x` `[steps, batch, inputs]`, 1 input weights
  /// `[inputs, gates, size]`, 2 recurrent weights `[size, gates, size]`, 3 biases `[gates, size]`,
  /// 4 `y` `[steps, batch, size]`; going back also 5 `dy`, 6 `dx`, and 7 to 9 the gradients of 1 to
  /// 3, to which each run adds.
  public static func recurrent(
    _ cell: Cell, _ pass: RecurrentPass, threads: Int, batch: Int, steps: Int, inputs: Int,
    size: Int
  ) -> RivalOperation? {
    precondition(
      threads > 0 && batch > 0 && steps > 0 && inputs > 0 && size > 0, "threads and extents")
    return unsafe RivalOperation(
      addend_rival_recurrent(
        addend_rival_cell(cell.rawValue), addend_rival_pass(pass.rawValue), threads, batch, steps,
        inputs, size))
  }

  /// Operands: 0 `x`, 1 `tanh x`, float32 outside whatever is inside.
  public static func tanh(count: Int, bfloat16: Bool, threads: Int) -> RivalOperation? {
    precondition(threads > 0 && count > 0, "threads and numbers")
    return unsafe RivalOperation(addend_rival_tanh(bfloat16, threads, count))
  }

  /// Numbers in an operand; 0 where there is none.
  public func count(of operand: Int) -> Int { unsafe addend_rival_count(handle, operand) }

  /// Lays `values` out as the operation wants its operand.
  public func set(_ operand: Int, _ values: Span<Float>) {
    precondition(values.count == count(of: operand) && values.count > 0, "an operand's extents")
    guard let address = unsafe values.address else { return }
    unsafe addend_rival_set(handle, operand, address)
  }

  public func set(_ operand: Int, _ values: [Float]) { set(operand, values.span) }

  /// An operand's numbers in the order in which they would be set.
  public func values(of operand: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count(of: operand))
    var span = values.mutableSpan
    guard let address = unsafe span.address else { return values }
    unsafe addend_rival_get(handle, operand, address)
    return values
  }

  /// Does what must come before the first run, once operands are set: for a pass back, the pass
  /// forward that it goes back through.
  public func settle() { unsafe addend_rival_settle(handle) }

  public func run() { unsafe addend_rival_run(handle) }

  /// What oneDNN calls its implementation: `brgconv:avx512_core`.
  public var implementation: String { unsafe String(cString: addend_rival_implementation(handle)) }

  /// Whether both are the same implementation on the same layouts.
  public func isSame(as other: RivalOperation) -> Bool {
    unsafe addend_rival_is_same(handle, other.handle)
  }
}

/// `tanh` of the C library's vector functions, on the current pool's threads; `false`, and `y` is as it
/// was, where there are none.
public func rivalTanh(_ x: Span<Float>, into y: inout MutableSpan<Float>) -> Bool {
  precondition(x.count == y.count, "rivalTanh: extents")
  guard let from = unsafe x.address, let to = unsafe y.address,
    unsafe addend_rival_vector_tanh(0, from, to)
  else { return false }
  let threads = ThreadPool.current.threadCount
  ThreadPool.forEachPart(of: x.count, size: (x.count / threads + 16) & ~15) { first, count in
    // Safe: parts lie inside both, which are as long as each other.
    _ = unsafe addend_rival_vector_tanh(count, from + first, to + first)
  }
  return true
}
