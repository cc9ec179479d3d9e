/// Which format each role of a number uses while a model is trained and run.
///
/// A model's tensors are all of one `TensorScalar`; where a role is said to be narrower, numbers are
/// rounded to that format and kept in the wider one, so that results are those of narrow hardware to
/// the bit. The roles:
///
/// - operands of the three products, `y = x W`, `dx = dy Wᵀ` and `dW = xᵀ dy`: `activations` (`x`),
///   `weights` (`W`) and `gradients` (`dy`) are rounded before the product;
/// - accumulators: sums of products are kept in `TensorScalar.Accumulator`, whatever the operands
///   (Kalamkar et al., 2019, "A Study of BFLOAT16 for Deep Learning Training", §3), or as `accumulation`
///   says;
/// - `updates`: what an optimizer's step leaves of a parameter;
/// - `lossScaling`: what keeps small gradients within a narrow format's range.
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
    /// Rounded to a neighbour drawn at random, with the step as the mean (Gupta et al., 2015, "Deep
    /// Learning with Limited Numerical Precision", §3.1).
    case stochastic(FloatFormat)
    /// Rounded, with what the rounding lost kept beside it in the same format and given to the next
    /// step (Kahan, 1965; for bfloat16 weights Zamirai et al., 2020, "Revisiting BFloat16 Training",
    /// algorithm 1).
    case compensated(NumberFormat)
  }

  /// By what the loss's gradient is multiplied before it goes back through the network, and parameters'
  /// gradients divided after (Micikevicius et al., 2018, "Mixed Precision Training", §3.2).
  public enum LossScaling: Hashable, Sendable {
    case none
    case constant(Double)
    /// Halved when gradients are not finite (the step is then left out), doubled after 2000 steps without
    /// such.
    case dynamic

    /// What a scale may be.
    public static let range = 0x1p-24...0x1p24
  }

  /// The operands' formats; `nil` for the tensors' own.
  public var activations, weights, gradients: NumberFormat?
  public var accumulation: Accumulation
  public var updates: Updates
  public var lossScaling: LossScaling

  public init(
    products: NumberFormat? = nil, gradients: NumberFormat? = nil,
    accumulation: Accumulation = .own, updates: Updates = .own, lossScaling: LossScaling = .none
  ) {
    (activations, weights, self.gradients) = (products, products, gradients ?? products)
    self.accumulation = accumulation
    self.updates = updates
    self.lossScaling = lossScaling
  }

  /// Products of `format`'s integers, in 15 bits at most but for activations.
  public init(_ format: DynamicFixedPoint) {
    let narrower = DynamicFixedPoint(
      bits: min(15, format.bits), blockLength: format.blockLength)
    self.init(products: .fixed(narrower))
    activations = .fixed(format)
  }

  /// Nothing is rounded: every role has the tensors' own format.
  public static let own = Precision()
  /// Products of float32 numbers; no different from `own` in a model of `Float`.
  public static let float32 = Precision(products: .float32)
  /// Products of bfloat16 numbers, summed in float32, with float32 master weights.
  public static let bfloat16 = Precision(products: .bfloat16)
  /// `bfloat16` without master weights: small steps vanish.
  public static let bfloat16Updates = Precision(
    products: .bfloat16, updates: .rounded(.bfloat16))
  /// `bfloat16Updates` whose steps' lost parts are made up for.
  public static let bfloat16Compensated = Precision(
    products: .bfloat16, updates: .compensated(.bfloat16))
  /// Products of float16 numbers, summed in float32, with float32 master weights and a dynamic loss
  /// scale.
  public static let float16 = Precision(products: .float16, lossScaling: .dynamic)
  /// Operands of eight bits, E4M3 on the way and E5M2 on the way back (Sun et al., 2019, "Hybrid 8-bit
  /// Floating Point"), summed in chunks of 64 in float16 whose sums are float32 (Wang et al., 2018).
  public static let float8 = Precision(
    products: .e4m3, gradients: .e5m2,
    accumulation: Accumulation(levels: [.init(.float16), .init(nil)]), lossScaling: .dynamic)
  /// Products of 16-bit integers with an exponent for each tensor, summed in float32, with float32 master
  /// weights (Das et al., 2018): 16 bits of activations by 15 of weights and gradients, so that four
  /// products fit an integer of 32 bits whatever they are.
  public static let dfp16 = Precision(DynamicFixedPoint())
  /// Products of logarithms, which are sums, added up in float32.
  public static let logarithmicProducts = Precision(products: .logarithmic(LogarithmicFormat()))

  /// Those with a name of their own.
  public static let standard: [(name: String, precision: Precision)] = [
    ("own", own), ("float32", float32), ("mixed-bf16", bfloat16), ("mixed-fp16", float16),
    ("fp8", float8), ("dfp16", dfp16), ("lns-products", logarithmicProducts),
    ("bf16-updates", bfloat16Updates), ("bf16-compensated", bfloat16Compensated),
  ]

  /// How a product of these roles is computed.
  public func product(_ left: NumberFormat?, _ right: NumberFormat?) -> ProductFormat {
    ProductFormat(left: left, right: right, accumulation: accumulation)
  }

  /// Whether products in a tensor of `Scalar` are the scalar's own.
  public func keeps<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool {
    accumulation == .own
      && [activations, weights, gradients].allSatisfy { $0?.isOwn(of: scalar) ?? true }
  }
}

/// How a product rounds what it multiplies and adds up.
public struct ProductFormat: Hashable, Sendable {
  /// The operands' formats; `nil` for the tensors' own.
  public var left, right: NumberFormat?
  public var accumulation: Accumulation

  public init(left: NumberFormat?, right: NumberFormat?, accumulation: Accumulation = .own) {
    self.left = left
    self.right = right
    self.accumulation = accumulation
  }

  /// Nothing is rounded.
  public static let own = ProductFormat(left: nil, right: nil)
}
