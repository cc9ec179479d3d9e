public import AddendKernels

extension TensorScalar {
  public static func sumImageEntries(
    of tables: Span<Self>, at codes: Span<UInt8>, _ shape: LookupImageShape,
    into y: inout MutableSpan<Self>
  ) {
    let offsets = shape.blockOffsets
    for (r, position) in shape.positions(images: shape.geometry.batch).enumerated() {
      for m in 0..<shape.outputs {
        func entry(_ v: Int) -> Self {
          let code = Int(codes[offsets[v] + Int(position)])
          return lookUp(tables[(v * shape.entries + code) * shape.outputs + m])
        }
        var sum = entry(0)
        for v in 1..<max(1, shape.blocks) { sum += entry(v) }
        y[r * shape.outputs + m] = sum
      }
    }
  }

  public static func imageBucketSums(
    of dy: Span<Self>, by codes: Span<UInt8>, _ shape: LookupImageShape,
    into sums: inout MutableSpan<Self>
  ) {
    for i in sums.indices { sums[i] = .zero }
    for (v, offset) in shape.blockOffsets.enumerated() {
      for (r, position) in shape.positions(images: shape.geometry.batch).enumerated() {
        let code = Int(codes[offset + Int(position)])
        let bucket = (v * shape.entries + code) * shape.outputs
        for m in 0..<shape.outputs { sums[bucket + m] += dy[r * shape.outputs + m] }
      }
    }
  }

  public static func sumPackedImageEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupImageShape, scales: Span<Self>,
    offsets: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    let blockOffsets = shape.blockOffsets
    for (r, position) in shape.positions(images: shape.geometry.batch).enumerated() {
      for m in 0..<shape.outputs {
        func entry(_ v: Int) -> Accumulator {
          let code = Int(codes[blockOffsets[v] + Int(position)])
          let row = (m * shape.taps + v / shape.groups) * shape.paddedGroups + v % shape.groups
          return .lookUp(Accumulator(Double(tables[row * 16 + code])))
        }
        var sum = entry(0)
        for v in 1..<max(1, shape.blocks) { sum += entry(v) }
        y[r * shape.outputs + m] = Self(rounding: sum) * scales[m] + offsets[m]
      }
    }
  }
}
