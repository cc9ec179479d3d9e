/// How a figure is written for people: three significant digits and a prefix.
public enum QuantityUnit: Sendable {
  /// 8123, 81.2 k, 1.23 M.
  case count
  /// 512 B, 1.50 KiB; a KiB is 1024 bytes.
  case bytes
  /// 350 ns, 1.20 µs, 3.40 ms, 5.60 s, 2 min 05 s, 3 h 07 min.
  case seconds
  /// Given in picojoules: 12.0 pJ, 3.40 nJ, 5.60 µJ.
  case picojoules
  /// A fraction of one, as a percentage with two decimals: 97.52 %.
  case fraction
  /// 3.21.
  case plain

  /// `value` in this unit; `–` for what is not finite.
  public func text(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if value < 0 { return "−" + text(-value) }
    switch self {
    case .count:
      return value < 9999.5
        ? decimal(value, digits: value.rounded() == value ? 0 : 2)
        : prefixed(value, 1000, ["", "k", "M", "G", "T", "P"])
    case .bytes:
      return value < 1024
        ? decimal(value, digits: 0) + " B"
        : prefixed(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"])
    case .seconds: return duration(value)
    case .picojoules: return prefixed(value, 1000, ["pJ", "nJ", "µJ", "mJ", "J", "kJ"])
    case .fraction: return decimal(value * 100, digits: 2) + " %"
    case .plain: return significant(value)
    }
  }

  private func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.9995: prefixed(seconds * 1e9, 1000, ["ns", "µs", "ms", "s"])
    case ..<119.5: significant(seconds) + " s"
    case ..<7170:
      paired(seconds.rounded(), by: 60, "min", "s")
    default: paired((seconds / 60).rounded(), by: 60, "h", "min")
    }
  }

  private func paired(_ value: Double, by size: Double, _ large: String, _ small: String) -> String
  {
    let count = (value / size).rounded(.down)
    let rest = decimal(value - count * size, digits: 0)
    return "\(decimal(count, digits: 0)) \(large) \(rest.count < 2 ? "0" : "")\(rest) \(small)"
  }

  private func prefixed(_ value: Double, _ step: Double, _ prefixes: [String]) -> String {
    var value = value
    var index = 0
    // 999.6 would be written 1000: the next prefix writes it 1.00.
    while value >= step - 0.5 && index < prefixes.count - 1 {
      value /= step
      index += 1
    }
    let text = significant(value)
    return prefixes[index].isEmpty ? text : "\(text) \(prefixes[index])"
  }
}

/// How many times `value` is of `reference`: `0.52×`, `0.0041×`, `12.3×`; `–` where that says nothing.
public func ratioText(_ value: Double, to reference: Double) -> String {
  if value == reference { return "1×" }
  let ratio = value / reference
  guard ratio.isFinite else { return "–" }
  guard ratio > 0 else { return "0×" }
  // Two significant digits below one: small ratios are the point.
  var digits = 2
  if ratio >= 10 { digits = ratio >= 100 ? 0 : 1 }
  var bound = 0.1
  while ratio < bound && digits < 8 {
    digits += 1
    bound /= 10
  }
  return decimal(ratio, digits: digits) + "×"
}

/// The difference of two fractions in percentage points: `−0.40 pp`.
public func pointsText(_ value: Double, from reference: Double) -> String {
  let points = ((value - reference) * 10_000).rounded() / 100
  guard points.isFinite else { return "–" }
  let sign = points == 0 ? "±" : points < 0 ? "−" : "+"
  return sign + decimal(points.magnitude, digits: 2) + " pp"
}

/// `value`, not negative, with three significant digits.
private func significant(_ value: Double) -> String {
  decimal(value, digits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
}

/// `value`, not negative, with `digits` decimals.
public func decimal(_ value: Double, digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  // Beyond 2⁵³ there are no decimals to round, and the plain form is exact.
  guard (value * scale).magnitude < 0x1p53 else { return "\(value)" }
  let scaled = String(Int((value * scale).rounded()))
  guard digits > 0 else { return scaled }
  let padded = String(repeating: "0", count: max(0, digits + 1 - scaled.count)) + scaled
  return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
}
