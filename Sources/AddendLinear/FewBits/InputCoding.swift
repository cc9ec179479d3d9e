internal import AddendKernels
internal import AddendTensors

/// What is made of a map's input before it is multiplied.
enum InputCoding: Hashable, Sendable {
  /// Its sign.
  case signs
  /// It is −1 and 1 already; in training also zeros, and all of one size, as dropout leaves them.
  case given
  /// Pixels of 8 bits: `p / 255`, brought to that grid; in training as they come.
  case pixels
  /// Nothing.
  case real
  /// Codes in a grid whose range follows the inputs that training has seen.
  case codes(bits: Int, CodeScheme)
}

/// An input as it is multiplied.
struct InputCodes<Scalar: TensorScalar>: Sendable {
  let numbers: Tensor<Scalar>
  /// What a number of 1 stands for.
  var unit = 1.0
  /// Whether bfloat16 has all of the numbers.
  var isNarrow = true
}

/// Makes codes of inputs, and in training learns their range.
struct InputCoder<Scalar: TensorScalar>: Sendable {
  let coding: InputCoding
  /// A grid's: the running mean square, 0 before there is one, and whether negative numbers were seen (1
  /// or 0).
  var statistics: Tensor<Scalar>

  init(_ coding: InputCoding) {
    self.coding = coding
    statistics = Tensor([2])
  }

  var learns: Bool {
    if case .codes = coding { true } else { false }
  }

  /// What 1 stands for in inference, where no range decides.
  var inferenceUnit: Double { coding == .pixels ? 1.0 / 255 : 1 }

  /// As inference multiplies `x`.
  func codes(of x: Tensor<Scalar>) -> InputCodes<Scalar> {
    switch coding {
    case .signs, .given: return InputCodes(numbers: x.quantized(by: .sign))
    case .pixels:
      let pixels = x.quantized(by: .grid(factor: 255, range: 0...255))
      return InputCodes(numbers: pixels, unit: inferenceUnit)
    case .real: return InputCodes(numbers: x, isNarrow: false)
    case .codes(let bits, let scheme):
      let (rule, unit) = grid(bits, scheme).rule(range: range(bits, scheme), for: Scalar.self)
      return InputCodes(numbers: x.quantized(by: rule), unit: unit)
    }
  }

  /// As training multiplies `x`, from which a grid learns first.
  /// - Throws: `TensorError.invalidValue` for negative pixels.
  mutating func trainingCodes(
    of x: Tensor<Scalar>
  ) throws(TensorError) -> InputCodes<Scalar> {
    switch coding {
    case .signs, .real: return codes(of: x)
    case .given:
      let (lowest, highest) = Scalar.extremes(of: x.span)
      let size = max(-lowest, highest)
      guard size > 0, size.isFinite else { return InputCodes(numbers: x, isNarrow: false) }
      return InputCodes(
        numbers: x.quantized(by: .grid(factor: 1 / size, range: -1...1)), unit: size)
    case .pixels:
      let lowest = Scalar.extremes(of: x.span).lowest
      guard lowest >= 0 else {
        throw .invalidValue(
          operation: "map of few bits", argument: "a pixel",
          expected: "a number from 0 to 1 (the data set with mean=0,deviation=1)",
          found: "\(lowest)")
      }
      return InputCodes(numbers: x, isNarrow: false)
    case .codes:
      learn(from: x)
      return codes(of: x)
    }
  }

  /// Where a gradient passes; `nil` where it does everywhere.
  var window: ClosedRange<Double>? {
    switch coding {
    case .signs: return -1...1
    case .given, .pixels, .real: return nil
    case .codes(let bits, let scheme):
      let range = range(bits, scheme)
      return -range...range
    }
  }

  private func grid(_ bits: Int, _ scheme: CodeScheme) -> CodeGrid {
    CodeGrid(bits: bits, scheme: scheme, isSigned: statistics.span[1].double > 0)
  }

  private func range(_ bits: Int, _ scheme: CodeScheme) -> Double {
    grid(bits, scheme).range(rootMeanSquare: statistics.span[0].double.squareRoot())
  }

  /// The share of a batch in the running mean square.
  private static var momentum: Double { 0.1 }

  /// Rows of nothing but zeros, a recurrent layer's first, teach nothing.
  private mutating func learn(from x: Tensor<Scalar>) {
    let meanSquare = Scalar.sumOfSquares(x.span) / Double(max(1, x.count))
    guard meanSquare > 0, meanSquare.isFinite else { return }
    let old = statistics.span[0].double
    let new = old > 0 ? old + Self.momentum * (meanSquare - old) : meanSquare
    let isSigned = statistics.span[1].double > 0 || Scalar.extremes(of: x.span).lowest < 0
    statistics = Tensor([2], [Scalar(new), Scalar(isSigned ? 1 : 0)])
  }
}
