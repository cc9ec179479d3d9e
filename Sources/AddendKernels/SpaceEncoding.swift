internal import CAddendKernels

/// The extents of an encoding: rows cut into blocks, each to become a code.
public struct SpaceEncodingShape: Hashable, Sendable {
  public var rows: Int
  /// Numbers in a row.
  public var size: Int
  /// Numbers in a block, at most 8.
  public var dimension: Int
  /// Bits of a coordinate's level; at most 8, and 16 for a block's coordinates together.
  public var bits: Int

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

/// `codes[i][s] = cells[the levels of block s of row i, the first coordinate's lowest]`, a level
/// being the number of thresholds ≤ `x · inverseScales[i]`.
///
/// No spans of scales stand for ones. Codes behind a row's blocks are 0. NaN has level 0.
///
/// Cost per block: `dimension · bits` comparisons and one look-up.
public func spaceEncode(
  _ shape: SpaceEncodingShape, _ x: Span<Float>, thresholds: Span<Float>, cells: Span<UInt8>,
  inverseScales: Span<Float>, into codes: inout MutableSpan<UInt8>,
  using variant: SpaceKernelVariant = .best
) {
  precondition(
    x.count == shape.rows * shape.size && codes.count == shape.rows * shape.codeStride
      && thresholds.count == shape.thresholdCount && cells.count == shape.cellCount
      && (inverseScales.isEmpty || inverseScales.count == shape.rows), "encoding: extents")
  guard let encode = unsafe addend_space_encode_select(variant.selector) else {
    preconditionFailure("this machine lacks \(variant)")
  }
  var extents = shape.extents
  // Safe: the extents were checked above, pieces write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe thresholds.withUnsafeBufferPointer { thresholds in
      unsafe cells.withUnsafeBufferPointer { cells in
        unsafe inverseScales.withUnsafeBufferPointer { scales in
          unsafe codes.withUnsafeMutableBufferPointer { codes in
            unsafe withUnsafePointer(to: &extents) { extents in
              RowPieces(rows: shape.rows, workPerRow: 8 * shape.size).run { first, last in
                unsafe encode(
                  extents, x.baseAddress, thresholds.baseAddress, cells.baseAddress,
                  scales.isEmpty ? nil : scales.baseAddress, first, last, codes.baseAddress)
              }
            }
          }
        }
      }
    }
  }
}

/// `codes[i]` = the first word that is nearest to point `i`.
///
/// `points` is `[dimension][count]`, `words` `[words][dimension]`, at most 256 of them. An exhaustive
/// search: `count · words · dimension` multiplications. Codebooks are made with it; rows are encoded
/// without.
public func spaceNearest(
  points: Span<Float>, dimension: Int, words: Span<Float>, into codes: inout MutableSpan<UInt8>,
  using variant: SpaceKernelVariant = .best
) {
  let count = codes.count
  precondition(dimension > 0 && points.count == dimension * count, "nearest: points")
  precondition(words.count % dimension == 0, "nearest: words")
  precondition(1...256 ~= words.count / dimension, "nearest: codes are bytes")
  guard let nearest = unsafe addend_space_nearest_select(variant.selector) else {
    preconditionFailure("this machine lacks \(variant)")
  }
  // Safe: the extents were checked above, pieces write codes of their own, and C keeps no pointer.
  unsafe points.withUnsafeBufferPointer { points in
    unsafe words.withUnsafeBufferPointer { words in
      unsafe codes.withUnsafeMutableBufferPointer { codes in
        RowPieces(rows: count, workPerRow: words.count).run { first, last in
          unsafe nearest(
            points.baseAddress, count, dimension, words.baseAddress, words.count / dimension,
            first, last, codes.baseAddress)
        }
      }
    }
  }
}

/// For each row of `x` the power of two `s` with `s/2 ≤ max |x| < s`, and `1/s`.
///
/// Scales are kept within 2^±100. Cost: a comparison a number; exponents are read off, not computed.
public func spaceRowScales(
  _ x: Span<Float>, scales: inout MutableSpan<Float>, inverseScales: inout MutableSpan<Float>
) {
  let rows = scales.count
  precondition(inverseScales.count == rows && (rows == 0 || x.count % rows == 0), "row scales")
  guard rows > 0 else { return }
  let size = x.count / rows
  // Safe: the extents were checked above, pieces write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe scales.withUnsafeMutableBufferPointer { scales in
      unsafe inverseScales.withUnsafeMutableBufferPointer { inverseScales in
        RowPieces(rows: rows, workPerRow: size).run { first, last in
          unsafe addend_space_row_scales(
            x.baseAddress, size, first, last, scales.baseAddress, inverseScales.baseAddress)
        }
      }
    }
  }
}

/// `dx += factor · (x − the word that x's block was coded as)`.
///
/// `words` is `[words][dimension]`; `codes` are those that `spaceEncode` gave for `x`.
public func spaceAddDeviation(
  _ shape: SpaceEncodingShape, _ x: Span<Float>, codes: Span<UInt8>, words: Span<Float>,
  factor: Float, to dx: inout MutableSpan<Float>
) {
  precondition(
    x.count == shape.rows * shape.size && dx.count == x.count
      && codes.count == shape.rows * shape.codeStride
      && codes.areBelow(words.count / shape.dimension), "deviation: extents")
  var extents = shape.extents
  // Safe: the extents were checked above, pieces write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe words.withUnsafeBufferPointer { words in
        unsafe dx.withUnsafeMutableBufferPointer { dx in
          unsafe withUnsafePointer(to: &extents) { extents in
            RowPieces(rows: shape.rows, workPerRow: shape.size).run { first, last in
              unsafe addend_space_add_deviation(
                extents, x.baseAddress, codes.baseAddress, words.baseAddress, factor, first, last,
                dx.baseAddress)
            }
          }
        }
      }
    }
  }
}
