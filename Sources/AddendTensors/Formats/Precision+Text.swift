// `mixed-bf16`, or
// `products=dfp16,gradients=e5m2,accumulate=fp16:64>fp32,update=bf16+kahan,scale=dynamic`.

extension Precision {
  /// The standard one's name, or its roles.
  public var description: String {
    if let standard = Self.standard.first(where: { $0.precision == self }) { return standard.name }
    var parts: [String] = []
    if let activations, let same = try? Precision(parsing: "products=\(activations)"),
      same.weights == weights, same.gradients == gradients
    {
      parts.append("products=\(activations)")
    } else {
      let roles = [("activations", activations), ("weights", weights), ("gradients", gradients)]
      for (name, format) in roles { if let format { parts.append("\(name)=\(format)") } }
    }
    if accumulation != .own { parts.append("accumulate=\(accumulation)") }
    switch updates {
    case .own: break
    case .rounded(let format): parts.append("update=\(format)")
    case .stochastic(let format): parts.append("update=\(format.name)~")
    case .compensated(let format): parts.append("update=\(format)+kahan")
    }
    switch lossScaling {
    case .none: break
    case .constant(let scale): parts.append("scale=\(scale)")
    case .dynamic: parts.append("scale=dynamic")
    }
    return parts.joined(separator: ",")
  }

  /// Reads what `description` writes. Of roles that are given twice the last holds, so that
  /// `products=e4m3,gradients=e5m2` composes.
  /// - Throws: `PrecisionError`, which says what was expected.
  public init(parsing text: String) throws(PrecisionError) {
    let name = Self.earlierNames[text] ?? text
    if let standard = Self.standard.first(where: { $0.name == name }) {
      self = standard.precision
      return
    }
    self = .own
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", maxSplits: 1)
      guard words.count == 2 else { throw .unknownName(text) }
      try set(String(words[0]), to: String(words[1]))
    }
  }

  private mutating func set(_ role: String, to text: String) throws(PrecisionError) {
    switch role {
    case "products":
      // Eight bits are of two kinds.
      if text == "fp8" {
        (activations, weights, gradients) = (.e4m3, .e4m3, .e5m2)
      } else {
        let format = try Self.format(text, role)
        (activations, weights, gradients) = (format, format, format)
        // As the precision of that name has it.
        if case .fixed(let integers) = format {
          let precision = Precision(integers)
          (weights, gradients) = (precision.weights, precision.gradients)
        }
      }
    case "activations": activations = text == "fp8" ? .e4m3 : try Self.format(text, role)
    case "weights": weights = text == "fp8" ? .e4m3 : try Self.format(text, role)
    case "gradients": gradients = text == "fp8" ? .e5m2 : try Self.format(text, role)
    case "accumulate":
      guard let levels = Accumulation(text) else {
        throw .invalidRole(
          role, expected: "up to four floats, from narrow to wide, as in fp16:64>fp32", found: text)
      }
      accumulation = levels
    case "update": updates = try Self.updates(text)
    case "scale":
      switch text {
      case "none": lossScaling = .none
      case "dynamic": lossScaling = .dynamic
      default:
        guard let scale = Double(text), LossScaling.range ~= scale else {
          throw .invalidRole(
            role, expected: "none, dynamic or a number from 2^-24 to 2^24", found: text)
        }
        lossScaling = .constant(scale)
      }
    default: throw .unknownRole(role)
    }
  }

  private static func updates(_ text: String) throws(PrecisionError) -> Updates {
    if text == "own" { return .own }
    if text.hasSuffix("~") {
      guard case .float(let format) = NumberFormat(text.dropLast()) else {
        throw .invalidRole(
          "update", expected: "a narrow float before '~', as in bf16~", found: text)
      }
      return .stochastic(format)
    }
    let isCompensated = text.hasSuffix("+kahan")
    let format = try format(isCompensated ? String(text.dropLast(6)) : text, "update")
    if format == .float32 && !isCompensated { return .own }
    return isCompensated ? .compensated(format) : .rounded(format)
  }

  private static func format(_ text: String, _ role: String) throws(PrecisionError) -> NumberFormat
  {
    guard let format = NumberFormat(text) else {
      let eightBits = role == "update" ? "" : "fp8, "
      throw .invalidRole(role, expected: "one of \(eightBits)\(NumberFormat.names)", found: text)
    }
    return format
  }

  /// What archives of the first versions say.
  private static let earlierNames = [
    "bfloat16": "mixed-bf16", "bfloat16-updates": "bf16-updates",
    "bfloat16-compensated": "bf16-compensated",
  ]
}

/// Why a text names no precision.
public enum PrecisionError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownName(String)
  case unknownRole(String)
  case invalidRole(String, expected: String, found: String)

  public var description: String {
    switch self {
    case .unknownName(let name):
      "no precision is called '\(name)'; there are "
        + Precision.standard.map(\.name).filter { $0 != "own" }.joined(separator: ", ")
        + ", and roles as in products=bf16,update=bf16+kahan"
    case .unknownRole(let role):
      "a precision has no role '\(role)'; there are products, activations, weights, gradients, "
        + "accumulate, update and scale"
    case .invalidRole(let role, let expected, let found):
      "a precision's '\(role)' is '\(found)', expected \(expected)"
    }
  }
}
