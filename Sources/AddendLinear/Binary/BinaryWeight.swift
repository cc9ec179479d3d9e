public import AddendTensors

/// The weights of a map that knows only their signs, as bits, for programs that run on bits.
///
/// `y[o] = scales[o] · Σ_i sign(w[i, o]) · x[i]` with `sign(0) = +1`. Bit `i % 64` of
/// `words[o, i / 64]` is 1 where the sign is −1; bits past the last input are 0.
public struct BinaryWeight: Hashable, Sendable {
  /// What the map multiplies its weights by.
  public enum InputKind: Hashable, Sendable {
    /// Numbers that are +1 or −1 already, and 0 in the padding around an image; they are multiplied as
    /// they are.
    case signs
    /// `p / maximum`, brought to whole pixels `p` in 0…`maximum`; 0 in the padding around an image.
    case pixels(maximum: Int)
  }

  public let inputSize: Int
  public let outputSize: Int
  /// `[outputSize, wordsPerOutput]`.
  public let words: [UInt64]
  /// `[outputSize]`, positive: 1 but for maps that scale their outputs (Rastegari et al., *XNOR-Net*,
  /// ECCV 2016, §3.1).
  public let scales: [Float]
  public let inputKind: InputKind

  public var wordsPerOutput: Int { Self.wordCount(inputSize) }

  /// Words of `bits` bits.
  public static func wordCount(_ bits: Int) -> Int { (bits + 63) / 64 }

  /// - Parameters:
  ///   - words: `[outputSize, ⌈inputSize / 64⌉]`, with zeros past the last input.
  ///   - scales: `[outputSize]`, positive and finite; `nil` for 1.
  public init(
    words: [UInt64], inputSize: Int, outputSize: Int, scales: [Float]? = nil, inputKind: InputKind
  ) {
    precondition(inputSize > 0 && outputSize > 0, "binary weights have extents")
    let perOutput = Self.wordCount(inputSize)
    precondition(words.count == outputSize * perOutput, "a bit for each weight")
    let used = UInt64.max >> UInt64(64 * perOutput - inputSize)
    precondition(
      (0..<outputSize).allSatisfy { words[($0 + 1) * perOutput - 1] & ~used == 0 },
      "bits past the last input are 0")
    let scales = scales ?? Array(repeating: 1, count: outputSize)
    precondition(
      scales.count == outputSize && scales.allSatisfy { $0 > 0 && $0.isFinite },
      "a positive scale for each output")
    self.words = words
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.scales = scales
    self.inputKind = inputKind
  }

  /// The signs of `weight` `[inputSize, outputSize]`; what is not a number counts as negative.
  public init<Scalar: TensorScalar>(
    signsOf weight: Tensor<Scalar>, scales: [Float]? = nil, inputKind: InputKind
  ) {
    precondition(weight.shape.rank == 2, "weights are a matrix")
    let (inputs, outputs) = (weight.shape[0], weight.shape[1])
    let perOutput = Self.wordCount(inputs)
    var words = [UInt64](repeating: 0, count: outputs * perOutput)
    let numbers = weight.span
    for i in 0..<inputs {
      for o in 0..<outputs where !(numbers[i * outputs + o].double >= 0) {
        words[o * perOutput + i / 64] |= 1 << UInt64(i % 64)
      }
    }
    self.init(
      words: words, inputSize: inputs, outputSize: outputs, scales: scales, inputKind: inputKind)
  }

  /// Whether the weight from `input` to `output` is −1.
  public func isNegative(_ input: Int, to output: Int) -> Bool {
    words[output * wordsPerOutput + input / 64] >> UInt64(input % 64) & 1 == 1
  }
}
