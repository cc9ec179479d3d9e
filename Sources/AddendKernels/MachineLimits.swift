internal import CAddendKernels

/// Loops that do nothing but one kind of operation, in registers: what one thread can do at most.
public enum MachineLimit: CaseIterable, Sendable {
  /// Fused float32 multiply-adds.
  case multiplyAdds
  /// Look-ups of bytes in registers.
  case byteLookups

  /// Runs `rounds` of the loop and returns the number of operations done.
  public func run(rounds: Int, using set: InstructionSet = .best) -> Int {
    precondition(rounds >= 0 && InstructionSet.available.contains(set), "rounds on a set we have")
    let isa = addend_isa(UInt32(set.rawValue))
    switch self {
    case .multiplyAdds:
      var result: Float = 0
      return Int(unsafe addend_limit_multiply_adds(isa, rounds, &result))
    case .byteLookups:
      var result: UInt32 = 0
      return Int(unsafe addend_limit_byte_lookups(isa, rounds, &result))
    }
  }
}
