internal import AddendTensors

/// By what the loss's gradient is multiplied before it goes back through the network: small
/// gradients then stay within a narrow format's range (Micikevicius et al., 2018, "Mixed Precision
/// Training", §3.2).
///
/// A dynamic scale starts at 2¹⁶; a step whose gradients are not all finite is left out and halves
/// it, 2000 steps in a row with finite ones double it, within 2⁻²⁴ to 2²⁴.
public struct LossScale: Hashable, Sendable {
  public internal(set) var value: Double
  /// Steps with finite gradients since the scale last changed.
  public internal(set) var finiteSteps = 0
  /// Steps left out.
  public internal(set) var skippedSteps = 0
  /// Whether a step was left out with the smallest scale.
  private(set) var isExhausted = false
  let isUsed, isDynamic: Bool

  init(_ scaling: Precision.LossScaling) {
    switch scaling {
    case .none: (value, isUsed, isDynamic) = (1, false, false)
    case .constant(let scale): (value, isUsed, isDynamic) = (scale, true, false)
    case .dynamic: (value, isUsed, isDynamic) = (65536, true, true)
    }
  }

  var isConstant: Bool { isUsed && !isDynamic }

  /// `gradient` times the scale.
  func scaled<Scalar>(_ gradient: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    guard isUsed else { return gradient }
    var span = gradient.mutableSpan
    Scalar.scale(&span, by: Scalar(constant: value))
    return gradient
  }

  /// Takes note of a step.
  mutating func record(areFinite: Bool) {
    guard isDynamic else { return }
    if areFinite {
      finiteSteps += 1
      guard finiteSteps == 2000 else { return }
      value = min(2 * value, Precision.LossScaling.range.upperBound)
    } else {
      skippedSteps += 1
      isExhausted = value == Precision.LossScaling.range.lowerBound
      value = max(value / 2, Precision.LossScaling.range.lowerBound)
    }
    finiteSteps = 0
  }
}
