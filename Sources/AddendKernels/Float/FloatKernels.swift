internal import CAddendKernels

/// The float32 kernels as one instruction set computes them.
///
/// Every set gives the same bits, on any number of threads: reductions run in fixed lanes and over
/// parts whose size depends on the extents alone.
public struct FloatKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = FloatKernels(.best)

  /// Elements that a thread works on at a time: 64 KiB, so that what one step of a kernel leaves
  /// the next finds in the cache, and a hand-over costs little beside it.
  static let partSize = 1 << 14

  /// The table lives as long as the program.
  @unsafe var table: UnsafePointer<addend_f32_kernels> {
    unsafe addend_f32_select(instructionSet.isa)
  }
}
