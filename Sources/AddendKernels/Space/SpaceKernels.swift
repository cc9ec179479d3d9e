internal import CAddendKernels

/// The kernels of space quantization as one instruction set computes them.
///
/// Every set gives the same bits, on any number of threads: each sum runs in the order of its terms.
public struct SpaceKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = SpaceKernels(.best)

  var functions: addend_space_kernels {
    addend_space_select(instructionSet.isa)
  }

  /// Rows that a thread works on at a time: about 100,000 look-ups, which take some 10 µs.
  static func partRows(workPerRow: Int) -> Int { max(1, 100_000 / max(1, workPerRow)) }
}

extension Span<UInt8> {
  /// Whether every element is less than `limit`.
  func areBelow(_ limit: Int) -> Bool {
    guard limit < 256 else { return true }
    var largest: UInt8 = 0
    for i in indices { largest = Swift.max(largest, self[i]) }
    return isEmpty || largest < limit
  }
}

extension Span<Int32> {
  /// Exponents as C takes them: none at all where there are no elements.
  @unsafe var addressIfAny: UnsafePointer<Int32>? { isEmpty ? nil : unsafe address }

  /// Whether all are within ±100, so that no sum of them leaves the range of float32's.
  var areModerate: Bool {
    var largest: UInt32 = 0
    for i in indices { largest = Swift.max(largest, self[i].magnitude) }
    return largest <= 100
  }
}
