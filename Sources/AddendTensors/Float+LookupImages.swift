public import AddendKernels

// The look-up operations of float32 on images through kernels.
extension Float {
  public static func sumImageEntries(
    of tables: Span<Float>, at codes: Span<UInt8>, _ shape: LookupImageShape,
    into y: inout MutableSpan<Float>
  ) {
    AddendKernels.sumImageEntries(of: tables, at: codes, shape, into: &y)
  }

  public static func imageBucketSums(
    of dy: Span<Float>, by codes: Span<UInt8>, _ shape: LookupImageShape,
    into sums: inout MutableSpan<Float>
  ) {
    AddendKernels.imageBucketSums(of: dy, by: codes, shape, into: &sums)
  }

  public static func sumPackedImageEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupImageShape, scales: Span<Float>,
    offsets: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    AddendKernels.sumPackedImageEntries(
      of: tables, at: codes, shape, scales: scales, offsets: offsets, into: &y)
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
