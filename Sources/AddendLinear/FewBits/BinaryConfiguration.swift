public import AddendCatalogue
public import AddendTensors

/// `binary:input=given`: weights of one bit, on signs, pixels or real inputs.
public struct BinaryConfiguration: MapConfiguration, Hashable {
  /// What is made of the input.
  public enum Input: String, Hashable, Sendable, CaseIterable {
    /// Its sign is taken, with a gradient where it is at most 1 in magnitude. What comes should be
    /// centred: after a rectifier all signs are one.
    case sign
    /// It is made of signs already, by a `sign` layer; dropout's zeros and scaling may be among them in
    /// training.
    case given
    /// It is a pixel of 8 bits over 255: the first layer.
    case pixels
    /// It stays what it is: only the weights have one bit.
    case real
  }

  /// What the sums are multiplied by.
  public enum Scale: String, Hashable, Sendable, CaseIterable {
    /// Nothing: sums are integers, for batch normalisation to take.
    case none
    /// `1 / √inputSize`, which keeps signs' sums at deviation 1 where nothing is normalised.
    case size
  }

  /// What the latent weights' learning rate is multiplied by.
  public enum Rates: String, Hashable, Sendable, CaseIterable {
    /// `1 / √(1.5 / (fanIn + fanOut))`.
    case scaled
    case plain
  }

  public var input: Input
  public var scale: Scale
  public var rates: Rates
  public var gradients: GradientBits

  public init(
    input: Input = .sign, scale: Scale = .size, rates: Rates = .scaled,
    gradients: GradientBits = GradientBits()
  ) {
    self.input = input
    self.scale = scale
    self.rates = rates
    self.gradients = gradients
  }

  public static let declaration = Declaration(
    "binary", summary: "weights of one bit, trained through their signs",
    parameters: [
      .init(
        "input", .choice(Input.allCases.map(\.rawValue)), standard: .text(Input.sign.rawValue),
        help: "what is multiplied: its sign, signs as given, pixels of 8 bits, or the input itself"),
      .init(
        "scale", .choice(Scale.allCases.map(\.rawValue)), standard: .text(Scale.size.rawValue),
        help: "what sums are multiplied by: nothing, or 1 / √inputs"),
      .init(
        "rates", .choice(Rates.allCases.map(\.rawValue)), standard: .text(Rates.scaled.rawValue),
        help: "whether learning rates are multiplied by 1 / √(1.5 / (fan-in + fan-out))"),
    ] + GradientBits.parameters)

  public init(_ arguments: Arguments) throws(CatalogueError) {
    // The declaration admits no other texts.
    self.init(
      input: Input(rawValue: arguments.text("input")) ?? .sign,
      scale: Scale(rawValue: arguments.text("scale")) ?? .size,
      rates: Rates(rawValue: arguments.text("rates")) ?? .scaled,
      gradients: try GradientBits(arguments))
  }

  public var operandBits: OperandBits? {
    switch input {
    case .sign, .given: OperandBits(weights: 1, activations: 1)
    case .pixels: OperandBits(weights: 1, activations: 8)
    case .real: OperandBits(weights: 1, activations: 32)
    }
  }

  public var specification: Specification {
    Specification(
      "binary",
      [
        "input": .text(input.rawValue), "scale": .text(scale.rawValue),
        "rates": .text(rates.rawValue),
      ].merging(gradients.values) { $1 })
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    let unit =
      switch scale {
      case .none: 1.0
      case .size: Scalar(1 / Double(max(1, role.inputSize)).squareRoot()).double
      }
    let inputs: InputCoding =
      switch input {
      case .sign: .signs
      case .given: .given
      case .pixels: .pixels
      case .real: .real
      }
    let latent = Parameter(
      Self.latent(weight), role: .latent, bounds: -1...1,
      rateFactor: rates == .scaled ? Self.rateFactor(role) : 1)
    return Slot(
      FewBitMap(
        "binary", role, weights: .signs(unit: unit), inputs: inputs,
        gradients: gradients.coding(using: &random), latent: latent))
  }

  /// `weight` brought to the root mean square of numbers uniform on ±1, and cut to that range: a fresh
  /// weight, uniform itself, becomes uniform on ±1.
  static func latent<Scalar: TensorScalar>(_ weight: Tensor<Scalar>) -> Tensor<Scalar> {
    let meanSquare = Scalar.sumOfSquares(weight.span) / Double(max(1, weight.count))
    guard meanSquare > 0, meanSquare.isFinite else { return weight }
    var latent = weight.scaled(by: 1 / (3 * meanSquare).squareRoot())
    var span = latent.mutableSpan
    Scalar.clamp(&span, to: -1...1)
    return latent
  }

  /// Courbariaux et al.'s: the inverse of what Glorot & Bengio's (2010) law would draw weights from. A
  /// convolution's fans count the taps of its filter.
  static func rateFactor(_ role: MapRole) -> Double {
    let taps = role.isPatch ? role.inputSize / max(1, role.inputGrid?.last ?? role.inputSize) : 1
    let fans = role.inputSize + taps * role.outputSize
    return 1 / (1.5 / Double(max(1, fans))).squareRoot()
  }
}

/// How many bits gradients have before they are multiplied.
public struct GradientBits: Hashable, Sendable {
  /// How a gradient between two powers becomes one of them.
  public enum Rounding: String, Hashable, Sendable, CaseIterable {
    /// Drawn, so that it is their mean.
    case stochastic
    /// The nearer one's exponent.
    case nearest
  }

  /// 0 for all that they have.
  public var bits: Int
  public var rounding: Rounding

  public init(_ bits: Int = 0, rounding: Rounding = .stochastic) {
    precondition(bits == 0 || GradientCoding.bitRange ~= bits, "gradients of 2 to 8 bits")
    self.bits = bits
    self.rounding = rounding
  }

  static let parameters: [Declaration.Parameter] = [
    .init(
      "gradients", .integer(0...8), standard: .integer(0),
      help: "bits of gradients, a sign and an exponent, before products; 0 leaves them as they are"),
    .init(
      "gradient-rounding", .choice(Rounding.allCases.map(\.rawValue)),
      standard: .text(Rounding.stochastic.rawValue), help: "how they are brought to those bits"),
  ]

  init(_ arguments: Arguments) throws(CatalogueError) {
    let bits = arguments.integer("gradients")
    guard bits != 1 else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "gradients", expected: "0, or 2 to 8", found: "1")
    }
    self.init(
      bits, rounding: Rounding(rawValue: arguments.text("gradient-rounding")) ?? .stochastic)
  }

  var values: [String: ParameterValue] {
    ["gradients": .integer(bits), "gradient-rounding": .text(rounding.rawValue)]
  }

  func coding(using random: inout RandomSource) -> GradientCoding? {
    guard bits > 0 else { return nil }
    return GradientCoding(
      bits: bits, random: rounding == .stochastic ? RandomSource(seed: random.next()) : nil)
  }
}
