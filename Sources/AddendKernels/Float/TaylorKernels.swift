internal import CAddendKernels

/// Softmax with the exponential's Taylor series, as one instruction set computes it; all sets give the
/// same bits, on any number of threads. The equations stand with `TensorScalar.taylorCrossEntropy`.
public struct TaylorKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = TaylorKernels(.best)

  private var kernels: addend_taylor_kernels {
    addend_taylor_select(instructionSet.isa)
  }

  private static func partRows(columns: Int) -> Int { max(1, 8192 / columns) }

  private static func require(_ order: Int) {
    precondition(
      2...Int(ADDEND_TAYLOR_ORDER) ~= order && order.isMultiple(of: 2),
      "an order is even, from 2 to 10")
  }

  // Safe: extents are checked before addresses are taken, parts lie inside them, C keeps no pointer.

  /// Each row of `logits` to its probabilities.
  public func softmax(
    _ logits: Span<Float>, columns: Int, order: Int, into y: inout MutableSpan<Float>
  ) {
    Self.require(order)
    precondition(
      columns > 0 && logits.count.isMultiple(of: columns) && y.count == logits.count,
      "taylorSoftmax: extents")
    let rows = logits.count / columns
    guard let z = unsafe logits.address, let y = unsafe y.address else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      let start = first * columns
      unsafe kernels.softmax(count, columns, UInt32(order), z + start, y + start)
    }
  }

  /// The sum over rows with a class of `−log` of its probability, and the gradient of `weight` times it.
  public func crossEntropy(
    _ logits: Span<Float>, columns: Int, order: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    Self.require(order)
    precondition(
      columns > 0 && logits.count == columns * classes.count && gradient.count == logits.count,
      "taylorCrossEntropy: one class a row")
    for i in classes.indices {
      precondition(classes[i] < columns, "taylorCrossEntropy: class \(classes[i]) of \(columns)")
    }
    let rows = classes.count
    guard let z = unsafe logits.address, let classes = unsafe classes.address,
      let dz = unsafe gradient.address
    else { return 0 }
    let kernels = kernels
    return FloatKernels.best.sum(ofPartsOf: rows, size: Self.partRows(columns: columns)) {
      first, count in
      unsafe kernels.cross_entropy(
        count, columns, UInt32(order), z + first * columns, classes + first, weight,
        dz + first * columns)
    }
  }
}
