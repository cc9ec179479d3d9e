internal import AddendKernels
internal import AddendTensors

// The two operations that all passes are made of. The generic forms are the definition; float32 has
// kernels, which agree with it bit for bit.

extension SpaceScanShape {
  /// Sums of table entries, as `SpaceKernels.scan` defines them, shaped `result`.
  func sums<Scalar: TensorScalar>(
    _ table: SpaceTable, selectors: AlignedBuffer<UInt8>, indices: AlignedBuffer<UInt8>,
    termScales: Tensor<Float>? = nil, rowScales: Tensor<Float>? = nil, shaped result: Shape
  ) -> Tensor<Scalar> {
    if Scalar.self == Float.self {
      let (terms, rows) = (termScales ?? Tensor([0]), rowScales ?? Tensor([0]))
      let sums = Tensor<Float>(result) { span in
        SpaceKernels.best.scan(
          self, table, selectors: selectors.span, indices: indices.span,
          termScales: terms.span, rowScales: rows.span, into: &span)
      }
      return Tensor(sums)
    }
    var sums = Tensor<Scalar>(result)
    var span = sums.mutableSpan
    for i in 0..<rows {
      for (c, component) in components.enumerated() where i < component.rows {
        for q in 0..<component.columns {
          let place = component.offset + i * resultStrides.row + q * resultStrides.element
          var sum = Scalar.Accumulator.zero
          for p in 0..<terms {
            let selector = selectors.span[i * selectorStrides.row + p * selectorStrides.element]
            let word = indices.span[p * indexStride + q]
            let scale = Double(termScales?.span[p] ?? 1)
            let entry = Scalar.Accumulator.lookUp(
              Scalar.Accumulator(table.value(Int(selector), c, Int(word)) * scale))
            sum = p == 0 ? entry : sum + entry
          }
          let value = Scalar(rounding: sum)
          span[place] = rowScales.map { value * Scalar(Double($0.span[i])) } ?? value
        }
      }
    }
    return sums
  }
}

/// Turns blocks of numbers into codes without a multiplication: each coordinate's level is found by
/// a binary search of thresholds, the levels together name a cell, and a table says which word is
/// nearest to the cell.
struct SpaceEncoder<Scalar: TensorScalar>: Sendable {
  let dimension: Int
  let bits: Int
  /// Midpoints between levels, `[2^bits − 1]`.
  private let thresholds: Tensor<Scalar>
  /// The code of each cell, the first coordinate's level in the lowest bits.
  private let cells: AlignedBuffer<UInt8>

  /// The bits of a level: few enough that the table of cells stays in a core's cache.
  static func bits(dimension: Int) -> Int { min(8, 16 / dimension) }

  /// - Parameters:
  ///   - levels: the number that stands for each level, ascending.
  ///   - words: `[words, dimension]`.
  init(levels: Tensor<Scalar>, words: Tensor<Scalar>) {
    dimension = words.shape[1]
    bits = Self.bits(dimension: dimension)
    precondition(levels.count == 1 << bits, "a level for each pattern of bits")
    let level = levels.elements.map(\.double)
    thresholds = Tensor(
      [level.count - 1], (1..<level.count).map { Scalar((level[$0 - 1] + level[$0]) / 2) })
    let (dimension, bits) = (dimension, bits)
    let count = 1 << (bits * dimension)
    let centres = Tensor<Float>([dimension, count]) { span in
      for b in 0..<dimension {
        for cell in 0..<count {
          span[b * count + cell] = Float(level[(cell >> (bits * b)) & (level.count - 1)])
        }
      }
    }
    cells = AlignedBuffer(uninitializedCount: count)
    var span = cells.uniqueSpan
    SpaceKernels.best.nearest(
      points: centres.span, dimension: dimension, words: Tensor<Float>(words).span, into: &span)
  }

  func shape(rows: Int, size: Int) -> SpaceEncodingShape {
    SpaceEncodingShape(rows: rows, size: size, dimension: dimension, bits: bits)
  }

  /// The codes of `x · inverseScales`, row by row, rows padded as scans want them.
  func encode(
    _ x: Tensor<Scalar>, inverseScales: Tensor<Float>? = nil
  ) -> AlignedBuffer<UInt8> {
    let shape = shape(rows: x.shape[0], size: x.shape[1])
    let codes = AlignedBuffer<UInt8>(uninitializedCount: shape.rows * shape.codeStride)
    var span = codes.uniqueSpan
    if Scalar.self == Float.self {
      let (x, thresholds) = (Tensor<Float>(x), Tensor<Float>(thresholds))
      let scales = inverseScales ?? Tensor([0])
      SpaceKernels.best.encode(
        shape, x.span, thresholds: thresholds.span, cells: cells.span,
        inverseScales: scales.span, into: &span)
      return codes
    }
    span.update(repeating: 0)
    for i in 0..<shape.rows {
      let scale = inverseScales.map { Scalar(Double($0.span[i])) }
      for s in 0..<shape.blocks {
        var cell = 0
        for b in 0..<dimension {
          let j = s * dimension + b
          let number = j < shape.size ? x.span[i * shape.size + j] : .zero
          cell |= level(of: scale.map { number * $0 } ?? number) << (bits * b)
        }
        span[i * shape.codeStride + s] = UInt8(
          Scalar.lookUp(Scalar(Double(cells.span[cell]))).double)
      }
    }
    return codes
  }

  /// The number of thresholds ≤ `number`.
  private func level(of number: Scalar) -> Int {
    var level = 0
    var step = 1 << (bits - 1)
    while step > 0 {
      if number >= thresholds.span[level + step - 1] { level += step }
      step >>= 1
    }
    return level
  }
}
