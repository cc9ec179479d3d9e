internal import CAddendKernels

/// The extents of an encoding: rows cut into blocks, each to become a code.
public struct SpaceEncodingShape: Hashable, Sendable {
  public let rows: Int
  /// Numbers in a row.
  public let size: Int
  /// Numbers in a block, at most 8.
  public let dimension: Int
  /// Bits of a coordinate's level; at most 8, and 16 for a block's coordinates together.
  public let bits: Int

  public init(rows: Int, size: Int, dimension: Int, bits: Int) {
    precondition(rows >= 0 && size >= 0, "encoding: extents are not negative")
    precondition(
      1...8 ~= dimension && 1...8 ~= bits && bits * dimension <= 16,
      "encoding: a block's levels name one of at most 65,536 cells")
    self.rows = rows
    self.size = size
    self.dimension = dimension
    self.bits = bits
  }

  /// Blocks of a row, the last one padded with zeros.
  public var blocks: Int { (size + dimension - 1) / dimension }
  /// Codes of a row, padding included.
  public var codeStride: Int { SpaceScanShape.codeStride(blocks) }
  public var cellCount: Int { 1 << (bits * dimension) }
  public var thresholdCount: Int { 1 << bits - 1 }

  var extents: addend_space_encoding_shape {
    addend_space_encoding_shape(
      size: size, dimension: dimension, bits: bits, code_stride: codeStride)
  }
}

// Safe throughout: extents are checked before addresses are taken, parts write rows of their own, and
// C keeps no pointer.

extension SpaceKernels {
  /// `codes[i][s] = cells[the levels of block s of row i, the first coordinate's lowest]`, a level
  /// being the number of thresholds ≤ `x · inverseScales[i]`.
  ///
  /// An empty span of scales stands for ones. Codes behind a row's blocks are 0. NaN has level 0.
  ///
  /// Cost per block: `dimension · bits` comparisons and one look-up.
  public func encode(
    _ shape: SpaceEncodingShape, _ x: Span<Float>, thresholds: Span<Float>, cells: Span<UInt8>,
    inverseScales: Span<Float>, into codes: inout MutableSpan<UInt8>
  ) {
    precondition(
      x.count == shape.rows * shape.size && codes.count == shape.rows * shape.codeStride
        && thresholds.count == shape.thresholdCount && cells.count == shape.cellCount
        && (inverseScales.isEmpty || inverseScales.count == shape.rows), "encoding: extents")
    let extents = shape.extents
    guard let codes = unsafe codes.address else { return }
    let size = Self.partRows(workPerRow: 8 * shape.size)
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe functions.encode(
        extents, x.address, thresholds.address, cells.address, inverseScales.scales, first,
        first + count, codes)
    }
  }

  /// `codes[i]` = the first word that is nearest to point `i`.
  ///
  /// `points` is `[dimension][count]`, `words` `[words][dimension]`, at most 256 of them. An
  /// exhaustive search: `count · words · dimension` multiplications. Codebooks are made with it; rows
  /// are encoded without.
  public func nearest(
    points: Span<Float>, dimension: Int, words: Span<Float>, into codes: inout MutableSpan<UInt8>
  ) {
    let stride = codes.count
    precondition(dimension > 0 && points.count == dimension * stride, "nearest: points")
    precondition(words.count % dimension == 0, "nearest: words")
    let count = words.count / dimension
    precondition(1...256 ~= count, "nearest: codes are bytes")
    guard let codes = unsafe codes.address else { return }
    let size = Self.partRows(workPerRow: words.count)
    ThreadPool.forEachPart(of: stride, size: size) { first, part in
      unsafe functions.nearest(
        points.address, stride, dimension, words.address, count, first, first + part, codes)
    }
  }

  /// For each row of `x` the power of two `s` with `s/2 ≤ max |x| < s`, and `1/s`.
  ///
  /// Scales are kept within 2^±100. Cost: a comparison a number; exponents are read off.
  public func rowScales(
    _ x: Span<Float>, scales: inout MutableSpan<Float>, inverseScales: inout MutableSpan<Float>
  ) {
    let rows = scales.count
    precondition(inverseScales.count == rows && (rows == 0 || x.count % rows == 0), "row scales")
    guard let scales = unsafe scales.address, let inverses = unsafe inverseScales.address else {
      return
    }
    let columns = x.count / rows
    ThreadPool.forEachPart(of: rows, size: Self.partRows(workPerRow: columns)) { first, count in
      unsafe addend_space_row_scales(x.address, columns, first, first + count, scales, inverses)
    }
  }

  /// `dx += factor · (x − the word that x's block was coded as)`.
  ///
  /// `words` is `[words][dimension]`; `codes` are those that `encode` gave for `x`.
  public func addDeviation(
    _ shape: SpaceEncodingShape, _ x: Span<Float>, codes: Span<UInt8>, words: Span<Float>,
    factor: Float, to dx: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == shape.rows * shape.size && dx.count == x.count
        && codes.count == shape.rows * shape.codeStride
        && codes.areBelow(words.count / shape.dimension), "deviation: extents")
    let extents = shape.extents
    guard let dx = unsafe dx.address else { return }
    let size = Self.partRows(workPerRow: shape.size)
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe addend_space_add_deviation(
        extents, x.address, codes.address, words.address, factor, first, first + count, dx)
    }
  }
}
