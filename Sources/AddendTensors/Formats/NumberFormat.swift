/// A format that numbers are rounded to.
public enum NumberFormat: Hashable, Sendable, CustomStringConvertible {
  case float32
  case float(FloatFormat)
  case fixed(DynamicFixedPoint)
  case logarithmic(LogarithmicFormat)

  public static let bfloat16 = NumberFormat.float(.bfloat16)
  public static let float16 = NumberFormat.float(.float16)
  public static let e4m3 = NumberFormat.float(.e4m3)
  public static let e5m2 = NumberFormat.float(.e5m2)
  public static let dfp16 = NumberFormat.fixed(DynamicFixedPoint())

  /// The bits that a number takes; a shared exponent is not counted.
  public var bitCount: Int {
    switch self {
    case .float32: 32
    case .float(let format): format.bitCount
    case .fixed(let format): format.bits
    case .logarithmic(let format): 1 + format.integerBits + format.fractionBits
    }
  }

  /// `float32`, `bfloat16`, `dfp16`, `dfp16/64` (blocks of 64), `lns5.10`.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float(let format): format.name
    case .fixed(let format): "dfp\(format.bits)" + (format.blockLength.map { "/\($0)" } ?? "")
    case .logarithmic(let format): "lns\(format.integerBits).\(format.fractionBits)"
    }
  }

  /// Reads what `description` writes, and `fp32`, `bf16`, `fp16`.
  public init?(_ text: some StringProtocol) {
    switch text {
    case "float32", "fp32": self = .float32
    case "bfloat16", "bf16": self = .bfloat16
    case "float16", "fp16": self = .float16
    case "e4m3": self = .e4m3
    case "e5m2": self = .e5m2
    case _ where text.hasPrefix("dfp"):
      let parts = text.dropFirst(3).split(separator: "/", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == parts.count, 1...2 ~= numbers.count, 2...16 ~= numbers[0],
        numbers.count == 1 || 1...(1 << 30) ~= numbers[1]
      else { return nil }
      self = .fixed(
        DynamicFixedPoint(bits: numbers[0], blockLength: numbers.count == 2 ? numbers[1] : nil))
    case _ where text.hasPrefix("lns"):
      let parts = text.dropFirst(3).split(separator: ".", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == 2, parts.count == 2, 2...8 ~= numbers[0], 1...12 ~= numbers[1] else {
        return nil
      }
      self = .logarithmic(LogarithmicFormat(integerBits: numbers[0], fractionBits: numbers[1]))
    default: return nil
    }
  }

  /// What the names are, for messages.
  public static let names = """
    float32, bf16, fp16, e4m3, e5m2, dfpBITS[/BLOCK] of 2 to 16 bits, lnsINTEGER.FRACTION of 2 to 8 and 1 \
    to 12 bits
    """

  /// The format of `Scalar`'s own numbers.
  func isOwn<Scalar: TensorScalar>(of scalar: Scalar.Type) -> Bool {
    description == Scalar.formatName
  }
}
