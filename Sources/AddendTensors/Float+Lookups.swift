public import AddendKernels

// The look-up operations of float32 through kernels.
extension Float {
  public static func encodeLookups(
    _ x: Span<Float>, _ shape: LookupShape, columns: Span<Int32>, thresholds: Span<Float>,
    into codes: inout MutableSpan<UInt8>
  ) {
    AddendKernels.encodeLookups(x, shape, columns: columns, thresholds: thresholds, into: &codes)
  }

  public static func hashSums(
    _ x: Span<Float>, _ shape: LookupShape, positions: Span<Int32>, signs: Span<Int8>,
    into h: inout MutableSpan<Float>
  ) {
    AddendKernels.hashSums(x, shape, positions: positions, signs: signs, into: &h)
  }

  public static func sumEntries(
    of tables: Span<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Float>
  ) {
    AddendKernels.sumEntries(of: tables, at: codes, shape, into: &y)
  }

  public static func sumPackedEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupShape, scales: Span<Float>,
    offsets: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    AddendKernels.sumPackedEntries(
      of: tables, at: codes, shape, scales: scales, offsets: offsets, into: &y)
  }

  public static func addDeviations(
    of x: Span<Float>, from prototypes: Span<Float>, at codes: Span<UInt8>,
    positions: Span<Int32>, _ shape: LookupShape, times alpha: Float,
    to dx: inout MutableSpan<Float>
  ) {
    AddendKernels.addDeviations(
      of: x, from: prototypes, at: codes, positions: positions, shape, times: alpha, to: &dx)
  }

  public static func sumEntries(
    of factors: borrowing LookupFactors<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Float>
  ) {
    AddendKernels.sumEntries(of: factors, at: codes, shape, into: &y)
  }

  public static func buildTables(
    of factors: borrowing LookupFactors<Float>, _ shape: LookupShape,
    into tables: inout MutableSpan<Float>
  ) {
    AddendKernels.buildTables(of: factors, shape, into: &tables)
  }

  public static func lookupGradients(
    of dy: Span<Float>, at codes: Span<UInt8>, _ factors: borrowing LookupFactors<Float>,
    _ shape: LookupShape, accumulatesCorrections: Bool, accumulatesWeight: Bool,
    corrections: inout MutableSpan<Float>, weight: inout MutableSpan<Float>,
    prototypes: inout MutableSpan<Float>
  ) {
    AddendKernels.lookupGradients(
      of: dy, at: codes, factors, shape, accumulatesCorrections: accumulatesCorrections,
      accumulatesWeight: accumulatesWeight, corrections: &corrections, weight: &weight,
      prototypes: &prototypes)
  }

  public static func bucketMeans(
    of x: Span<Float>, by codes: Span<UInt8>, positions: Span<Int32>, _ shape: LookupShape,
    into means: inout MutableSpan<Float>
  ) {
    AddendKernels.bucketMeans(of: x, by: codes, positions: positions, shape, into: &means)
  }

  public static func mixEntries(
    of values: Span<Float>, from old: Span<UInt8>, to codes: Span<UInt8>, _ shape: LookupShape,
    into mixed: inout MutableSpan<Float>
  ) {
    AddendKernels.mixEntries(of: values, from: old, to: codes, shape, into: &mixed)
  }

  public static func scaleRowsToOne(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, scales: inout MutableSpan<Float>
  ) {
    AddendKernels.scaleRowsToOne(x, into: &y, scales: &scales)
  }

  public static func scaleRows(_ x: inout MutableSpan<Float>, by scales: Span<Float>) {
    AddendKernels.scaleRows(&x, by: scales)
  }
}
