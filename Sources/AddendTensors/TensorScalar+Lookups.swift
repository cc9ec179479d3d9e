public import AddendKernels

extension TensorScalar {
  public static func encodeLookups(
    _ x: Span<Self>, _ shape: LookupShape, columns: Span<Int32>, thresholds: Span<Self>,
    into codes: inout MutableSpan<UInt8>
  ) {
    for r in 0..<shape.rows {
      for j in 0..<shape.blocks {
        var node = 1
        for l in 0..<shape.levels {
          let value = x[r * shape.inputs + Int(columns[j * shape.levels + l])]
          node = 2 * node + (thresholds[j * shape.entries + node] < value ? 1 : 0)
        }
        codes[j * shape.rows + r] = UInt8(node - shape.entries)
      }
    }
  }

  public static func hashSums(
    _ x: Span<Self>, _ shape: LookupShape, positions: Span<Int32>, signs: Span<Int8>,
    into h: inout MutableSpan<Self>
  ) {
    for r in 0..<shape.rows {
      for j in 0..<shape.blocks {
        for l in 0..<shape.levels {
          var sum = x[r * shape.inputs + Int(positions[j * shape.blockSize])]
          for i in 1..<max(1, shape.blockSize) where positions[j * shape.blockSize + i] >= 0 {
            let value = x[r * shape.inputs + Int(positions[j * shape.blockSize + i])]
            sum = signs[l * shape.blockSize + i] < 0 ? sum - value : sum + value
          }
          h[(r * shape.blocks + j) * shape.levels + l] = sum
        }
      }
    }
  }

  public static func sumEntries(
    of tables: Span<Self>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Self>
  ) {
    for r in 0..<shape.rows {
      for m in 0..<shape.outputs {
        func entry(_ j: Int) -> Self {
          lookUp(tables[(j * shape.entries + Int(codes[j * shape.rows + r])) * shape.outputs + m])
        }
        var sum = entry(0)
        for j in 1..<max(1, shape.blocks) { sum += entry(j) }
        y[r * shape.outputs + m] = sum
      }
    }
  }

  public static func sumPackedEntries(
    of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupShape, scales: Span<Self>,
    offsets: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    for r in 0..<shape.rows {
      for m in 0..<shape.outputs {
        func entry(_ j: Int) -> Accumulator {
          let code = Int(codes[j * shape.rows + r])
          return .lookUp(
            Accumulator(Double(tables[(m * shape.paddedBlocks + j) * 16 + code])))
        }
        var sum = entry(0)
        for j in 1..<max(1, shape.blocks) { sum += entry(j) }
        y[r * shape.outputs + m] = Self(rounding: sum) * scales[m] + offsets[m]
      }
    }
  }

  public static func addDeviations(
    of x: Span<Self>, from prototypes: Span<Self>, at codes: Span<UInt8>, positions: Span<Int32>,
    _ shape: LookupShape, times alpha: Self, to dx: inout MutableSpan<Self>
  ) {
    for r in 0..<shape.rows {
      for (index, position) in (0..<positions.count).map({ ($0, Int(positions[$0])) })
      where position >= 0 {
        let (j, i) = (index / shape.blockSize, index % shape.blockSize)
        let k = j * shape.entries + Int(codes[j * shape.rows + r])
        let deviation =
          x[r * shape.inputs + position] - prototypes[k * shape.blockSize + i]
        dx[r * shape.inputs + position] += alpha * deviation
      }
    }
  }
}
