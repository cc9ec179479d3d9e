internal import AddendTensors

/// When a look-up map learns its encoder: once the float epochs are over, and again as activations
/// drift, until they have settled.
struct LookupSchedule: Hashable, Sendable {
  /// Epochs with exact products before the first encoder.
  var warmup: Double
  /// Epochs from one encoder to the next; 0 for a single one.
  var refresh: Double
  /// The part of training after which the encoder stays.
  var settle: Double

  /// Rows from which an encoder is learned.
  let wantedSamples: Int

  /// Which of `count` rows are sampled, `taken` in all: one from each of as many equal stretches, at a
  /// place in it that changes with the stretch. Rows of images repeat with their width, and an equal
  /// step would see the same columns of pixels only.
  static func sampledRows(of count: Int, taken: Int) -> [Int] {
    (0..<taken).map { sample in
      let (first, end) = (sample * count / taken, (sample + 1) * count / taken)
      // The golden ratio's multiples, modulo 2³², are spread evenly.
      let place = Int(UInt32(truncatingIfNeeded: sample) &* 2_654_435_769)
      return first + ((place * (end - first)) >> 32)
    }
  }

  // State, all of it visited.
  private(set) var isLearned = false
  private(set) var isCollecting = false
  var sampleCount = 0
  private var windowStart = 0
  private var encodersLearned = 0

  init(warmup: Double, refresh: Double, settle: Double, wantedSamples: Int) {
    self.wantedSamples = wantedSamples
    self.warmup = warmup
    self.refresh = refresh
    self.settle = settle
  }

  /// What a step begins with.
  enum Event: Hashable { case none, collect, learn }

  /// - Parameter entries: codes of a block; an encoder wants several rows for each.
  mutating func event(at progress: TrainingProgress, entries: Int) -> Event {
    if isCollecting {
      let isOverdue = progress.step - windowStart >= max(1, progress.stepsPerEpoch / 8)
      let isEnough = sampleCount >= (isOverdue ? 8 * entries : wantedSamples)
      return isEnough ? .learn : .none
    }
    // Not 0 times infinity, for who wants one encoder.
    let due = encodersLearned == 0 ? warmup : warmup + refresh * Double(encodersLearned)
    let isAllowed =
      encodersLearned == 0 || (refresh > 0 && progress.epoch <= settle * Double(progress.epochs))
    guard isAllowed && progress.epoch >= due else { return .none }
    isCollecting = true
    windowStart = progress.step
    sampleCount = 0
    return .collect
  }

  mutating func noteLearned() {
    isLearned = true
    isCollecting = false
    sampleCount = 0
    encodersLearned += 1
  }

  mutating func visit<Scalar>(_ visitor: inout some StateVisitor<Scalar>) {
    var state = IntegerState(
      .int64, [5],
      [isLearned ? 1 : 0, isCollecting ? 1 : 0, sampleCount, windowStart, encodersLearned])
    visitor.visit(&state, named: "schedule")
    visitor.afterReplacing { () throws(TensorError) in
      let ranges = [0...1, 0...1, 0...wantedSamples, 0...(1 << 48), 0...(1 << 48)]
      guard zip(state.values, ranges).allSatisfy({ $1.contains($0) }) else {
        throw .invalidValue(
          operation: "lookup map", argument: "schedule",
          expected: "two flags and three counts", found: "\(state.values)")
      }
      isLearned = state.values[0] != 0
      isCollecting = state.values[1] != 0
      sampleCount = state.values[2]
      windowStart = state.values[3]
      encodersLearned = state.values[4]
    }
  }
}
