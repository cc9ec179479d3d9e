internal import AddendTensors

/// Where things are in a roofline's picture.
struct RooflineFrame {
  private let left = 76.0
  private let top = 66.0
  private let plotWidth = 1010.0
  private let plotHeight = 560.0
  private let rowHeight = 17.0
  private let columns = 3
  private let series: [String]
  private let legendRows: Int
  /// The natural logarithms of the edges.
  private let lowX, highX, lowY, highY: Double

  private static let colours = ["#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#5b6472"]

  init(_ chart: RooflineChart) {
    let points = chart.points.filter(\.isVisible)
    let peak = chart.peak.perSecond
    // From left of where the roof bends first to right of where it bends last.
    let bends = chart.slopes.map { peak / $0.bytesPerSecond } + [1]
    let xs = points.map(\.intensity)
    let ys = points.map(\.operationsPerSecond) + [peak]
    lowX = Math.log(0.55 * min(xs.min() ?? .infinity, bends.min() ?? 1))
    highX = Math.log(2 * max(xs.max() ?? 0, bends.max() ?? 1))
    lowY = Math.log(min(0.6 * (ys.min() ?? peak), peak / 8))
    highY = Math.log(1.5 * (ys.max() ?? peak))
    series = chart.series
    // A line for each point, two for the head of each series.
    legendRows = (chart.points.count + 2 * chart.series.count + columns - 1) / columns + 1
  }

  var width: Int { Int(left + plotWidth + 24) }
  var height: Int { Int(top + plotHeight + 70 + rowHeight * Double(legendRows)) }

  private func x(_ value: Double) -> Double {
    left + plotWidth * (Math.log(value) - lowX) / (highX - lowX)
  }
  private func y(_ value: Double) -> Double {
    top + plotHeight * (1 - (Math.log(value) - lowY) / (highY - lowY))
  }
  private func rounded(_ value: Double) -> Double { (10 * value).rounded() / 10 }
  private func colour(_ name: String) -> String {
    Self.colours[(series.firstIndex(of: name) ?? 0) % Self.colours.count]
  }

  /// 1, 2 and 5 times the powers of ten between the edges.
  private func ticks(from low: Double, to high: Double) -> [Double] {
    (-12...18).flatMap { power -> [Double] in
      let unit = Math.pow(10, Double(power))
      return [unit, 2 * unit, 5 * unit]
    }.filter { low <= Math.log($0) && Math.log($0) <= high }
  }

  /// Lines with what they stand for, and what the axes are.
  func grid(_ operation: String) -> String {
    var parts = ticks(from: lowX, to: highX).map { tick in
      let at = rounded(x(tick))
      return """
        <line x1="\(at)" x2="\(at)" y1="\(top)" y2="\(top + plotHeight)" stroke="#e8ebf0"/>
        <text x="\(at)" y="\(top + plotHeight + 18)" text-anchor="middle" \
        fill="#5b6472">\(tickText(tick))</text>
        """
    }
    parts += ticks(from: lowY, to: highY).map { tick in
      let at = rounded(y(tick))
      return """
        <line x1="\(left)" x2="\(left + plotWidth)" y1="\(at)" y2="\(at)" stroke="#e8ebf0"/>
        <text x="\(left - 8)" y="\(at + 4)" text-anchor="end" \
        fill="#5b6472">\(tickText(tick))</text>
        """
    }
    let (middleX, middleY) = (left + plotWidth / 2, top + plotHeight / 2)
    parts.append(
      """
      <rect x="\(left)" y="\(top)" width="\(plotWidth)" height="\(plotHeight)" fill="none" \
      stroke="#c9d0da"/>
      <text x="\(middleX)" y="\(top + plotHeight + 38)" \
      text-anchor="middle">\(operation.escapedForHTML) for each byte of operands and results</text>
      <text transform="translate(20 \(middleY)) rotate(-90)" \
      text-anchor="middle">\(operation.escapedForHTML) a second</text>
      """)
    return parts.joined(separator: "\n")
  }

  /// `0.05`, `20`, `100 G`.
  private func tickText(_ value: Double) -> String {
    for (size, prefix) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, "")]
    where value >= 0.999 * size {
      return "\(Int((value / size).rounded()))\(prefix)"
    }
    var digits = 1
    var scaled = 10 * value
    while scaled < 0.999 && digits < 12 {
      scaled *= 10
      digits += 1
    }
    return decimal(value, digits: digits)
  }

  /// The roof, and a slope for each memory that ends where it meets it.
  func ceilings(
    _ peak: (label: String, perSecond: Double), _ slopes: [RooflineChart.Slope]
  ) -> String {
    let roof = rounded(y(peak.perSecond))
    let bends = slopes.map { peak.perSecond / $0.bytesPerSecond }
    let start = rounded(bends.min().map(x) ?? left)
    var parts = [
      """
      <line x1="\(start)" x2="\(left + plotWidth)" y1="\(roof)" y2="\(roof)" stroke="#1c2430" \
      stroke-width="1.6"/>
      <text x="\(start)" y="\(roof - 8)" font-weight="600">\(peak.label.escapedForHTML)</text>
      """
    ]
    for slope in slopes {
      let bend = peak.perSecond / slope.bytesPerSecond
      // Where the line enters the picture: at its left edge or at its lower one.
      let first = max(Math.exp(lowX), Math.exp(lowY) / slope.bytesPerSecond)
      let (x1, y1, x2) = (x(first), y(first * slope.bytesPerSecond), x(bend))
      let length = ((x2 - x1) * (x2 - x1) + (y1 - roof) * (y1 - roof)).squareRoot()
      guard length > 0 else { continue }
      let (cosine, sine) = ((x2 - x1) / length, (roof - y1) / length)
      parts.append(
        """
        <line x1="\(rounded(x1))" y1="\(rounded(y1))" x2="\(rounded(x2))" y2="\(roof)" \
        stroke="#1c2430" stroke-width="1.2" stroke-dasharray="5 4"/>
        <text transform="matrix(\(cosine) \(sine) \(-sine) \(cosine) \(rounded(x1)) \
        \(rounded(y1)))" x="14" dy="-5" font-size="12">\(slope.label.escapedForHTML)</text>
        """)
    }
    return parts.joined(separator: "\n")
  }

  /// Each point with its number; what is too crowded for a number at the point gets a thin line to
  /// it.
  func marks(of points: [RooflineChart.Point]) -> String {
    let visible = points.indices.filter { points[$0].isVisible }
    let places = visible.map { (x(points[$0].intensity), y(points[$0].operationsPerSecond)) }
    var taken = places.map { Box(x: $0.0, y: $0.1, width: 9, height: 9) }
    var marks: [String] = []
    for (index, place) in zip(visible, places) {
      let text = "\(index + 1)"
      let box = label(text, near: place, besides: taken)
      taken.append(box)
      let colour = colour(points[index].series)
      if (box.x - place.0).magnitude > 17 || (box.y - place.1).magnitude > 13 {
        marks.append(
          """
          <line x1="\(rounded(place.0))" y1="\(rounded(place.1))" x2="\(rounded(box.x))" \
          y2="\(rounded(box.y))" stroke="\(colour)" stroke-width="0.6" opacity="0.55"/>
          """)
      }
      marks.append(
        """
        <circle cx="\(rounded(place.0))" cy="\(rounded(place.1))" r="3.6" fill="\(colour)"/>
        <rect x="\(rounded(box.x - box.width / 2 + 1))" y="\(rounded(box.y - 5))" \
        width="\(box.width - 2)" height="10" fill="#ffffff" opacity="0.75"/>
        <text x="\(rounded(box.x))" y="\(rounded(box.y + 4))" text-anchor="middle" font-size="11" \
        fill="\(colour)">\(text)</text>
        """)
    }
    return marks.joined(separator: "\n")
  }

  private struct Box {
    /// The middle.
    var x, y: Double
    var width, height: Double

    func meets(_ other: Box) -> Bool {
      (x - other.x).magnitude < (width + other.width) / 2
        && (y - other.y).magnitude < (height + other.height) / 2
    }
  }

  /// The nearest place around a point where a number meets nothing, within the picture; right beside
  /// the point where there is none.
  private func label(
    _ text: String, near place: (Double, Double), besides taken: [Box]
  ) -> Box {
    func box(_ distance: Double, _ turn: Int) -> Box {
      let angle = Double(turn) * .pi / 8
      return Box(
        x: place.0 + (distance + 4) * Math.cos(angle),
        y: place.1 + distance * Math.cos(angle - .pi / 2), width: 4 + 7 * Double(text.count),
        height: 12)
    }
    for distance in stride(from: 9.0, through: 120, by: 7) {
      for turn in 0..<16 {
        let candidate = box(distance, turn)
        let isInside =
          candidate.x > left + 12 && candidate.x < left + plotWidth - 12
          && candidate.y > top + 8 && candidate.y < top + plotHeight - 8
        if isInside && !taken.contains(where: candidate.meets) { return candidate }
      }
    }
    return box(9, 0)
  }

  /// The numbers' names under their series', in columns below the plot.
  func legend(of points: [RooflineChart.Point]) -> String {
    var parts: [String] = []
    var row = 0
    let rows = max(1, legendRows)
    func place(_ row: Int) -> (x: Double, y: Double) {
      (
        left + Double(row / rows) * (plotWidth / Double(columns)),
        top + plotHeight + 66 + rowHeight * Double(row % rows)
      )
    }
    for name in series {
      // A head does not stand alone at the foot of a column.
      if row % rows == rows - 1 { row += 1 }
      let (headX, headY) = place(row)
      parts.append(
        """
        <circle cx="\(rounded(headX + 4))" cy="\(headY - 4)" r="5" fill="\(colour(name))"/>
        <text x="\(rounded(headX + 16))" y="\(headY)" \
        font-weight="600">\(name.escapedForHTML)</text>
        """)
      row += 1
      for (index, point) in points.enumerated() where point.series == name {
        let (entryX, entryY) = place(row)
        parts.append(
          """
          <text x="\(rounded(entryX + 22))" y="\(entryY)" text-anchor="end" font-size="11" \
          fill="\(colour(name))">\(index + 1)</text>
          <text x="\(rounded(entryX + 28))" y="\(entryY)" \
          font-size="11">\(point.label.escapedForHTML)</text>
          """)
        row += 1
      }
    }
    return parts.joined(separator: "\n")
  }
}
