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

  /// `lns`, or `lns:` with some of `integer`, `fraction`, `step` and `sum`.
  private static func logarithms(_ text: String) throws -> any TensorScalar.Type {
    var (integer, fraction): (Int?, Int?) = (nil, nil)
    var (steps, longSum) = (64, LogarithmicKernels.LongSum.blocks)
    let parts =
      text == "lns"
      ? [] : text.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false)
    for part in parts {
      let words = part.split(separator: "=", maxSplits: 1).map(String.init)
      let value = words.count == 2 ? words[1] : ""
      switch (words.first, Int(value), self.steps(value), longSums[value]) {
      case ("integer", let bits?, _, _): integer = bits
      case ("fraction", let bits?, _, _): fraction = bits
      case ("step", _, let count?, _): steps = count
      case ("sum", _, _, let sum?): longSum = sum
      default:
        throw ValidationError(
          "'\(part)' is no part of a precision as in lns:integer=6,fraction=9,step=1/64,sum=kahan."
        )
      }
    }
    let width = LogNumberFormats.width(integer: integer, fraction: fraction)
    let scalar = width.flatMap {
      LogNumberFormats.format(
        named: LogNumberFormats.name(
          integer: $0.integer, fraction: $0.fraction, steps: steps, longSum: longSum))
    }
    guard let scalar else {
      let widths = LogNumberFormats.widths.map { "\($0.integer).\($0.fraction)" }
      throw ValidationError(
        "There are no logarithms as in '\(text)'; there are those of "
          + widths.joined(separator: ", ")
          + " bits, each with step 1/2, 1/8, 1/64 or exact and sum blocks or kahan.")
    }
    return scalar
  }

  private static let longSums: [String: LogarithmicKernels.LongSum] = [
    "blocks": .blocks, "kahan": .kahan,
  ]

  /// Steps to a unit, 0 for `exact`.
  private static func steps(_ text: String) -> Int? {
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
    or lns, as in lns:integer=6,fraction=9,step=1/64,sum=kahan: all numbers are logarithms.
    """
}
