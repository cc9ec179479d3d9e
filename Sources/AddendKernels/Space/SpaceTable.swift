/// A table of short integers: for each selector and component, one entry a word.
///
/// An entry stands for `entry · step`, `step` a power of two: fixed-point numbers.
public struct SpaceTable: Sendable {
  public let selectors: Int
  public let components: Int
  public let words: Int
  public let step: Float

  /// `[selectors][components][words]`, and one entry more, which gathers of two entries read.
  let entries: AlignedBuffer<Int16>
  /// `[selectors][components][2][256]`: low bytes, high bytes; empty where no kernel wants them.
  let planes: AlignedBuffer<UInt8>

  /// Tabulates `value(selector, component, word)`, rounded to multiples of the least power of two
  /// that keeps them within 16 bits.
  public init(
    selectors: Int, components: Int, words: Int, value: (Int, Int, Int) -> Double
  ) {
    precondition(1...256 ~= words && 1...256 ~= selectors, "selectors and words are bytes")
    precondition(components > 0, "a table has entries")
    self.selectors = selectors
    self.components = components
    self.words = words
    var values: [Double] = []
    values.reserveCapacity(selectors * components * words)
    for s in 0..<selectors {
      for c in 0..<components { for w in 0..<words { values.append(value(s, c, w)) } }
    }
    let step = Self.step(for: values.reduce(0) { max($0, $1.magnitude) })
    self.step = Float(step)
    let entries = AlignedBuffer<Int16>(uninitializedCount: values.count + 1)
    var span = entries.uniqueSpan
    for i in values.indices {
      // Clamped for numbers that only a damaged file brings: NaN, infinity, beyond the steps.
      let entry = (values[i] / step).rounded(.toNearestOrEven)
      span[i] = entry.isNaN ? 0 : Int16(min(max(entry, -32768), 32767))
    }
    span[values.count] = 0
    self.entries = entries
    planes =
      InstructionSet.best >= .avx512VBMI
      ? Self.planes(of: entries.span, words: words) : AlignedBuffer(uninitializedCount: 0)
  }

  /// The least power of two whose multiples by 16-bit integers reach `largest`.
  private static func step(for largest: Double) -> Double {
    guard largest > 0, largest.isFinite else { return 1 }
    let exponent = min(max((largest / 32767).exponent + 1, -100), 100)
    return Double(sign: .plus, exponent: exponent, significand: 1)
  }

  private static func planes(of entries: Span<Int16>, words: Int) -> AlignedBuffer<UInt8> {
    let lists = (entries.count - 1) / words
    let planes = AlignedBuffer<UInt8>(uninitializedCount: lists * 512)
    var span = planes.uniqueSpan
    span.update(repeating: 0)
    for list in 0..<lists {
      for w in 0..<words {
        let bits = UInt16(bitPattern: entries[list * words + w])
        span[list * 512 + w] = UInt8(truncatingIfNeeded: bits)
        span[list * 512 + 256 + w] = UInt8(truncatingIfNeeded: bits >> 8)
      }
    }
    return planes
  }

  /// The number that an entry stands for.
  public func value(_ selector: Int, _ component: Int, _ word: Int) -> Double {
    Double(entries.span[(selector * components + component) * words + word]) * Double(step)
  }

  /// Of the entries, two bytes each.
  public var byteCount: Int { 2 * selectors * components * words }
}
