internal import AddendTensors

/// Bars on a logarithmic scale as an SVG picture: one row a bar, longest names whole.
public struct BarChart: Sendable {
  /// One bar.
  public struct Bar: Sendable {
    public var label: String
    /// Above 0.
    public var value: Double
    /// Written at the bar's end: `24.1×`.
    public var text: String
    /// A bar that is drawn in the stronger of the two colours.
    public var isEmphasized: Bool

    public init(label: String, value: Double, text: String, isEmphasized: Bool = true) {
      self.label = label
      self.value = value
      self.text = text
      self.isEmphasized = isEmphasized
    }
  }

  public var title: String
  public var subtitle: String
  public var bars: [Bar]

  public init(title: String, subtitle: String, bars: [Bar]) {
    self.title = title
    self.subtitle = subtitle
    self.bars = bars
  }

  /// The picture, which needs nothing else.
  public var svg: String {
    let values = bars.map(\.value).filter { $0 > 0 && $0.isFinite }
    let low = 0.8 * min(1, values.min() ?? 1)
    let high = max(2 * low, values.max() ?? 1)
    let labelWidth = 8 * (bars.map { $0.label.count }.max() ?? 0) + 24
    let (plot, rowHeight, top) = (420, 26, 72)
    let width = labelWidth + plot + 110
    let height = top + rowHeight * bars.count + 36
    func x(_ value: Double) -> Double {
      let part = Math.log(max(value, low) / low) / Math.log(high / low)
      return Double(labelWidth) + Double(plot) * part
    }
    let ticks = Self.ticks(from: low, to: high).map { tick in
      """
      <line x1="\(rounded(x(tick)))" x2="\(rounded(x(tick)))" y1="\(top - 8)" \
      y2="\(height - 28)" stroke="#d7dbe2"/>
      <text x="\(rounded(x(tick)))" y="\(height - 12)" text-anchor="middle" \
      fill="#5b6472">\(Self.plain(tick))</text>
      """
    }
    let rows = bars.enumerated().map { index, bar in
      let y = top + rowHeight * index
      let end = rounded(x(bar.value))
      return """
        <text x="\(labelWidth - 10)" y="\(y + 15)" text-anchor="end">\(bar.label.escapedForHTML)</text>
        <rect x="\(labelWidth)" y="\(y + 3)" width="\(rounded(x(bar.value)) - Double(labelWidth))" \
        height="17" rx="2" fill="\(bar.isEmphasized ? "#2b6cb0" : "#a9b8cc")"/>
        <text x="\(end + 6)" y="\(y + 15)">\(bar.text.escapedForHTML)</text>
        """
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" font-family="system-ui, sans-serif" font-size="13" fill="#1c2430">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="16" y="28" font-size="17" font-weight="600">\(title.escapedForHTML)</text>
      <text x="16" y="48" fill="#5b6472">\(subtitle.escapedForHTML)</text>
      \(ticks.joined(separator: "\n"))
      \(rows.joined(separator: "\n"))
      </svg>

      """
  }

  /// 1, 2 and 5 times the powers of ten in between.
  private static func ticks(from low: Double, to high: Double) -> [Double] {
    (-9...15).flatMap { power -> [Double] in
      let unit = (0..<abs(power)).reduce(1.0) { value, _ in power < 0 ? value / 10 : value * 10 }
      return [unit, 2 * unit, 5 * unit]
    }.filter { low <= $0 && $0 <= high }
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() && value < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private func rounded(_ value: Double) -> Double { (10 * value).rounded() / 10 }
}
