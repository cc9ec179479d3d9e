/// Which format each role of a number uses while a model is trained and run.
///
/// A model's tensors are all of one `TensorScalar`; where a role is said to be narrower, numbers are
/// rounded to that format and kept in the wider one, so that results are those of narrow hardware to
/// the bit and speed is not. Products of two bfloat16 numbers are exact in float32, hence the roles:
///
/// - operands of the three products, `y = x W`, `dx = dy Wᵀ` and `dW = xᵀ dy`: `activations` (`x`),
///   `weights` (`W`) and `gradients` (`dy`) are rounded before the product;
/// - accumulators: sums of products are kept in `TensorScalar.Accumulator`, here float32, whatever
///   the operands (Kalamkar et al., 2019, "A Study of BFLOAT16 for Deep Learning Training", §3);
/// - `updates`: what an optimizer's step leaves of a parameter.
///
/// Layers' other arithmetic (biases, normalisation, activation functions, losses) stays in the
/// tensors' own format. Rounding changes no operation count.
public struct Precision: Hashable, Sendable, CustomStringConvertible {
  /// How a parameter is kept after an optimizer's step.
  public enum Updates: Hashable, Sendable {
    /// In the tensors' own format: master weights.
    case own
    /// Rounded: a step below half of a weight's last place is lost, and with it, at small learning
    /// rates, all progress.
    case rounded(NumberFormat)
    /// Rounded, with what the rounding lost kept beside it in the same format and given to the next
    /// step (Kahan, 1965; for bfloat16 weights Zamirai et al., 2020, "Revisiting BFloat16 Training",
    /// algorithm 1).
    case compensated(NumberFormat)
  }

  /// In files, reports and on the command line.
  public let name: String
  /// The operands' formats; `nil` for the tensors' own.
  public let activations, weights, gradients: NumberFormat?
  public let updates: Updates

  private init(_ name: String, operands: NumberFormat? = nil, updates: Updates = .own) {
    self.name = name
    (activations, weights, gradients) = (operands, operands, operands)
    self.updates = updates
  }

  /// Nothing is rounded: every role has the tensors' own format.
  public static let own = Precision("own")
  /// Products of float32 numbers; no different from `own` in a model of `Float`.
  public static let float32 = Precision("float32", operands: .float32)
  /// Products of bfloat16 numbers, summed in float32, with float32 master weights.
  public static let bfloat16 = Precision("bfloat16", operands: .bfloat16)
  /// `bfloat16` without master weights: small steps vanish.
  public static let bfloat16Updates = Precision(
    "bfloat16-updates", operands: .bfloat16, updates: .rounded(.bfloat16))
  /// `bfloat16Updates` whose steps' lost parts are made up for.
  public static let bfloat16Compensated = Precision(
    "bfloat16-compensated", operands: .bfloat16, updates: .compensated(.bfloat16))

  /// All there are.
  public static let standard = [
    own, float32, bfloat16, bfloat16Updates, bfloat16Compensated,
  ]

  /// The precision called `name`, if there is one.
  public init?(named name: String) {
    guard let found = Self.standard.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// Whether operands in a tensor of `Scalar` are multiplied as they are.
  public func keeps<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool {
    [activations, weights, gradients].allSatisfy { $0 == nil || $0?.rawValue == Scalar.formatName }
  }

  public var description: String { name }
}

/// A format that numbers are rounded to.
public enum NumberFormat: String, Hashable, Sendable, CaseIterable {
  case float32, bfloat16
}
