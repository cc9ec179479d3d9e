public import AddendLinear

/// Modelled energy: counts of operations times published costs of one.
///
/// A model, not a measurement: it leaves out instruction fetch, control and static power, which
/// dominate on a general-purpose core. It compares arithmetic, and says nothing of a battery.
public struct EnergyModel: Hashable, Sendable {
  /// What the model is called in reports, source included.
  public var name: String
  // Picojoules for one of each.
  public var multiplication: Double
  public var addition: Double
  public var comparison: Double
  public var bitOperation: Double
  /// One access to a table, whatever its width.
  public var lookup: Double
  /// One byte read or written in sequence.
  public var byte: Double

  /// Horowitz, *Computing's Energy Problem* (ISSCC 2014), 45 nm, 0.9 V: float32 multiplication
  /// 3.7 pJ and addition 0.9 pJ; a comparison as an addition; a 32-bit integer operation 0.1 pJ;
  /// a 64-bit read of a 32 KB cache 20 pJ, which a look-up pays whole and sequential bytes share.
  public static let horowitz = EnergyModel(
    name: "Horowitz 2014, 45 nm, float32, 32 KB cache", multiplication: 3.7, addition: 0.9,
    comparison: 0.9, bitOperation: 0.1, lookup: 20, byte: 2.5)

  /// The modelled energy of `count`, in picojoules.
  public func picojoules(_ count: OperationCount) -> Double {
    Double(count.multiplications) * multiplication + Double(count.additions) * addition
      + Double(count.comparisons) * comparison + Double(count.bitOperations) * bitOperation
      + Double(count.lookups) * lookup + Double(count.bytesRead + count.bytesWritten) * byte
  }
}
