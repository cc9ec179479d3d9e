import AddendReports
import Synchronization
import Testing

/// What a display wrote, and the time that it was told.
private final class Screen: Sendable {
  private let state = Mutex((text: "", time: Duration.zero))
  var text: String { state.withLock { $0.text } }
  func write(_ text: String) { state.withLock { $0.text += text } }
  func now() -> Duration { state.withLock { $0.time } }
  func wait(_ duration: Duration) { state.withLock { $0.time += duration } }

  func display(_ style: ProgressDisplay.Style, total: Int = 200) -> ProgressDisplay {
    ProgressDisplay(
      "epoch 1", total: total, unit: "batches", style: style, write: write, now: now)
  }
}

@Test func aBarIsRedrawnInPlace() {
  let screen = Screen()
  var display = screen.display(.bar(columns: 100))
  screen.wait(.seconds(2))
  display.update(50, note: "loss 0.31")
  #expect(
    screen.text
      == "\repoch 1  ━━━━━━──────────────────   25 %  25 batches/s  0:06 left  loss 0.31\u{1B}[K")
  screen.wait(.seconds(6))
  display.update(200)
  display.finish()
  display.finish()
  #expect(
    screen.text.hasSuffix(
      "\repoch 1  ━━━━━━━━━━━━━━━━━━━━━━━━  100 %  25 batches/s  0:08 in all\u{1B}[K\n"))
  #expect(screen.text.filter { $0 == "\n" }.count == 1)
}

@Test func aBarIsDrawnTenTimesASecondAtMostAndAtTheEnd() {
  let screen = Screen()
  var display = screen.display(.bar(columns: 80), total: 1000)
  for step in 1...999 {
    screen.wait(.milliseconds(1))
    display.update(step)
  }
  #expect(screen.text.split(separator: "\r").count == 10)
  display.update(1000)
  #expect(screen.text.split(separator: "\r").count == 11)
}

@Test(arguments: [1, 20, 40]) func aBarStaysOnItsLine(columns: Int) {
  let screen = Screen()
  var display = screen.display(.bar(columns: columns))
  screen.wait(.seconds(1))
  display.update(100, note: "accuracy 数字 数字 数字")
  let drawn = screen.text.dropFirst().dropLast("\u{1B}[K".count)
  #expect(String(drawn).displayWidth <= max(1, columns - 1))
}

@Test func elsewhereEachTenthIsALine() {
  let screen = Screen()
  var display = screen.display(.lines)
  for step in 1...200 {
    screen.wait(.milliseconds(10))
    display.update(step)
  }
  display.finish()
  let lines = screen.text.split(separator: "\n")
  #expect(lines.count == 10)
  #expect(lines.first == "epoch 1   10 %  100 batches/s  0:02 left")
  #expect(lines.last == "epoch 1  100 %  100 batches/s  0:02 in all")
  #expect(!screen.text.contains("\r") && !screen.text.contains("\u{1B}"))
}

@Test func silenceIsSilent() {
  let screen = Screen()
  var display = screen.display(.silent)
  for step in 0...200 { display.update(step) }
  display.finish()
  #expect(screen.text.isEmpty)
  #expect(ProgressDisplay.Style.automatic(isQuiet: true) == .silent)
}

@Test func noWorkIsAllDone() {
  let screen = Screen()
  var display = screen.display(.lines, total: 0)
  display.update(0)
  #expect(screen.text == "epoch 1  100 %\n")
}

@Test func shareAloneHasNoRate() {
  let screen = Screen()
  var display = ProgressDisplay(
    "search", total: 10, unit: "", style: .lines, write: screen.write, now: screen.now)
  screen.wait(.seconds(2))
  display.update(10)
  #expect(screen.text == "search  100 %  0:02 in all\n")
}
