internal import AddendKernels

/// How sums of products are kept: chunks in a narrow format, their sums in wider ones.
///
/// Each level adds up `length` terms, rounding after every addition, and hands its sum to the next as a
/// term; the last takes all there are. With chunks of `L` the error of a sum of `n` terms is of the order
/// of `L ε + (n / L) ε'` instead of `n ε` (Wang et al., 2018, "Training Deep Neural Networks with 8-bit
/// Floating Point Numbers", §3.2). A term is rounded to float32 before it is added.
public struct Accumulation: Hashable, Sendable, CustomStringConvertible {
  public struct Level: Hashable, Sendable {
    /// `nil` for float32.
    public let format: FloatFormat?
    /// The terms of a sum; the last level's does not matter and becomes 1.
    public let length: Int

    public init(_ format: FloatFormat?, length: Int = 64) {
      precondition(length > 0, "a sum has terms")
      self.format = format
      self.length = length
    }
  }

  /// None: sums are kept in `TensorScalar.Accumulator`, in whatever order is fastest.
  public let levels: [Level]

  public static let own = Accumulation(levels: [])

  /// - Precondition: no more than four levels, none of fewer bits than the one before.
  public init(levels: [Level]) {
    precondition(levels.count <= RoundingKernels.levelLimit, "levels are few")
    precondition(Self.ascends(levels), "sums go from narrow to wide formats")
    // The last level's length says nothing, so all are the same.
    self.levels =
      levels.dropLast() + levels.suffix(1).map { Level($0.format, length: 1) }
  }

  /// `e5m2:8>float16:64>float32`; the last level has no length.
  public var description: String {
    levels.enumerated().map { index, level in
      (level.format?.name ?? "float32") + (index + 1 < levels.count ? ":\(level.length)" : "")
    }.joined(separator: ">")
  }

  /// Reads what `description` writes, from narrow to wide; lengths are 64, and 8 in formats of 8
  /// bits, where none is given, and `fp8` is `e5m2`.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ">", omittingEmptySubsequences: false)
    guard parts.count <= RoundingKernels.levelLimit else { return nil }
    var levels: [Level] = []
    for part in parts {
      let words = part.split(separator: ":", omittingEmptySubsequences: false)
      guard let word = words.first, words.count <= 2,
        let named = word == "fp8" ? .e5m2 : NumberFormat(word)
      else { return nil }
      let format: FloatFormat?
      switch named {
      case .float32: format = nil
      case .float(let narrow): format = narrow
      case .fixed, .logarithmic: return nil
      }
      let standard = format.map { $0.bitCount <= 8 } ?? false ? 8 : 64
      guard let length = words.count == 2 ? Int(words[1]) : standard, 1...(1 << 30) ~= length else {
        return nil
      }
      levels.append(Level(format, length: length))
    }
    guard Self.ascends(levels) else { return nil }
    self.init(levels: levels)
  }

  private static func ascends(_ levels: [Level]) -> Bool {
    let bits = levels.map { $0.format?.bitCount ?? 32 }
    return zip(bits, bits.dropFirst()).allSatisfy { $0 <= $1 }
  }

  /// The same for the kernels of float32.
  var sumLevels: [SumLevel] {
    levels.map { level in
      SumLevel(level.format?.rounding ?? .float32, length: level.length)
    }
  }
}

extension FloatRounding {
  /// Rounds nothing.
  fileprivate static let float32 = FloatRounding(
    fractionBits: 23, leastExponent: -126, greatest: .greatestFiniteMagnitude, beyond: .infinity,
    infinity: .infinity)
}
