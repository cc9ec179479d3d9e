internal import CAddendKernels

/// The extents of an encoding: rows cut into blocks, each to become a code.
public struct SpaceEncodingShape: Hashable, Sendable {
  public let rows: Int
  /// Numbers in a row.
  public let size: Int
  /// Numbers in a block, at most 64; where coordinates have levels, at most 16.
  public let dimension: Int
  /// Bits of a coordinate's level, at most 8, and 16 for a block's coordinates together; or the depth
  /// of a tree, at most 16.
  public let bits: Int

  public init(rows: Int, size: Int, dimension: Int, bits: Int) {
    precondition(rows >= 0 && size >= 0, "encoding: extents are not negative")
    precondition(
      1...64 ~= dimension && 1...16 ~= bits, "encoding: blocks of 64 numbers, 16 bits at most")
    self.rows = rows
    self.size = size
    self.dimension = dimension
    self.bits = bits
  }

  /// Blocks of a row, the last one padded with zeros.
  public var blocks: Int { (size + dimension - 1) / dimension }
  /// Codes of a row, padding included.
  public var codeStride: Int { SpaceScanShape.codeStride(blocks) }
  /// The cells that the levels of a block's coordinates name.
  public var cellCount: Int { 1 << (bits * dimension) }
  /// Thresholds between a coordinate's levels.
  public var thresholdCount: Int { 1 << bits - 1 }
  /// Places for a tree's nodes, the first one unused; and as many leaves.
  public var nodeCount: Int { 1 << bits }

  var extents: addend_space_encoding_shape {
    addend_space_encoding_shape(
      size: size, dimension: dimension, bits: bits, code_stride: codeStride)
  }

  func check(_ x: Span<Float>, exponents: Span<Int32>, codes: Int) {
    precondition(
      x.count == rows * size && codes == rows * codeStride
        && (exponents.isEmpty || exponents.count == rows), "encoding: extents")
    precondition(exponents.areModerate, "encoding: exponents")
  }
}

// Safe throughout: extents are checked before addresses are taken, parts write rows of their own, and
// C keeps no pointer.

extension SpaceKernels {
  /// `codes[i][s] = cells[the levels of block s of row i, the first coordinate's lowest]`, a level
  /// being the number of thresholds ≤ `x · 2^−exponents[i]`.
  ///
  /// Numbers are scaled by adding to their exponents; an empty span stands for zeros. Codes behind a
  /// row's blocks are 0. NaN has level 0.
  ///
  /// Cost per block: `dimension · bits` comparisons and one look-up.
  public func encode(
    _ shape: SpaceEncodingShape, _ x: Span<Float>, thresholds: Span<Float>, cells: Span<UInt8>,
    exponents: Span<Int32>, into codes: inout MutableSpan<UInt8>
  ) {
    shape.check(x, exponents: exponents, codes: codes.count)
    precondition(shape.bits <= 8 && shape.bits * shape.dimension <= 16, "encoding: too many cells")
    precondition(
      thresholds.count == shape.thresholdCount && cells.count == shape.cellCount,
      "encoding: thresholds and cells")
    let extents = shape.extents
    guard let codes = unsafe codes.address else { return }
    let size = Self.partRows(workPerRow: 8 * shape.size)
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe functions.encode(
        extents, x.address, thresholds.address, cells.address, exponents.addressIfAny, first,
        first + count, codes)
    }
  }

  /// `codes[i][s] = leaves[the leaf that block s of row i reaches]`.
  ///
  /// From node 1 on, a block goes to `2 · node + 1` where its number `columns[node]`, times
  /// `2^−exponents[i]`, is `thresholds[node]` or more, and to `2 · node` elsewhere, with NaN too; leaf
  /// 0 is node `nodeCount`. The rest is as for cells.
  ///
  /// Cost per block: `bits` comparisons, `3 · bits + 1` reads.
  public func encode(
    _ shape: SpaceEncodingShape, _ x: Span<Float>, columns: Span<Int32>, thresholds: Span<Float>,
    leaves: Span<UInt8>, exponents: Span<Int32>, into codes: inout MutableSpan<UInt8>
  ) {
    shape.check(x, exponents: exponents, codes: codes.count)
    let nodes = shape.nodeCount
    precondition(
      columns.count == nodes && thresholds.count == nodes && leaves.count == nodes,
      "encoding: a tree's nodes")
    for i in columns.indices {
      precondition(0..<Int32(shape.dimension) ~= columns[i], "encoding: a column beyond the block")
    }
    let extents = shape.extents
    guard let codes = unsafe codes.address else { return }
    let size = Self.partRows(workPerRow: 8 * shape.size)
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe functions.encode_tree(
        extents, x.address, columns.address, thresholds.address, leaves.address,
        exponents.addressIfAny, first, first + count, codes)
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

  /// `cells[a · lowers + b]` = the first word `k` that minimises `upper[a][k] + lower[k][b]`: two parts
  /// of a squared distance.
  ///
  /// `upper` is `[uppers][words]`, `lower` `[words][lowers]`, `lowers` a multiple of 16. Cost: an
  /// addition and a comparison for each cell and word.
  public func fillCells(
    upper: Span<Float>, lower: Span<Float>, words: Int, into cells: inout MutableSpan<UInt8>
  ) {
    precondition(1...256 ~= words, "cells: codes are bytes")
    let (uppers, lowers) = (upper.count / words, lower.count / words)
    precondition(
      upper.count == uppers * words && lower.count == lowers * words && lowers % 16 == 0
        && cells.count == uppers * lowers, "cells: extents")
    guard let cells = unsafe cells.address else { return }
    ThreadPool.forEachPart(
      of: uppers, size: Self.partRows(workPerRow: lower.count / 4)
    ) { first, count in
      unsafe functions.cells(
        upper.address, lower.address, lowers, words, first, first + count, cells)
    }
  }

  /// For each row of `x` the exponent `e` with `2^(e−1) ≤ max |x| < 2^e`, kept within ±100.
  ///
  /// Cost: a comparison a number; exponents are read off.
  public func rowExponents(_ x: Span<Float>, into exponents: inout MutableSpan<Int32>) {
    let rows = exponents.count
    precondition(rows == 0 || x.count % rows == 0, "row exponents")
    guard let exponents = unsafe exponents.address else { return }
    let columns = x.count / rows
    ThreadPool.forEachPart(of: rows, size: Self.partRows(workPerRow: columns)) { first, count in
      unsafe addend_space_row_exponents(x.address, columns, first, first + count, exponents)
    }
  }

  /// `dx += (x − the word that x's block was coded as) · 2^exponent`.
  ///
  /// `words` is `[words][dimension]`; `codes` are those that `encode` gave for `x`.
  public func addDeviation(
    _ shape: SpaceEncodingShape, _ x: Span<Float>, codes: Span<UInt8>, words: Span<Float>,
    exponent: Int, to dx: inout MutableSpan<Float>
  ) {
    shape.check(x, exponents: Span(), codes: codes.count)
    precondition(
      dx.count == x.count && codes.areBelow(words.count / shape.dimension), "deviation: extents")
    let extents = shape.extents
    guard let dx = unsafe dx.address else { return }
    let size = Self.partRows(workPerRow: shape.size)
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe addend_space_add_deviation(
        extents, x.address, codes.address, words.address, Int32(exponent), first, first + count,
        dx)
    }
  }
}
