import AddendKernels
import Testing

/// Sums of table entries, and blocks turned into codes.
struct SpaceKernelsTests {
  /// A stream of numbers whose period no vector width divides.
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) | (state << 31)
    }
    mutating func bytes(_ count: Int, below limit: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8(Int.random(in: 0..<limit, using: &self)) }
    }
    mutating func floats(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -2...2, using: &self) }
    }
  }

  /// Operands of one scan, its result padded with a border that no kernel may touch.
  private struct Scan {
    let shape: SpaceScanShape
    let table: SpaceTable
    let selectors: [UInt8]
    let indices: [UInt8]
    let termExponents: [Int32]
    let rowExponents: [Int32]

    init(rows: Int, terms: Int, columns: Int, components: Int, words: Int) {
      var numbers = Numbers(state: UInt64(rows * 7919 + terms * 31 + columns))
      let stride = SpaceScanShape.codeStride(columns)
      shape = SpaceScanShape(
        rows: rows, terms: terms, columns: columns,
        selectorStrides: .init(row: terms, element: 1), indexStride: stride,
        resultStrides: .init(row: columns * components + 3, element: components),
        components: (0..<components).map {
          // The last component lacks a row and a column, as padding does.
          let gap = $0 == components - 1 && components > 1 ? 1 : 0
          return .init(offset: $0, rows: max(0, rows - gap), columns: max(0, columns - gap))
        })
      let entries = numbers.floats(23 * components * words)
      table = SpaceTable(selectors: 23, components: components, words: words) {
        Double(entries[($0 * components + $1) * words + $2])
      }
      selectors = numbers.bytes(rows * terms, below: 23)
      indices = numbers.bytes(terms * stride, below: words)
      termExponents = (0..<terms).map { _ in Int32.random(in: -6...6, using: &numbers) }
      rowExponents = (0..<rows).map { Int32($0 % 5 - 2) }
    }

    var resultCount: Int { shape.rows * shape.resultStrides.row }

    func result(_ kernels: SpaceKernels, scaled: Bool) -> [Float] {
      var result = [Float](repeating: 77, count: resultCount)
      var span = result.mutableSpan
      let (none, terms, rows) = ([Int32](), termExponents, rowExponents)
      kernels.scan(
        shape, table, selectors: selectors.span, indices: indices.span,
        termExponents: scaled ? terms.span : none.span,
        rowExponents: scaled ? rows.span : none.span,
        into: &span)
      return result
    }

    /// What the doc comment of `scan` says, in the order of the terms.
    func expected(scaled: Bool) -> [Float] {
      var result = [Float](repeating: 77, count: resultCount)
      for i in 0..<shape.rows {
        for (c, component) in shape.components.enumerated() where i < component.rows {
          for q in 0..<component.columns {
            var sum: Float = 0
            for p in 0..<shape.terms {
              let word = Int(indices[p * shape.indexStride + q])
              let shift = scaled ? Int(termExponents[p]) : 0
              sum += Float(
                table.value(Int(selectors[i * shape.terms + p]), c, word, shiftedBy: shift))
            }
            let place =
              component.offset + i * shape.resultStrides.row + q * shape.resultStrides.element
            result[place] =
              sum * Float(sign: .plus, exponent: scaled ? Int(rowExponents[i]) : 0, significand: 1)
          }
        }
      }
      return result
    }
  }

  @Test(
    arguments: InstructionSet.available,
    [(1, 1, 1), (3, 5, 63), (4, 17, 64), (2, 40, 65), (5, 9, 130), (2, 0, 7), (0, 3, 3)])
  func scansOfAllVariantsGiveTheDefinitionsBits(
    _ set: InstructionSet, _ extents: (rows: Int, terms: Int, columns: Int)
  ) {
    for (components, words) in [(1, 256), (2, 256), (3, 100), (4, 2)] {
      let scan = Scan(
        rows: extents.rows, terms: extents.terms, columns: extents.columns,
        components: components, words: words)
      for scaled in [false, true] {
        let result = scan.result(SpaceKernels(set), scaled: scaled)
        #expect(result == scan.expected(scaled: scaled), "\(components) × \(words), \(scaled)")
      }
    }
  }

  @Test func scansDoNotDependOnTheThreadCount() {
    let scan = Scan(rows: 97, terms: 60, columns: 130, components: 2, words: 256)
    let results = [1, 2, 5].map { count in
      ThreadPool.$current.withValue(ThreadPool(threadCount: count)) {
        scan.result(.best, scaled: true)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func tableEntriesAreWithinHalfAStep() {
    var numbers = Numbers(state: 5)
    let values = numbers.floats(6 * 2 * 50)
    let table = SpaceTable(selectors: 6, components: 2, words: 50) {
      Double(values[($0 * 2 + $1) * 50 + $2])
    }
    // 2 / 32767 is just above 2^−14.
    #expect(table.exponent == -13 || table.exponent == -14)
    let step = Double(sign: .plus, exponent: table.exponent, significand: 1)
    for s in 0..<6 {
      for c in 0..<2 {
        for w in 0..<50 {
          let error = table.value(s, c, w) - Double(values[(s * 2 + c) * 50 + w])
          #expect(error.magnitude <= step / 2)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 3, 5, 8])
  func encodingFindsTheCellOfEachBlock(_ set: InstructionSet, dimension: Int) {
    var numbers = Numbers(state: UInt64(dimension))
    let bits = min(8, 16 / dimension)
    for size in [1, 2, 7, 16, 33, 515] {
      let shape = SpaceEncodingShape(rows: 3, size: size, dimension: dimension, bits: bits)
      let thresholds = numbers.floats(shape.thresholdCount).sorted()
      let cells = numbers.bytes(shape.cellCount, below: 256)
      var x = numbers.floats(3 * size)
      // On a threshold counts as above it; what is not a number is below all.
      x[0] = thresholds[thresholds.count / 2]
      x[size] = .nan
      let exponents: [Int32] = [0, -1, 2]
      for scaled in [false, true] {
        var codes = [UInt8](repeating: 9, count: 3 * shape.codeStride)
        var span = codes.mutableSpan
        let none = [Int32]()
        SpaceKernels(set).encode(
          shape, x.span, thresholds: thresholds.span, cells: cells.span,
          exponents: scaled ? exponents.span : none.span, into: &span)
        for i in 0..<3 {
          for s in 0..<shape.codeStride {
            var cell = 0
            for b in 0..<dimension {
              let j = s * dimension + b
              let v = j < size ? x[i * size + j] * (scaled ? [1, 2, 0.25][i] : 1) : 0
              cell += thresholds.count { v >= $0 } << (bits * b)
            }
            #expect(codes[i * shape.codeStride + s] == (s < shape.blocks ? cells[cell] : 0))
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 3, 4, 16, 64])
  func treesLeadToTheLeafOfEachBlock(_ set: InstructionSet, dimension: Int) {
    var numbers = Numbers(state: UInt64(dimension))
    for (size, depth) in [(1, 1), (5, 3), (70, 12), (64 * 17, 7), (515, 5)] {
      let shape = SpaceEncodingShape(rows: 3, size: size, dimension: dimension, bits: depth)
      let columns = (0..<shape.nodeCount).map { _ in
        Int32.random(in: 0..<Int32(dimension), using: &numbers)
      }
      var thresholds = numbers.floats(shape.nodeCount)
      thresholds[shape.nodeCount / 2] = .infinity
      let leaves = numbers.bytes(shape.nodeCount, below: 256)
      var x = numbers.floats(3 * size)
      x[0] = thresholds[1]
      x[size] = .nan
      let exponents: [Int32] = [0, -1, 2]
      for scaled in [false, true] {
        var codes = [UInt8](repeating: 9, count: 3 * shape.codeStride)
        var span = codes.mutableSpan
        let none = [Int32]()
        SpaceKernels(set).encode(
          shape, x.span, columns: columns.span, thresholds: thresholds.span, leaves: leaves.span,
          exponents: scaled ? exponents.span : none.span, into: &span)
        for i in 0..<3 {
          for s in 0..<shape.codeStride {
            var node = 1
            for _ in 0..<depth {
              let j = s * dimension + Int(columns[node])
              let v = j < size ? x[i * size + j] * (scaled ? [1, 2, 0.25][i] : 1) : 0
              node = 2 * node + (v >= thresholds[node] ? 1 : 0)
            }
            let leaf = leaves[node - shape.nodeCount]
            #expect(codes[i * shape.codeStride + s] == (s < shape.blocks ? leaf : 0))
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 5])
  func theNearestWordIsFound(_ set: InstructionSet, dimension: Int) {
    for count in [1, 15, 16, 17, 100] { checkNearest(set, dimension, count) }
  }

  private func checkNearest(_ set: InstructionSet, _ dimension: Int, _ count: Int) {
    var numbers = Numbers(state: UInt64(count * 10 + dimension))
    let points = numbers.floats(dimension * count)
    var words = numbers.floats(dimension * 40)
    // Two words the same: the first is taken.
    words.append(contentsOf: words[0..<dimension])
    words.append(contentsOf: (0..<dimension).map { points[$0 * count] })
    words.append(contentsOf: (0..<dimension).map { points[$0 * count] })
    var codes = [UInt8](repeating: 0, count: count)
    var span = codes.mutableSpan
    SpaceKernels(set).nearest(
      points: points.span, dimension: dimension, words: words.span, into: &span)
    #expect(codes[0] == 41)
    for i in 0..<count {
      let distances = (0..<43).map { k in
        (0..<dimension).reduce(Float(0)) { sum, c in
          let difference = points[c * count + i] - words[k * dimension + c]
          return sum + difference * difference
        }
      }
      #expect(distances.firstIndex(of: distances.min() ?? 0) == Int(codes[i]))
    }
  }

  @Test(arguments: InstructionSet.available)
  func cellsHoldTheWordWithTheLeastSum(_ set: InstructionSet) {
    for (uppers, lowers, words) in [(1, 16, 1), (3, 48, 7), (5, 64, 256)] {
      var numbers = Numbers(state: UInt64(words))
      // Whole numbers, so that sums tie: the first word is taken.
      let upper = numbers.bytes(uppers * words, below: 9).map(Float.init)
      let lower = numbers.bytes(words * lowers, below: 9).map(Float.init)
      var cells = [UInt8](repeating: 99, count: uppers * lowers)
      var span = cells.mutableSpan
      SpaceKernels(set).fillCells(
        upper: upper.span, lower: lower.span, words: words, into: &span)
      for a in 0..<uppers {
        for b in 0..<lowers {
          let sums = (0..<words).map { upper[a * words + $0] + lower[$0 * lowers + b] }
          #expect(sums.firstIndex(of: sums.min() ?? 0) == Int(cells[a * lowers + b]))
        }
      }
    }
  }

  @Test func rowExponentsAreThoseJustAboveTheLargest() {
    let rows: [[Float]] = [
      [0.5, -0.75, 0.1], [1, 0, 0], [-4, 3.99, 2], [0, 0, 0], [1e-3, 2e-38, 0], [0, 3e38, 0],
    ]
    var exponents = [Int32](repeating: 0, count: rows.count)
    let x = rows.flatMap(\.self)
    var span = exponents.mutableSpan
    SpaceKernels.best.rowExponents(x.span, into: &span)
    #expect(exponents == [0, 1, 3, -100, -9, 100])
  }

  @Test(arguments: InstructionSet.available)
  func scalingAddsToExponents(_ set: InstructionSet) {
    // One entry at a time, so that the sum is the entry; beyond the range of float32 there is zero or
    // infinity, which a product would have rounded to.
    let table = SpaceTable(selectors: 1, components: 1, words: 3) { [0, 0x1p100, -0x1p90][$2] }
    let shape = SpaceScanShape(
      rows: 3, terms: 1, columns: 3, selectorStrides: .init(row: 0, element: 0), indexStride: 64,
      resultStrides: .init(row: 3, element: 1),
      components: [.init(offset: 0, rows: 3, columns: 3)])
    let indices: [UInt8] = [0, 1, 2] + [UInt8](repeating: 0, count: 61)
    let (selectors, none, exponents) = ([UInt8(0)], [Int32](), [Int32(-20), 30, 0])
    var result = [Float](repeating: 9, count: 9)
    var span = result.mutableSpan
    SpaceKernels(set).scan(
      shape, table, selectors: selectors.span, indices: indices.span, termExponents: none.span,
      rowExponents: exponents.span, into: &span)
    #expect(result == [0, 0x1p80, -0x1p70, 0, .infinity, -0x1p120, 0, 0x1p100, -0x1p90])
  }

  @Test func deviationsFromWordsAreAdded() {
    let shape = SpaceEncodingShape(rows: 2, size: 3, dimension: 2, bits: 1)
    let x: [Float] = [1, 2, 3, 4, 5, 6]
    let words: [Float] = [0.5, 1, 4, 8]
    var codes = [UInt8](repeating: 0, count: 2 * shape.codeStride)
    codes[1] = 1
    codes[shape.codeStride] = 1
    var dx: [Float] = [10, 20, 30, 40, 50, 60]
    var span = dx.mutableSpan
    SpaceKernels.best.addDeviation(
      shape, x.span, codes: codes.span, words: words.span, exponent: 1, to: &span)
    #expect(dx == [11, 22, 28, 40, 44, 71])
  }
}
