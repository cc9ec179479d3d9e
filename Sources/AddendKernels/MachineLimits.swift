internal import CAddendKernels

/// Loops that do nothing but one kind of operation, in registers: what one thread can do at most.
public enum MachineLimit: CaseIterable, Sendable {
  /// Fused float32 multiply-adds.
  case multiplyAdds
  /// Multiply-adds of bfloat16 into float32.
  case bfloat16MultiplyAdds
  /// Multiply-adds of bytes into 32-bit integers.
  case byteMultiplyAdds
  /// Look-ups of bytes in registers.
  case byteLookups
  /// Bits counted in 64-bit words.
  case countedBits

  /// Runs `rounds` of the loop and returns the number of operations done.
  public func run(rounds: Int, using set: InstructionSet = .best) -> Int {
    precondition(rounds >= 0 && InstructionSet.available.contains(set), "rounds on a set we have")
    let isa = set.isa
    switch self {
    case .multiplyAdds:
      var result: Float = 0
      return Int(unsafe addend_limit_multiply_adds(isa, rounds, &result))
    case .bfloat16MultiplyAdds:
      var result: Float = 0
      return Int(unsafe addend_limit_bfloat16_multiply_adds(isa, rounds, &result))
    case .byteMultiplyAdds:
      var result: Int32 = 0
      return Int(unsafe addend_limit_byte_multiply_adds(isa, rounds, &result))
    case .byteLookups:
      var result: UInt32 = 0
      return Int(unsafe addend_limit_byte_lookups(isa, rounds, &result))
    case .countedBits:
      var result: UInt64 = 0
      return Int(unsafe addend_limit_counted_bits(isa, rounds, &result))
    }
  }
}
