/// The scalar functions that layers put between products.
public enum ActivationFunction: Hashable, Sendable {
  /// `max(x, 0)`; slope 0 at 0.
  case relu
  /// `x` where positive, else `slope · x`.
  case leakyReLU(slope: Double)
  /// `1 / (1 + e^−x)`.
  case sigmoid
  case tanh
  /// `x Φ(x)`, with the exact normal distribution function.
  case gelu
  /// `x σ(x)` (Ramachandran et al., 2017), also called SiLU.
  case swish
  /// `x` cut to [−1, 1]; slope 0 outside.
  case hardTanh
  /// An approximation by K-TanH, whose slope is that which it states.
  case kTanH(KTanHFunction)

  /// What a slope is computed from: `y = f(x)` tells that of a function which is nowhere flat where
  /// it has a slope.
  public enum SlopeOperand: Hashable, Sendable {
    case input, output, both
  }

  public var slopeOperand: SlopeOperand {
    switch self {
    case .relu, .sigmoid, .tanh, .hardTanh, .kTanH(.tanh), .kTanH(.sigmoid): .output
    // Below zero a falling branch has positive results, too.
    case .leakyReLU(let slope): slope < 0 ? .input : .output
    case .gelu, .kTanH(.gelu): .input
    case .swish, .kTanH(.swish): .both
    }
  }
}
