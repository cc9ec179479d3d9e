internal import AddendTensors

/// A roofline (Williams, Waterman & Patterson, 2009) as an SVG picture: what kernels reach, against the
/// ceilings that the processor and its memories set. Both axes are logarithmic.
public struct RooflineChart: Sendable {
  /// A memory: nothing that moves its bytes through it is above this line.
  public struct Slope: Sendable {
    public var label: String
    public var bytesPerSecond: Double

    public init(_ label: String, bytesPerSecond: Double) {
      self.label = label
      self.bytesPerSecond = bytesPerSecond
    }
  }

  /// A measured kernel.
  public struct Point: Sendable {
    public var label: String
    /// What it is one of, which gives it its colour.
    public var series: String
    /// Operations for each byte.
    public var intensity: Double
    public var operationsPerSecond: Double

    public init(label: String, series: String, intensity: Double, operationsPerSecond: Double) {
      self.label = label
      self.series = series
      self.intensity = intensity
      self.operationsPerSecond = operationsPerSecond
    }
  }

  public var title: String
  public var subtitle: String
  /// What is counted: `multiply-adds`.
  public var operation: String
  /// Operations a second that nothing exceeds, and what of.
  public var peak: (label: String, perSecond: Double)
  /// Widest first.
  public var slopes: [Slope]
  public var points: [Point]

  public init(
    title: String, subtitle: String, operation: String, peak: (label: String, perSecond: Double),
    slopes: [Slope], points: [Point]
  ) {
    self.title = title
    self.subtitle = subtitle
    self.operation = operation
    self.peak = peak
    self.slopes = slopes
    self.points = points
  }

  /// The picture, which needs nothing else.
  public var svg: String {
    let frame = Frame(self)
    let placed = frame.places(of: points, series: series)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(frame.width) \(frame.height)" \
      width="\(frame.width)" height="\(frame.height)" font-family="system-ui, sans-serif" \
      font-size="13" fill="#1c2430">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="16" y="28" font-size="17" font-weight="600">\(title.escapedForHTML)</text>
      <text x="16" y="48" fill="#5b6472">\(subtitle.escapedForHTML)</text>
      \(frame.grid(operation))
      \(frame.ceilings(peak, slopes))
      \(placed.marks.joined(separator: "\n"))
      \(frame.legend(series, points: points, from: placed.labelsBottom))
      </svg>

      """
  }

  /// In the order in which they first occur.
  var series: [String] {
    points.reduce(into: []) { if !$0.contains($1.series) { $0.append($1.series) } }
  }
}

/// Where things are in the picture.
private struct Frame {
  let left = 76.0
  let top = 72.0
  let plotWidth = 700.0
  let plotHeight = 470.0
  let listWidth = 330.0
  let rowHeight = 17.0
  let pointCount: Int
  let seriesCount: Int
  /// Decades at the edges.
  let lowX, highX, lowY, highY: Double

  static let colours = ["#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#5b6472"]

  init(_ chart: RooflineChart) {
    func decade(_ value: Double) -> Double { Math.log(value) / Math.log(10) }
    let usable = chart.points.filter { $0.intensity > 0 && $0.operationsPerSecond > 0 }
    let steepest = chart.slopes.map(\.bytesPerSecond).max() ?? chart.peak.perSecond
    let gentlest = chart.slopes.map(\.bytesPerSecond).min() ?? chart.peak.perSecond
    // From left of where the roof bends first to right of where it bends last.
    let xs =
      usable.map(\.intensity) + [
        chart.peak.perSecond / steepest / 4, chart.peak.perSecond / gentlest * 4,
      ]
    let ys =
      usable.map(\.operationsPerSecond) + [
        chart.peak.perSecond * 2, chart.peak.perSecond / 60,
      ]
    lowX = decade(xs.min() ?? 1).rounded(.down)
    highX = decade(xs.max() ?? 10).rounded(.up)
    lowY = decade(0.8 * (ys.min() ?? 1)).rounded(.down)
    highY = decade(1.2 * (ys.max() ?? 10)).rounded(.up)
    pointCount = chart.points.count
    seriesCount = chart.series.count
  }

  var width: Int { Int(left + plotWidth + listWidth + 40) }
  var height: Int {
    Int(max(top + plotHeight + 60, top + rowHeight * Double(pointCount + 2 * seriesCount + 1) + 20))
  }

  func x(_ value: Double) -> Double {
    left + plotWidth * (Math.log(value) / Math.log(10) - lowX) / (highX - lowX)
  }
  func y(_ value: Double) -> Double {
    top + plotHeight * (1 - (Math.log(value) / Math.log(10) - lowY) / (highY - lowY))
  }
  func rounded(_ value: Double) -> Double { (10 * value).rounded() / 10 }
  private func power(_ exponent: Double) -> Double { Math.pow(10, exponent) }

  /// Lines at the decades with what they stand for, and what the axes are.
  func grid(_ operation: String) -> String {
    var parts: [String] = []
    for decade in stride(from: lowX, through: highX, by: 1) {
      let at = rounded(x(power(decade)))
      parts.append(
        """
        <line x1="\(at)" x2="\(at)" y1="\(top)" y2="\(top + plotHeight)" stroke="#e3e7ed"/>
        <text x="\(at)" y="\(top + plotHeight + 18)" text-anchor="middle" \
        fill="#5b6472">\(plain(decade))</text>
        """)
    }
    for decade in stride(from: lowY, through: highY, by: 1) {
      let at = rounded(y(power(decade)))
      parts.append(
        """
        <line x1="\(left)" x2="\(left + plotWidth)" y1="\(at)" y2="\(at)" stroke="#e3e7ed"/>
        <text x="\(left - 8)" y="\(at + 4)" text-anchor="end" \
        fill="#5b6472">\(QuantityUnit.count.tick(power(decade)))</text>
        """)
    }
    let (middleX, middleY) = (left + plotWidth / 2, top + plotHeight / 2)
    parts.append(
      """
      <text x="\(middleX)" y="\(top + plotHeight + 40)" \
      text-anchor="middle">\(operation.escapedForHTML) for each byte of operands and results</text>
      <text transform="translate(20 \(middleY)) rotate(-90)" \
      text-anchor="middle">\(operation.escapedForHTML) a second</text>
      """)
    return parts.joined(separator: "\n")
  }

  private func plain(_ decade: Double) -> String {
    decade < 0
      ? "0." + String(repeating: "0", count: Int(-decade) - 1) + "1" : "\(Int(power(decade)))"
  }

  /// The roof, and a slope for each memory that ends where it meets it.
  func ceilings(
    _ peak: (label: String, perSecond: Double), _ slopes: [RooflineChart.Slope]
  ) -> String {
    let roof = rounded(y(peak.perSecond))
    let edge = power(lowX)
    let firstBend = slopes.map { peak.perSecond / $0.bytesPerSecond }.min() ?? edge
    var parts = [
      """
      <line x1="\(rounded(x(max(firstBend, edge))))" x2="\(left + plotWidth)" y1="\(roof)" \
      y2="\(roof)" stroke="#1c2430" stroke-width="1.6"/>
      <text x="\(left + plotWidth - 6)" y="\(roof - 7)" text-anchor="end" \
      font-weight="600">\(peak.label.escapedForHTML)</text>
      """
    ]
    for slope in slopes {
      let bend = peak.perSecond / slope.bytesPerSecond
      // Where the line enters the picture: at its left edge or at its lower one.
      let start = max(edge, power(lowY) / slope.bytesPerSecond)
      let (x1, y1) = (x(start), y(start * slope.bytesPerSecond))
      let (x2, y2) = (x(bend), roof)
      let length = ((x2 - x1) * (x2 - x1) + (y1 - y2) * (y1 - y2)).squareRoot()
      let (cosine, sine) = ((x2 - x1) / length, (y2 - y1) / length)
      // Labels lie above their line, each nearer to its lower end, where lines are apart.
      let (labelX, labelY) = (x1 + 0.12 * (x2 - x1), y1 + 0.12 * (y2 - y1))
      parts.append(
        """
        <line x1="\(rounded(x1))" y1="\(rounded(y1))" x2="\(rounded(x2))" y2="\(y2)" \
        stroke="#1c2430" stroke-width="1.2" stroke-dasharray="5 4"/>
        <text transform="matrix(\(cosine) \(sine) \(-sine) \(cosine) \(rounded(labelX)) \
        \(rounded(labelY)))" dy="-5" font-size="12">\(slope.label.escapedForHTML)</text>
        """)
    }
    return parts.joined(separator: "\n")
  }

  /// Each point with its number; the numbers' names are in the list beside.
  func places(
    of points: [RooflineChart.Point], series: [String]
  ) -> (marks: [String], labelsBottom: Double) {
    var taken: [(x: Double, y: Double)] = []
    var marks: [String] = []
    for (index, point) in points.enumerated() {
      guard point.intensity > 0, point.operationsPerSecond > 0 else { continue }
      let (px, py) = (x(point.intensity), y(point.operationsPerSecond))
      let colour = Self.colours[(series.firstIndex(of: point.series) ?? 0) % Self.colours.count]
      // The first place around the point that no other number has, or else the first.
      let around = [
        (8.0, 4.0), (-8, 4), (0, -8), (0, 17), (9, -7), (-9, -7), (9, 15), (-9, 15), (20, 4),
        (-20, 4), (0, -20), (0, 29), (22, -14), (-22, -14), (22, 22), (-22, 22), (34, 4), (-34, 4),
      ].map { (px + $0.0, py + $0.1) }
      let place =
        around.first { candidate in
          !taken.contains {
            abs($0.x - candidate.0) < 17 && abs($0.y - candidate.1) < 11
          }
        } ?? around[0]
      taken.append((place.0, place.1))
      taken.append((px, py + 4))
      let anchor = place.0 > px + 1 ? "start" : place.0 < px - 1 ? "end" : "middle"
      marks.append(
        """
        <circle cx="\(rounded(px))" cy="\(rounded(py))" r="3.6" fill="\(colour)"/>
        <text x="\(rounded(place.0))" y="\(rounded(place.1))" text-anchor="\(anchor)" \
        font-size="11" fill="\(colour)">\(index + 1)</text>
        """)
    }
    return (marks, top)
  }

  /// The numbers' names under their series'.
  func legend(
    _ series: [String], points: [RooflineChart.Point], from start: Double
  ) -> String {
    var parts: [String] = []
    let column = left + plotWidth + 28
    var row = start + 6
    for (number, name) in series.enumerated() {
      let colour = Self.colours[number % Self.colours.count]
      parts.append(
        """
        <circle cx="\(column + 4)" cy="\(rounded(row - 4))" r="5" fill="\(colour)"/>
        <text x="\(column + 16)" y="\(rounded(row))" font-weight="600">\(name.escapedForHTML)</text>
        """)
      row += rowHeight
      for (index, point) in points.enumerated() where point.series == name {
        parts.append(
          """
          <text x="\(column + 22)" y="\(rounded(row))" text-anchor="end" font-size="11" \
          fill="\(colour)">\(index + 1)</text>
          <text x="\(column + 28)" y="\(rounded(row))" font-size="11">\(point.label.escapedForHTML)</text>
          """)
        row += rowHeight
      }
      row += rowHeight / 2
    }
    return parts.joined(separator: "\n")
  }
}

extension QuantityUnit {
  /// A decade on an axis: `100 G`.
  fileprivate func tick(_ value: Double) -> String {
    let steps: [(Double, String)] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"), (1, "")]
    for (size, prefix) in steps where value >= 0.999 * size {
      return "\(Int((value / size).rounded()))\(prefix)"
    }
    return text(value)
  }
}
