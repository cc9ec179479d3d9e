internal import CAddendKernels

/// What a processor offers to kernels, each case including those of its architecture before it.
public enum InstructionSet: Int, CaseIterable, Comparable, Sendable, CustomStringConvertible {
  /// What the compiler makes of the definitions for every processor of the architecture, with SSE2 on
  /// x86-64 and NEON on 64-bit Arm.
  case scalar
  /// Kernels written for the table look-ups that every 64-bit Arm processor has.
  case neon
  /// AVX2, fused multiply-add, half-precision conversion.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// And byte permutations (VBMI).
  case avx512VBMI
  /// And dot products of bytes (VNNI).
  case avx512VNNI
  /// And dot products of bfloat16.
  case avx512BF16

  /// The sets that this machine runs, narrowest first.
  public static let available = allCases.filter {
    addend_isa_is_available(addend_isa(UInt32($0.rawValue)))
  }

  /// The widest of them.
  public static let best = available.last ?? .scalar

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// `avx512-vbmi`.
  public var description: String {
    switch self {
    case .scalar: "scalar"
    case .neon: "neon"
    case .avx2: "avx2"
    case .avx512: "avx512"
    case .avx512VBMI: "avx512-vbmi"
    case .avx512VNNI: "avx512-vnni"
    case .avx512BF16: "avx512-bf16"
    }
  }
}

extension InstructionSet {
  /// - Precondition: this machine runs the set.
  var isa: addend_isa {
    precondition(Self.available.contains(self), "\(self) is not available here")
    return addend_isa(UInt32(rawValue))
  }
}
