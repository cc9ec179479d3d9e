internal import CAddendKernels

/// Functions derived from K-TanH, `T`, in float32 arithmetic around it.
///
/// `T` (Kundu et al., *K-TanH: Efficient TanH for Deep Learning*, 2019) is a hyperbolic
/// tangent of bfloat16 numbers by table look-up, shift and addition of their bits: see
/// `addend_ktanh.h`. Arguments are rounded to bfloat16, ties to even. Each limit is on the error over
/// all finite bfloat16 numbers, rounded up, and tests hold it.
public enum KTanHFunction: Hashable, Sendable, CaseIterable {
  /// `T(x)`, within 8.93e-3 of `tanh x`.
  case tanh
  /// `1/2 + 1/2 T(x / 2)`, within 4.47e-3 of `1 / (1 + e^−x)`.
  case sigmoid
  /// `x (1/2 + 1/2 T(x / 2))`, within 8.00e-3 of `x / (1 + e^−x)`.
  case swish
  /// `x (1/2 + 1/2 T(√(2/π) (x + 0.044715 x³)))` (Hendrycks & Gimpel, 2016, §2), within 4.71e-3 of
  /// `x Φ(x)`.
  case gelu

  /// What the error stays below on all finite bfloat16 numbers, in absolute terms.
  public var errorLimit: Double {
    switch self {
    case .tanh: 8.93e-3
    case .sigmoid: 4.47e-3
    case .swish: 8.00e-3
    case .gelu: 4.71e-3
    }
  }

  /// `T` of the bfloat16 number with these bits: the definition.
  public static func tangent(bitPattern: UInt16) -> UInt16 { addend_ktanh(bitPattern) }
}
