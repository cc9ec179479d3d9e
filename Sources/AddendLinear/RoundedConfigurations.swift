public import AddendCatalogue
public import AddendTensors

// Maps named after a number format: exact maps whose products are rounded, whatever the model's precision
// says of its other layers.

/// A map that is `ExactMap` under a precision of its own.
public protocol RoundedConfiguration: MapConfiguration {
  /// What the products of this map are rounded to; what it says of updates
  /// and of scaled losses holds for whole models only.
  var precision: Precision { get }
}

extension RoundedConfiguration {
  public var operandBits: OperandBits? {
    OperandBits(
      weights: precision.weights?.bitCount ?? 32, activations: precision.activations?.bitCount ?? 32
    )
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(ExactMap(weight: weight, precision: precision))
  }
}

/// `bf16`: products of bfloat16 numbers.
public struct BFloat16Configuration: RoundedConfiguration {
  public static let declaration = Declaration(
    "bf16", summary: "products of bfloat16 numbers, summed in float32")
  public init() {}
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("bf16") }
  public var precision: Precision { .bfloat16 }
}

/// `fp16`: products of IEEE half-precision numbers.
public struct Float16Configuration: RoundedConfiguration {
  public static let declaration = Declaration(
    "fp16", summary: "products of float16 numbers, summed in float32")
  public init() {}
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("fp16") }
  public var precision: Precision { .float16 }
}

/// `fp8`: products of eight-bit floating-point numbers with sums in levels.
public struct Float8Configuration: RoundedConfiguration {
  public var accumulation: Accumulation

  public init(accumulation: Accumulation = Precision.float8.accumulation) {
    self.accumulation = accumulation
  }
  public static let declaration = Declaration(
    "fp8", summary: "products of E4M3 numbers, and E5M2 gradients, summed in chunks",
    parameters: [
      .init(
        "accumulate", .text, standard: .text("\(Precision.float8.accumulation)"),
        help: "levels of sums as in fp16:64>fp32, or own")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    let text = arguments.text("accumulate")
    guard let accumulation = text == "own" ? .own : Accumulation(text) else {
      throw .invalidParameter(
        of: "fp8", parameter: "accumulate",
        expected: "own, or up to four floating-point formats as in fp16:64>fp32", found: "'\(text)'"
      )
    }
    self.accumulation = accumulation
  }
  public var specification: Specification {
    let text = accumulation == .own ? "own" : "\(accumulation)"
    return Specification("fp8", ["accumulate": .text(text)])
  }
  public var precision: Precision {
    Precision(products: .e4m3, gradients: .e5m2, accumulation: accumulation)
  }
}

/// `dfp16`: products of integers that share exponents.
public struct DynamicFixedPointConfiguration: RoundedConfiguration {
  public var format: DynamicFixedPoint

  public init(_ format: DynamicFixedPoint = DynamicFixedPoint()) { self.format = format }

  public static let declaration = Declaration(
    "dfp16", summary: "products of integers with shared exponents, summed in float32",
    parameters: [
      .init(
        "bits", .integer(2...16), standard: .integer(16),
        help: "bits of an integer, its sign included; 15 at most but for activations"),
      .init(
        "block", .integer(0...(1 << 30)), standard: .integer(0),
        help: "numbers that share an exponent; 0 for a tensor's"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    let block = arguments.integer("block")
    format = DynamicFixedPoint(
      bits: arguments.integer("bits"), blockLength: block == 0 ? nil : block)
  }
  public var specification: Specification {
    Specification(
      "dfp16", ["bits": .integer(format.bits), "block": .integer(format.blockLength ?? 0)])
  }
  public var precision: Precision { Precision(format) }
}

/// `lns`: products of logarithms.
public struct LogarithmicConfiguration: RoundedConfiguration {
  public var format: LogarithmicFormat

  public init(_ format: LogarithmicFormat = LogarithmicFormat()) { self.format = format }

  public static let declaration = Declaration(
    "lns", summary: "products as sums of rounded logarithms, added up in float32",
    parameters: [
      .init("integer", .integer(2...8), standard: .integer(6), help: "bits before the point"),
      .init("fraction", .integer(1...12), standard: .integer(9), help: "bits after the point"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    format = LogarithmicFormat(
      integerBits: arguments.integer("integer"), fractionBits: arguments.integer("fraction"))
  }
  public var specification: Specification {
    Specification(
      "lns", ["integer": .integer(format.integerBits), "fraction": .integer(format.fractionBits)])
  }
  public var precision: Precision { Precision(products: .logarithmic(format)) }
}
