internal import CAddendKernels

/// How transcendental functions are computed.
public enum FunctionApproximation: String, Hashable, Sendable, CaseIterable {
  /// As float32 has them.
  case exact
  /// By K-TanH, on arguments rounded to bfloat16: see `KTanHFunction` for the errors. Gradients are
  /// those of the exact functions' equations at the values that came out, `1 − y²` for the hyperbolic
  /// tangent.
  case kTanH = "k-tanh"

  var steps: addend_step_functions {
    switch self {
    case .exact: ADDEND_STEPS_EXACT
    case .kTanH: ADDEND_STEPS_KTANH
    }
  }
}
