internal import Addend
internal import ArgumentParser

/// What a network's numbers are, and what is rounded beside: a command line's `--precision`.
struct NumberSystem: Equatable {
  let scalar: any TensorScalar.Type
  let precision: Precision

  /// float32 numbers with `precision`.
  init(_ precision: Precision) {
    scalar = Float.self
    self.precision = precision
  }

  private init(_ scalar: any TensorScalar.Type) {
    self.scalar = scalar
    precision = .own
  }

  static func == (a: NumberSystem, b: NumberSystem) -> Bool {
    a.scalar == b.scalar && a.precision == b.precision
  }

  /// Reads the name of a precision, or of logarithms.
  static func parse(_ text: String) throws -> NumberSystem {
    if let scalar = LogNumberFormats.format(named: text) { return NumberSystem(scalar) }
    guard !text.hasPrefix("lns,") else {
      throw ValidationError("lns takes no roles: all numbers are logarithms, updates as well.")
    }
    guard text == "lns" || text.hasPrefix("lns:") else {
      return NumberSystem(try Precision.parse(text))
    }
    return NumberSystem(try logarithms(text))
  }

  /// `lns`, or `lns:` with some of `integer`, `fraction` and `step`.
  private static func logarithms(_ text: String) throws -> any TensorScalar.Type {
    var numbers = ["integer": 5, "fraction": 10, "step": 64]
    let parts =
      text == "lns"
      ? [] : text.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false)
    for part in parts {
      let words = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard words.count == 2, numbers[words[0]] != nil, let value = number(words[0], words[1])
      else {
        throw ValidationError(
          "'\(part)' is no part of a precision as in lns:integer=5,fraction=10,step=1/64.")
      }
      numbers[words[0]] = value
    }
    let (integer, fraction) = (numbers["integer"] ?? 5, numbers["fraction"] ?? 10)
    let steps = numbers["step"] ?? 64
    let name = "lns\(integer).\(fraction)" + (steps == 0 ? "" : "/\(steps)")
    guard let scalar = LogNumberFormats.format(named: name) else {
      let widths = LogNumberFormats.widths.map { "\($0).\($1)" }.joined(separator: ", ")
      throw ValidationError(
        "There are no logarithms of \(integer).\(fraction) bits with step \(steps == 0 ? "exact" : "1/\(steps)"); there are \(widths), each with step 1/2, 1/8, 1/64 or exact."
      )
    }
    return scalar
  }

  private static func number(_ name: String, _ text: String) -> Int? {
    guard name == "step" else { return Int(text) }
    if text == "exact" { return 0 }
    guard text.hasPrefix("1/"), let steps = Int(text.dropFirst(2)), steps > 0 else { return nil }
    return steps
  }
}

/// What the numbers of one network are.
struct NumberOptions: ParsableArguments {
  @Option(
    name: .customLong("precision"), help: ArgumentHelp(stringLiteral: NumberSystem.help),
    transform: NumberSystem.parse)
  var system = NumberSystem(.float32)
}

extension NumberSystem {
  static let help = """
    What products and updates are rounded to: \(Precision.choices), or roles as in \
    products=dfp16,accumulate=fp16:64>fp32,update=bf16+kahan,scale=dynamic (docs/number-systems.md); \
    or lns, as in lns:integer=5,fraction=10,step=1/64: all numbers are logarithms.
    """
}
