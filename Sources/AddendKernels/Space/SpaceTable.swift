/// A table of short integers: for each selector and component, one entry a word.
///
/// An entry stands for `entry · 2^exponent`: fixed-point numbers.
public struct SpaceTable: Sendable {
  public let selectors: Int
  public let components: Int
  public let words: Int
  /// Within ±100.
  public let exponent: Int

  /// `[selectors][components][words]`, and one entry more, which gathers of two entries read.
  let entries: AlignedBuffer<Int16>
  /// `[selectors][components][2][256]`: low bytes, high bytes; empty where no kernel wants them.
  let planes: AlignedBuffer<UInt8>

  /// Tabulates `values`, `[selectors][components][words]`, rounded to multiples of the least power of
  /// two that keeps them within 16 bits.
  public init(selectors: Int, components: Int, words: Int, values: Span<Double>) {
    precondition(1...256 ~= words && 1...256 ~= selectors, "selectors and words are bytes")
    precondition(
      components > 0 && values.count == selectors * components * words, "a table has entries")
    self.selectors = selectors
    self.components = components
    self.words = words
    var largest = 0.0
    for i in values.indices { largest = max(largest, values[i].magnitude) }
    exponent = Self.exponent(for: largest)
    let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    let entries = AlignedBuffer<Int16>(uninitializedCount: values.count + 1)
    var span = entries.uniqueSpan
    for i in values.indices {
      // Clamped for numbers that only a damaged file brings: NaN, infinity, beyond the steps.
      let entry = (values[i] * scale).rounded(.toNearestOrEven)
      span[i] = entry.isNaN ? 0 : Int16(min(max(entry, -32768), 32767))
    }
    span[values.count] = 0
    self.entries = entries
    planes =
      InstructionSet.best >= .avx512VBMI
      ? Self.planes(of: entries.span, words: words) : AlignedBuffer(uninitializedCount: 0)
  }

  /// Tabulates `value(selector, component, word)` in the same way.
  public init(
    selectors: Int, components: Int, words: Int, value: (Int, Int, Int) -> Double
  ) {
    var values: [Double] = []
    values.reserveCapacity(selectors * components * words)
    for s in 0..<selectors {
      for c in 0..<components { for w in 0..<words { values.append(value(s, c, w)) } }
    }
    self.init(selectors: selectors, components: components, words: words, values: values.span)
  }

  /// Of the least power of two whose multiples by 16-bit integers reach `largest`.
  private static func exponent(for largest: Double) -> Int {
    guard largest > 0, largest.isFinite else { return 0 }
    return min(max(Int((largest / 32767).exponent) + 1, -100), 100)
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

  /// The number that an entry stands for, times `2^shift`; exact.
  public func value(
    _ selector: Int, _ component: Int, _ word: Int, shiftedBy shift: Int = 0
  ) -> Double {
    let entry = Double(entries.span[(selector * components + component) * words + word])
    return Double(sign: .plus, exponent: exponent + shift, significand: entry)
  }

  /// Of the entries, two bytes each.
  public var byteCount: Int { 2 * selectors * components * words }
}
