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

    /// Whether it has a place on logarithmic axes.
    var isVisible: Bool {
      intensity > 0 && operationsPerSecond > 0 && intensity.isFinite
        && operationsPerSecond.isFinite
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
    let frame = RooflineFrame(self)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(frame.width) \(frame.height)" \
      width="\(frame.width)" height="\(frame.height)" font-family="system-ui, sans-serif" \
      font-size="13" fill="#1c2430">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="16" y="28" font-size="17" font-weight="600">\(title.escapedForHTML)</text>
      <text x="16" y="48" fill="#5b6472">\(subtitle.escapedForHTML)</text>
      \(frame.grid(operation))
      \(frame.ceilings(peak, slopes))
      \(frame.marks(of: points))
      \(frame.legend(of: points))
      </svg>

      """
  }

  /// In the order in which they first occur.
  var series: [String] {
    points.reduce(into: []) { if !$0.contains($1.series) { $0.append($1.series) } }
  }
}
