internal import CAddendKernels

/// What arithmetic on logarithms of `fraction` bits after the point looks up: constants of the format,
/// computed once, when they are first wanted.
final class LogarithmicTables: Sendable {
  let fraction: Int
  /// `2³⁰ · 2^((i + ½) / 2^fraction)`: from where on the next logarithm is nearer.
  let halves: AlignedBuffer<UInt32>
  /// `2³⁰ log₂e · 2^(i / 2^fraction)`.
  let exponents: AlignedBuffer<UInt32>
  /// Those of the hyperbolic tangent and the error function, from the logarithm `firstOfFunctions` on.
  let tangents, errors: AlignedBuffer<Int16>
  let firstOfFunctions: Int
  /// Gaussian logarithms in the resolutions of `steps`.
  private let sums: [AlignedBuffer<Int32>]
  /// What registers hold of them, where they have steps.
  private let curves: [AlignedBuffer<UInt16>?]

  /// Steps to a unit that tables of sums have; 0 stands for every logarithm there is.
  static let steps = [0, 2, 8, 64]

  private init(fraction: Int) {
    self.fraction = fraction
    let count = 1 << fraction
    halves = AlignedBuffer(uninitializedCount: count)
    exponents = AlignedBuffer(uninitializedCount: count)
    // Below, both functions are straight lines to within half a last place; above 2³, both are 1.
    firstOfFunctions = -(fraction / 2 + 1) * count
    let functionCount = 3 * count - firstOfFunctions
    tangents = AlignedBuffer(uninitializedCount: functionCount)
    errors = AlignedBuffer(uninitializedCount: functionCount)
    sums = Self.steps.map { steps in
      let plan = unsafe addend_lns_table(integer: 2, fraction: fraction, steps: steps)
      return unsafe AlignedBuffer(uninitializedCount: 2 * (Int(plan.last) + 1))
    }
    curves = Self.steps.map { steps in
      var plan = unsafe addend_lns_table(integer: 2, fraction: fraction, steps: steps)
      guard unsafe addend_lns_has_curves(&plan) else { return nil }
      let curves = AlignedBuffer<UInt16>(uninitializedCount: 3 * 64)
      unsafe write(curves) { unsafe addend_lns_fill_curves(&plan, $0) }
      return curves
    }
    fill()
  }

  private func fill() {
    let bits = Int32(fraction)
    let (first, count) = (Int32(firstOfFunctions), tangents.count)
    unsafe write(halves) { unsafe addend_lns_fill_halves(bits, $0) }
    unsafe write(exponents) { unsafe addend_lns_fill_exponents(bits, $0) }
    unsafe write(tangents) { unsafe addend_lns_fill_tangents(bits, first, count, $0) }
    unsafe write(errors) { unsafe addend_lns_fill_errors(bits, first, count, $0) }
    for (steps, sums) in zip(Self.steps, sums) {
      unsafe write(sums) {
        var plan = unsafe addend_lns_table(integer: 2, fraction: fraction, steps: steps)
        unsafe addend_lns_fill_sums(&plan, $0)
      }
    }
  }

  func sums(steps: Int) -> (AlignedBuffer<Int32>, curves: AlignedBuffer<UInt16>?) {
    guard let index = Self.steps.firstIndex(of: steps) else {
      preconditionFailure("a table of sums has 2, 8 or 64 steps to a unit, or all")
    }
    return (sums[index], curves[index])
  }

  private static let of6 = LogarithmicTables(fraction: 6)
  private static let of7 = LogarithmicTables(fraction: 7)
  private static let of8 = LogarithmicTables(fraction: 8)
  private static let of9 = LogarithmicTables(fraction: 9)
  private static let of10 = LogarithmicTables(fraction: 10)
  private static let of11 = LogarithmicTables(fraction: 11)
  private static let of12 = LogarithmicTables(fraction: 12)

  /// The tables for `fraction` bits, 6 to 12.
  static func of(fraction: Int) -> LogarithmicTables {
    switch fraction {
    case 6: of6
    case 7: of7
    case 8: of8
    case 9: of9
    case 10: of10
    case 11: of11
    case 12: of12
    default: preconditionFailure("logarithms have 6 to 12 fraction bits")
    }
  }
}

/// Safe where `body` writes no more than `buffer` holds.
@unsafe func write<Element: BitwiseCopyable>(
  _ buffer: AlignedBuffer<Element>, _ body: (UnsafeMutablePointer<Element>) -> Void
) {
  var span = buffer.uniqueSpan
  if let address = unsafe span.address { unsafe body(address) }
}

extension addend_lns_table {
  init(integer: Int, fraction: Int, steps: Int) {
    unsafe self.init()
    unsafe addend_lns_plan(Int32(integer), Int32(fraction), Int32(steps), &self)
  }
}
