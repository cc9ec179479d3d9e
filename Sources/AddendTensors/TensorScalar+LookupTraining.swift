public import AddendKernels

extension TensorScalar {
  public static func sumEntries(
    of factors: borrowing LookupFactors<Self>, at codes: Span<UInt8>, _ shape: LookupShape,
    into y: inout MutableSpan<Self>
  ) {
    let tables = AlignedBuffer<Self>(uninitializedCount: shape.tableCount)
    var span = tables.uniqueSpan
    buildTables(of: factors, shape, into: &span)
    sumEntries(of: tables.span, at: codes, shape, into: &y)
  }

  public static func buildTables(
    of factors: borrowing LookupFactors<Self>, _ shape: LookupShape,
    into tables: inout MutableSpan<Self>
  ) {
    let (row, column) = factors.transposesWeight ? (1, shape.inputs) : (shape.outputs, 1)
    let hasCorrections = !factors.corrections.isEmpty
    for j in 0..<shape.blocks {
      for k in j * shape.entries..<(j + 1) * shape.entries {
        for m in 0..<shape.outputs {
          var sum = hasCorrections ? factors.corrections[k * shape.outputs + m] : .zero
          for i in 0..<shape.blockSize where factors.positions[j * shape.blockSize + i] >= 0 {
            let position = Int(factors.positions[j * shape.blockSize + i])
            let weight = factors.weight[position * row + m * column]
            sum += factors.prototypes[k * shape.blockSize + i] * weight
          }
          tables[k * shape.outputs + m] = sum
        }
      }
    }
  }

  public static func lookupGradients(
    of dy: Span<Self>, at codes: Span<UInt8>, _ factors: borrowing LookupFactors<Self>,
    _ shape: LookupShape, accumulatesCorrections: Bool, accumulatesWeight: Bool,
    corrections: inout MutableSpan<Self>, weight: inout MutableSpan<Self>,
    prototypes: inout MutableSpan<Self>
  ) {
    let buffer = AlignedBuffer<Self>(uninitializedCount: shape.tableCount)
    var sums = buffer.uniqueSpan
    fill(&sums, with: .zero)
    for j in 0..<shape.blocks {
      for r in 0..<shape.rows {
        let bucket = (j * shape.entries + Int(codes[j * shape.rows + r])) * shape.outputs
        for m in 0..<shape.outputs { sums[bucket + m] += dy[r * shape.outputs + m] }
      }
    }
    adjoints(
      of: buffer.span, factors, shape, accumulates: accumulatesWeight, weight: &weight,
      prototypes: &prototypes)
    for i in sums.indices {
      corrections[i] = accumulatesCorrections ? corrections[i] + sums[i] : sums[i]
    }
  }

  /// The adjoints of `buildTables` towards weight and prototypes, given the tables' gradient.
  private static func adjoints(
    of sums: Span<Self>, _ factors: borrowing LookupFactors<Self>, _ shape: LookupShape,
    accumulates: Bool, weight: inout MutableSpan<Self>, prototypes: inout MutableSpan<Self>
  ) {
    let (outputs, size) = (shape.outputs, shape.blockSize)
    let stage = shape.blocks / shape.stages
    for j in 0..<shape.blocks {
      let entries = j * shape.entries..<(j + 1) * shape.entries
      for i in 0..<size {
        let row = Int(factors.positions[j * size + i]) * outputs
        for k in entries {
          var sum = Self.zero
          if row >= 0 {
            for m in 0..<outputs { sum += sums[k * outputs + m] * factors.weight[row + m] }
          }
          prototypes[k * size + i] = sum
        }
        guard row >= 0 else { continue }
        for m in 0..<outputs {
          var sum = accumulates || j >= stage ? weight[row + m] : .zero
          for k in entries { sum += factors.prototypes[k * size + i] * sums[k * outputs + m] }
          weight[row + m] = sum
        }
      }
    }
  }

  public static func bucketMeans(
    of x: Span<Self>, by codes: Span<UInt8>, positions: Span<Int32>, _ shape: LookupShape,
    into means: inout MutableSpan<Self>
  ) {
    let size = shape.blockSize
    for j in 0..<shape.blocks {
      var sums = [Double](repeating: 0, count: shape.entries * size)
      var counts = [Double](repeating: 0, count: shape.entries)
      for r in 0..<shape.rows {
        let code = Int(codes[j * shape.rows + r])
        counts[code] += 1
        for i in 0..<size where positions[j * size + i] >= 0 {
          sums[code * size + i] += x[r * shape.inputs + Int(positions[j * size + i])].double
        }
      }
      for i in sums.indices {
        means[j * sums.count + i] = Self(sums[i] / max(1, counts[i / size]))
      }
    }
  }

  public static func mixEntries(
    of values: Span<Self>, from old: Span<UInt8>, to codes: Span<UInt8>, _ shape: LookupShape,
    into mixed: inout MutableSpan<Self>
  ) {
    let (entries, width) = (shape.entries, shape.outputs)
    for i in mixed.indices { mixed[i] = .zero }
    for j in 0..<shape.blocks {
      var counts = [Double](repeating: 0, count: entries)
      var shared = [Double](repeating: 0, count: entries * entries)
      for r in j * shape.rows..<(j + 1) * shape.rows {
        shared[Int(codes[r]) * entries + Int(old[r])] += 1
        counts[Int(codes[r])] += 1
      }
      for (pair, count) in shared.enumerated() where count > 0 {
        let to = (j * entries + pair / entries) * width
        let from = (j * entries + pair % entries) * width
        let share = Self(count / counts[pair / entries])
        for m in 0..<width { mixed[to + m] += share * values[from + m] }
      }
    }
  }

  public static func scaleRowsToOne(
    _ x: Span<Self>, into y: inout MutableSpan<Self>, scales: inout MutableSpan<Self>
  ) {
    guard scales.count > 0 else { return }
    let width = x.count / scales.count
    for r in scales.indices {
      var largest = 0.0
      for i in r * width..<(r + 1) * width {
        let magnitude = x[i].double.magnitude
        largest = magnitude <= largest || largest.isNaN ? largest : magnitude
      }
      var inverse = largest.isFinite ? 1.0 : .nan
      if largest.isFinite && largest > 0 {
        inverse = Double(sign: .plus, exponent: -1 - largest.exponent, significand: 1)
      }
      scales[r] = Self(1 / inverse)
      for i in r * width..<(r + 1) * width { y[i] = x[i] * Self(inverse) }
    }
  }

  public static func scaleRows(_ x: inout MutableSpan<Self>, by scales: Span<Self>) {
    guard scales.count > 0 else { return }
    let width = x.count / scales.count
    for i in x.indices { x[i] *= scales[i / width] }
  }
}
