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

  public static func tableGradients(
    sums: Span<Self>, prototypes: Span<Self>, positions: Span<Int32>, weight: Span<Self>,
    _ shape: LookupShape, accumulates: Bool, weightGradient: inout MutableSpan<Self>,
    prototypeGradient: inout MutableSpan<Self>
  ) {
    let outputs = shape.outputs
    for j in 0..<shape.blocks {
      let entries = j * shape.entries..<(j + 1) * shape.entries
      for i in 0..<shape.blockSize {
        let row = Int(positions[j * shape.blockSize + i])
        for k in entries {
          var sum = Self.zero
          if row >= 0 {
            for m in 0..<outputs { sum += sums[k * outputs + m] * weight[row * outputs + m] }
          }
          prototypeGradient[k * shape.blockSize + i] = sum
        }
        guard row >= 0 else { continue }
        for m in 0..<outputs {
          var sum = accumulates ? weightGradient[row * outputs + m] : .zero
          for k in entries { sum += prototypes[k * shape.blockSize + i] * sums[k * outputs + m] }
          weightGradient[row * outputs + m] = sum
        }
      }
    }
  }
}
