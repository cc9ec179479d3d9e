internal import AddendKernels
internal import AddendTensors

/// How codes of few bits are spread.
public enum CodeScheme: String, Hashable, Sendable, CaseIterable {
  /// In equal steps: LinearQuant.
  case linear
  /// By powers of two, and zero: LogQuant.
  case log
}

/// The values that codes of some bits can take, in units that a range makes.
///
/// Of `k` bits, `scheme` linear: integers from `−2^(k−1)` to `2^(k−1) − 1`, the range `r` being `2^(k−1)`
/// units; without signs, where no number is negative, from 0 to `2^k − 1`, `r` being `2^k` units. Log:
/// zero and powers of two up to `r`, `2^(k−1) − 1` of them with both signs or `2^k − 1` without, 31 at
/// most. One bit with signs is `±1`, whose unit is the mean magnitude of normal numbers.
///
/// `r` is a multiple of the numbers' root mean square: the one that makes the error's square least for
/// normal numbers (found by search; for two linear bits, 0.149 of the variance).
struct CodeGrid: Hashable, Sendable {
  let bits: Int
  let scheme: CodeScheme
  let isSigned: Bool

  /// `r` for numbers of this root mean square; 1 where it is unknown.
  func range(rootMeanSquare: Double) -> Double {
    rootMeanSquare > 0 && rootMeanSquare.isFinite ? load * rootMeanSquare : 1
  }

  /// How numbers in a range become codes, and what a code of 1 stands for.
  func rule<Scalar: TensorScalar>(
    range: Double, for scalar: Scalar.Type
  ) -> (rule: Quantization, unit: Double) {
    let unit = Scalar(range / unitsInRange).double
    guard unit > 0 else { return (.grid(factor: 0, range: 0...0), 1) }
    guard !isSign else { return (.sign, unit) }
    return switch scheme {
    case .linear: (.grid(factor: 1 / unit, range: integers), unit)
    case .log: (.powers(factor: 1 / unit, count: powerCount), unit)
    }
  }

  private var isSign: Bool { bits == 1 && isSigned }

  private var integers: ClosedRange<Int> {
    isSigned ? -(1 << (bits - 1))...(1 << (bits - 1)) - 1 : 0...(1 << bits) - 1
  }

  /// Beside more powers than these the smallest vanish in float32's sums.
  private var powerCount: Int { min((1 << (isSigned ? bits - 1 : bits)) - 1, 31) }

  private var unitsInRange: Double {
    guard !isSign else { return 1 }
    return switch scheme {
    case .linear: Double(1 << (isSigned ? bits - 1 : bits))
    case .log: Double(1 << (powerCount - 1))
    }
  }

  private var load: Double {
    if isSign { return 0.797_884_560_802_865_4 }
    switch scheme {
    case .linear:
      let loads = isSigned ? Self.signedLoads : Self.unsignedLoads
      return loads[min(bits, 8) - (isSigned ? 2 : 1)]
    case .log: return powerCount == 1 ? 1.12 : powerCount <= 3 ? 1.98 : 4.2
    }
  }

  /// For two bits and more.
  private static let signedLoads = [2.1, 2.4, 2.7, 3.02, 3.34, 3.64, 3.94]
  /// For one bit and more.
  private static let unsignedLoads = [2.44, 2.6, 2.82, 3.1, 3.38, 3.66, 3.96, 4.24]
}

// Codes in files: integers from 0 up to 2^bits − 1.
extension CodeGrid {
  var width: IntegerState.Width {
    switch bits {
    case 1: .uint1
    case 2: .uint2
    case 3, 4: .uint4
    default: .uint8
    }
  }

  /// The integer that stands for a code; signs are 1 for −1.
  func integer(of code: Double) -> Int {
    if isSign { return code < 0 ? 1 : 0 }
    switch scheme {
    case .linear: return Int(code) - integers.lowerBound
    case .log:
      guard code != 0 else { return 0 }
      return Int(code.exponent) + 1 + (code < 0 ? 1 << (bits - 1) : 0)
    }
  }

  /// The code that an integer stands for; `nil` for one that no code has.
  func code(of integer: Int) -> Double? {
    guard 0..<1 << bits ~= integer else { return nil }
    if isSign { return integer == 1 ? -1 : 1 }
    switch scheme {
    case .linear: return Double(integer + integers.lowerBound)
    case .log:
      guard integer != 0 else { return 0 }
      let isNegative = isSigned && integer >= 1 << (bits - 1)
      let exponent = integer - (isNegative ? 1 << (bits - 1) : 0) - 1
      guard 0..<powerCount ~= exponent else { return nil }
      return Double(sign: isNegative ? .minus : .plus, exponent: exponent, significand: 1)
    }
  }
}
