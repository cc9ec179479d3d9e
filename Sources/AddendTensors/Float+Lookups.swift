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

  public static func bucketSums(
    of dy: Span<Float>, by codes: Span<UInt8>, _ shape: LookupShape,
    into sums: inout MutableSpan<Float>
  ) {
    AddendKernels.bucketSums(of: dy, by: codes, shape, into: &sums)
  }

  public static func addDeviations(
    of x: Span<Float>, from prototypes: Span<Float>, at codes: Span<UInt8>,
    positions: Span<Int32>, _ shape: LookupShape, times alpha: Float,
    to dx: inout MutableSpan<Float>
  ) {
    AddendKernels.addDeviations(
      of: x, from: prototypes, at: codes, positions: positions, shape, times: alpha, to: &dx)
  }

  public static func buildTables(
    corrections: Span<Float>, prototypes: Span<Float>, positions: Span<Int32>,
    weight: Span<Float>, _ shape: LookupShape, into tables: inout MutableSpan<Float>
  ) {
    AddendKernels.buildTables(
      corrections: corrections, prototypes: prototypes, positions: positions, weight: weight, shape,
      into: &tables)
  }

  public static func tableGradients(
    sums: Span<Float>, prototypes: Span<Float>, positions: Span<Int32>, weight: Span<Float>,
    _ shape: LookupShape, accumulates: Bool, weightGradient: inout MutableSpan<Float>,
    prototypeGradient: inout MutableSpan<Float>
  ) {
    AddendKernels.tableGradients(
      sums: sums, prototypes: prototypes, positions: positions, weight: weight, shape,
      accumulates: accumulates, weightGradient: &weightGradient,
      prototypeGradient: &prototypeGradient)
  }
}
