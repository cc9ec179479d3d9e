internal import Synchronization

/// A Double that counts what is done with it: the judge of every declared operation count.
///
/// Counts go to the tally of the scope, `OperationTally.$current`; outside of one they are lost.
/// The bulk operations keep their definitions, so a map run over this format does exactly the
/// arithmetic that its definition states.
public struct CountingScalar: TensorScalar {
  public var value: Double

  public init(_ value: Double) { self.value = value }
  public var double: Double { value }

  public static var formatName: String { "counting" }
  public static var symbolCount: Int { Double.symbolCount }
  public static var leastPositive: Double { Double.leastPositive }
  public static var zero: CountingScalar { CountingScalar(0) }

  public static func + (a: Self, b: Self) -> Self {
    OperationTally.current?.count(\.additions)
    return Self(a.value + b.value)
  }
  public static func - (a: Self, b: Self) -> Self {
    OperationTally.current?.count(\.additions)
    return Self(a.value - b.value)
  }
  public static func * (a: Self, b: Self) -> Self {
    OperationTally.current?.count(\.multiplications)
    return Self(a.value * b.value)
  }
  public static func / (a: Self, b: Self) -> Self {
    OperationTally.current?.count(\.multiplications)
    return Self(a.value / b.value)
  }
  public static prefix func - (a: Self) -> Self { Self(-a.value) }
  public static func == (a: Self, b: Self) -> Bool { a.value == b.value }
  public static func < (a: Self, b: Self) -> Bool {
    OperationTally.current?.count(\.comparisons)
    return a.value < b.value
  }
  public static func lookUp(_ entry: Self) -> Self {
    OperationTally.current?.count(\.lookups)
    return entry
  }
}

/// Where a scope's `CountingScalar` operations are added up.
public final class OperationTally: Sendable {
  @TaskLocal public static var current: OperationTally?

  /// How often each kind of operation was done; a division counts as a multiplication.
  public struct Counts: Hashable, Sendable {
    public var multiplications = 0
    public var additions = 0
    public var lookups = 0
    public var comparisons = 0
  }

  private let state = Mutex(Counts())

  public init() {}

  public var counts: Counts { state.withLock { $0 } }

  func count(_ kind: WritableKeyPath<Counts, Int>) { state.withLock { $0[keyPath: kind] += 1 } }

  /// What `body` does, counted.
  public static func counting(_ body: () throws -> Void) rethrows -> Counts {
    let tally = OperationTally()
    try $current.withValue(tally, operation: body)
    return tally.counts
  }
}
