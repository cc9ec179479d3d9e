/// What the units of a recurrent layer compute in one step; see `TensorScalar.lstmStep` and its like.
public enum RecurrentUnit: Hashable, Sendable, CaseIterable {
  case elman, lstm, gru

  /// The products for one unit.
  public var gateCount: Int {
    switch self {
    case .elman: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// Whether a unit's state has a memory beside the output.
  public var hasMemory: Bool { self == .lstm }
  /// Whether the recurrent product has a bias of its own.
  public var hasRecurrentBias: Bool { self == .gru }
}

/// The extents of a recurrent layer's pass over a batch of sequences.
///
/// Rows are numbered by falling length, so the rows that a step has are the first ones; a row of one
/// step has the number of rows of earlier steps plus its own.
public struct RecurrentSequence: Sendable {
  public let unit: RecurrentUnit
  public let batch, time, inputSize, size: Int
  /// Time runs from the last step back.
  public let isReversed: Bool
  /// How many steps of each row count; `nil` for all.
  public let lengths: [Int]?
  /// All rows of all steps.
  public let rowCount: Int
  /// [time + 1]: how many rows the steps before have.
  let starts: AlignedBuffer<Int>
  /// [batch]: the rows by falling length, where these differ.
  let order: AlignedBuffer<Int>?
  /// [2]: 0 and the number of all rows.
  let ends: AlignedBuffer<Int>
  /// [rowCount]: where each row of each step is among `[batch, time]`, where rows are few and these
  /// lie in another order.
  let places: AlignedBuffer<Int>?

  public init(
    _ unit: RecurrentUnit, batch: Int, time: Int, inputSize: Int, size: Int,
    isReversed: Bool = false, lengths: [Int]? = nil
  ) {
    precondition(
      batch >= 0 && time >= 0 && inputSize > 0 && size > 0, "a recurrent layer's extents")
    precondition(
      lengths.map { $0.count == batch && $0.allSatisfy { 0...time ~= $0 } } ?? true,
      "a length for each row, within the time")
    (self.unit, self.batch, self.time) = (unit, batch, time)
    (self.inputSize, self.size, self.isReversed) = (inputSize, size, isReversed)
    self.lengths = lengths
    var rows = [Int](repeating: lengths == nil ? batch : 0, count: time)
    for length in lengths ?? [] { for t in 0..<length { rows[t] += 1 } }
    let starts = AlignedBuffer<Int>(uninitializedCount: time + 1)
    self.starts = starts
    rowCount = rows.reduce(0, +)
    order = lengths.map(Self.byFallingLength)
    var span = starts.uniqueSpan
    span[0] = 0
    for t in 0..<time { span[t + 1] = span[t] + rows[t] }
    let ends = AlignedBuffer<Int>(uninitializedCount: 2)
    self.ends = ends
    places =
      batch > 1 && batch <= Self.fewRows ? Self.places(rows, rowCount, order: order) : nil
    var endsSpan = ends.uniqueSpan
    (endsSpan[0], endsSpan[1]) = (0, rowCount)
  }

  /// At up to so many rows a step, tiles of rows stay so empty that the inputs of all steps are
  /// multiplied at once.
  private static let fewRows = 4
  var hasFewRows: Bool { batch <= Self.fewRows }

  private static func places(
    _ rows: [Int], _ rowCount: Int, order: AlignedBuffer<Int>?
  ) -> AlignedBuffer<Int> {
    let places = AlignedBuffer<Int>(uninitializedCount: rowCount)
    var span = places.uniqueSpan
    var k = 0
    for (t, count) in rows.enumerated() {
      for r in 0..<count {
        span[k] = (order.map { $0.span[r] } ?? r) * rows.count + t
        k += 1
      }
    }
    return places
  }

  private static func byFallingLength(_ lengths: [Int]) -> AlignedBuffer<Int> {
    // Rows of one length keep their order: a sort's own need not be the same each time.
    let sorted = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    let order = AlignedBuffer<Int>(uninitializedCount: lengths.count)
    var span = order.uniqueSpan
    for (place, row) in sorted.enumerated() { span[place] = row }
    return order
  }

  public var stateSize: Int { unit.hasMemory ? 2 * size : size }

  /// The last step of a row in the direction of the pass; `nil` where it has none.
  func lastStep(ofRow row: Int) -> Int? {
    let length = lengths?[row] ?? time
    return length == 0 ? nil : isReversed ? 0 : length - 1
  }
}
