public import AddendTensors

/// What a computation does, by kind of operation.
///
/// A multiply-add is one multiplication and one addition; a division counts as a multiplication and
/// a subtraction as an addition. Counts are exact: tests compare them with what a counting number
/// format saw.
public struct OperationCount: Hashable, Sendable {
  public var multiplications: Int
  public var additions: Int
  /// Reads of a precomputed table, each a memory access whatever its width; not in `bytesRead`.
  public var lookups: Int
  public var comparisons: Int
  /// Bitwise operations and population counts, a machine word each.
  public var bitOperations: Int
  /// Bytes read in sequence: weights, codes, inputs.
  public var bytesRead: Int
  public var bytesWritten: Int

  public init(
    multiplications: Int = 0, additions: Int = 0, lookups: Int = 0, comparisons: Int = 0,
    bitOperations: Int = 0, bytesRead: Int = 0, bytesWritten: Int = 0
  ) {
    self.multiplications = multiplications
    self.additions = additions
    self.lookups = lookups
    self.comparisons = comparisons
    self.bitOperations = bitOperations
    self.bytesRead = bytesRead
    self.bytesWritten = bytesWritten
  }

  public static let zero = OperationCount()

  public static func + (a: Self, b: Self) -> Self {
    OperationCount(
      multiplications: a.multiplications + b.multiplications, additions: a.additions + b.additions,
      lookups: a.lookups + b.lookups, comparisons: a.comparisons + b.comparisons,
      bitOperations: a.bitOperations + b.bitOperations, bytesRead: a.bytesRead + b.bytesRead,
      bytesWritten: a.bytesWritten + b.bytesWritten)
  }

  public static func += (a: inout Self, b: Self) { a = a + b }

  /// The same operations on numbers of another format. Of logarithms, products are sums of
  /// integers; a sum is a comparison, the read of a table and two sums of integers. All sums count
  /// as long ones.
  public func counted<Scalar: TensorScalar>(in scalar: Scalar.Type) -> Self {
    guard Scalar.isLogarithmic else { return self }
    let sums = Scalar.additionsPerSum * additions
    var count = self
    count.multiplications = 0
    count.additions = multiplications + 2 * sums
    count.comparisons += sums
    count.lookups += sums
    return count
  }

  /// The cost of `times` such computations.
  public static func * (times: Int, a: Self) -> Self {
    OperationCount(
      multiplications: times * a.multiplications, additions: times * a.additions,
      lookups: times * a.lookups, comparisons: times * a.comparisons,
      bitOperations: times * a.bitOperations, bytesRead: times * a.bytesRead,
      bytesWritten: times * a.bytesWritten)
  }
}
