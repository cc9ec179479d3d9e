internal import AddendTensors

/// A frozen look-up map laid open, for programs that run it in a form of their own.
///
/// `y[m] = scales[m] · Σ_j entries[m, j, c(j)] + offsets[m]`. The code `c(j)` is the leaf that `x`
/// reaches in block `j`'s tree of `levels` levels: node `i` of level `l` goes right where
/// `x[columns[j, l]] > thresholds[j, i]`, nodes counted from 1 as in a heap.
public struct LookupTables: Hashable, Sendable {
  public var inputSize: Int
  public var outputSize: Int
  public var levels: Int
  /// `[blocks, levels]`.
  public var columns: [Int32]
  /// `[blocks, 2^levels]`, entry 0 unused.
  public var thresholds: [Double]
  /// `[outputs, blocks, 2^levels]`.
  public var entries: [Int8]
  /// `[outputs]`.
  public var scales: [Double]
  /// `[outputs]`.
  public var offsets: [Double]

  public init(
    inputSize: Int, outputSize: Int, levels: Int, columns: [Int32], thresholds: [Double],
    entries: [Int8], scales: [Double], offsets: [Double]
  ) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.levels = levels
    self.columns = columns
    self.thresholds = thresholds
    self.entries = entries
    self.scales = scales
    self.offsets = offsets
  }

  public var blocks: Int { columns.count / levels }
}

extension FrozenLookup {
  var lookupTables: LookupTables? {
    guard encoder.kind == .tree, encoder.stages == 1 else { return nil }
    return LookupTables(
      inputSize: encoder.layout.inputSize, outputSize: scales.count, levels: encoder.levels,
      columns: encoder.absoluteColumns, thresholds: Tensor<Double>(encoder.thresholds).elements,
      entries: entries.map { Int8(clamping: $0) }, scales: Tensor<Double>(scales).elements,
      offsets: Tensor<Double>(offsets).elements)
  }
}
