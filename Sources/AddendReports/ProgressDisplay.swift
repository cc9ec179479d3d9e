public import AddendFiles

/// How far a long piece of work has come, for whoever waits.
///
/// On a terminal a bar with rate and time left, redrawn in place at most ten times a second; elsewhere
/// a line for every tenth of the work; or nothing. A value: whoever does the work owns it.
public struct ProgressDisplay: Sendable {
  public enum Style: Equatable, Sendable {
    case bar(columns: Int)
    case lines
    case silent

    /// A bar where standard error is a terminal, lines elsewhere, nothing when `isQuiet`.
    public static func automatic(isQuiet: Bool) -> Style {
      if isQuiet { return .silent }
      guard StandardStream.error.isTerminal else { return .lines }
      return .bar(columns: StandardStream.error.columns ?? 80)
    }
  }

  public let title: String
  public let total: Int
  /// What is counted, in the plural: `batches`; empty where a rate would tell nothing.
  public let unit: String
  public let style: Style
  private let write: @Sendable (String) -> Void
  private let now: @Sendable () -> Duration
  private let start: Duration
  private var lastDrawn: Duration?
  private var lastTenth = 0
  private var isFinished = false

  /// - Parameters:
  ///   - write: takes the text as it is to appear; standard error by default.
  ///   - now: the time on a clock that never goes back.
  public init(
    _ title: String, total: Int, unit: String, style: Style,
    write: @escaping @Sendable (String) -> Void = { StandardStream.error.write($0) },
    now: @escaping @Sendable () -> Duration = ProgressDisplay.systemTime
  ) {
    precondition(total >= 0, "an amount of work is not negative")
    self.title = title
    self.total = total
    self.unit = unit
    self.style = style
    self.write = write
    self.now = now
    start = now()
  }

  public static func systemTime() -> Duration {
    clockOrigin.duration(to: ContinuousClock.now)
  }

  /// Says that `completed` of the whole is done; `note` is shown beside it: `loss 0.31`.
  public mutating func update(_ completed: Int, note: String = "") {
    let time = now()
    switch style {
    case .silent: break
    case .bar(let columns):
      // Ten times a second is as fast as anyone reads; drawing costs the work its time.
      if let lastDrawn, completed < total, time - lastDrawn < .milliseconds(100) { return }
      lastDrawn = time
      write("\r" + bar(completed, note, time).clipped(to: max(1, columns - 1)) + "\u{1B}[K")
    case .lines:
      let tenth = total == 0 ? 10 : completed * 10 / total
      guard tenth > lastTenth else { return }
      lastTenth = tenth
      write(parts(completed, note, time).joined(separator: "  ") + "\n")
    }
  }

  /// Ends the line of a bar; what follows starts on a line of its own.
  public mutating func finish() {
    guard !isFinished else { return }
    isFinished = true
    if case .bar = style, lastDrawn != nil { write("\n") }
  }

  private func bar(_ completed: Int, _ note: String, _ time: Duration) -> String {
    let width = 24
    let filled = min(width, total == 0 ? width : completed * width / total)
    let drawn =
      String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
    var parts = parts(completed, note, time)
    parts.insert(drawn, at: 1)
    return parts.joined(separator: "  ")
  }

  private func parts(_ completed: Int, _ note: String, _ time: Duration) -> [String] {
    let percent = total == 0 ? 100 : completed * 100 / total
    let elapsed = (time - start) / .seconds(1)
    var parts = [title, "\(percent) %".padded(to: 5, isTrailing: true)]
    if completed > 0 && elapsed > 0 {
      let rate = Double(completed) / elapsed
      if !unit.isEmpty { parts.append("\(QuantityUnit.count.text(rate)) \(unit)/s") }
      parts.append(
        completed < total
          ? "\(clockText(Double(total - completed) / rate)) left" : "\(clockText(elapsed)) in all")
    }
    return note.isEmpty ? parts : parts + [note]
  }

  /// Minutes and seconds, `0:42`, or with hours, `1:02:03`.
  private func clockText(_ seconds: Double) -> String {
    guard seconds < 360_000 else { return "over 100 h" }
    let whole = Int(seconds.rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = "\(whole / 60 % 60)"
    return whole < 3600
      ? "\(minutes):\(two(whole % 60))"
      : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }
}

private let clockOrigin = ContinuousClock.now
