internal import CAddendKernels

/// A matrix of signs packed for products with rows of pixels of 8 bits.
///
/// Values are those of `BinaryMatrix` for eight planes. Where the processor permutes words in vectors,
/// they are looked up: for each six pixels of a row a table of their 64 sums serves all columns.
/// Elsewhere pixels are laid out in planes.
public struct BinaryPixelMatrix: Sendable {
  public let inputs: Int
  public var columns: Int { matrix.columns }
  private let matrix: BinaryMatrix
  private let set: InstructionSet
  /// What look-ups read: codes of weights, and 255 times each column's ones.
  private let codes: AlignedBuffer<UInt16>?
  private let bases: [Int32]

  /// - Parameter words: the bits of each column's weights, `[columns, ⌈inputs / 64⌉]`.
  public init(
    _ words: Span<UInt64>, columns: Int, inputs: Int, using set: InstructionSet = .best
  ) {
    let wordCount = BinaryRows.wordCount(inputs)
    matrix = BinaryMatrix(words, columns: columns, wordCount: wordCount, using: set)
    self.inputs = inputs
    self.set = set
    bases = (0..<columns).map { j in
      255 * Int32((0..<wordCount).reduce(0) { $0 + words[j * wordCount + $1].nonzeroBitCount })
    }
    guard unsafe set.binaryKernels.pixels != nil else {
      codes = nil
      return
    }
    let both = 2 * Int(ADDEND_BINARY_GROUP)
    let count = (inputs + both - 1) / both * BinaryMatrix.panelWidth * BinaryMatrix.panels(columns)
    let packed = AlignedBuffer<UInt16>(uninitializedCount: count)
    var span = packed.uniqueSpan
    codes = packed
    // Safe: the extents were checked above, and C keeps no pointer.
    guard let from = unsafe words.address, let to = unsafe span.address else { return }
    unsafe addend_binary_codes(columns, inputs, from, to)
  }

  /// The sum of products is `v − bases[j]`: 255 times each column's ones.
  public var columnBases: [Int32] { bases }

  /// Bytes that a product reads.
  public var byteCount: Int { codes.map { 2 * $0.count + 4 * columns } ?? matrix.byteCount }

  /// Words of scratch memory for so many rows.
  public func scratchCount(rows: Int) -> Int { codes == nil ? 8 * rows * matrix.wordCount : 0 }

  /// `sums[r, j] = offsets[j] + v(r, j)`. Shapes: `x` `[rows, inputs]`, `offsets` `[columns]`,
  /// `sums` `[rows, columns]`, `scratch` at least as large as `scratchCount` says.
  public func sums(
    of x: Span<UInt8>, offsets: Span<Int32>, scratch: inout MutableSpan<UInt64>,
    into sums: inout MutableSpan<Int32>
  ) {
    let rows = BinaryRows.rowCount(x.count, inputs)
    precondition(
      sums.count == rows * columns && offsets.count == columns, "products of pixels: extents")
    guard codes != nil else {
      let count = makePlanes(of: x, rows, &scratch)
      matrix.sums(
        of: scratch.span.extracting(first: count), planes: 8, offsets: offsets, into: &sums)
      return
    }
    guard let from = unsafe x.address, let to = unsafe sums.address else { return }
    // Safe: the extents were checked above.
    unsafe lookUp(rows, from) {
      unsafe $0.offsets = offsets.address
      unsafe $0.sums = to
    }
  }

  /// `bits[r, j] = (v(r, j) ≥ thresholds[j]) ≠ flips[j]`. Shapes: as `sums`, `bits` `[rows,
  /// ⌈columns / 64⌉]`.
  public func bits(
    of x: Span<UInt8>, thresholds: Span<Int32>, flips: Span<UInt64>,
    scratch: inout MutableSpan<UInt64>, into bits: inout MutableSpan<UInt64>
  ) {
    let rows = BinaryRows.rowCount(x.count, inputs)
    let words = BinaryRows.wordCount(columns)
    precondition(
      bits.count == rows * words && thresholds.count == columns && flips.count == words,
      "products of pixels: extents")
    guard codes != nil else {
      let count = makePlanes(of: x, rows, &scratch)
      matrix.bits(
        of: scratch.span.extracting(first: count), planes: 8, thresholds: thresholds,
        flips: flips, into: &bits)
      return
    }
    guard let from = unsafe x.address, let to = unsafe bits.address else { return }
    // Safe: as above.
    unsafe lookUp(rows, from) {
      unsafe $0.thresholds = thresholds.address
      unsafe $0.flips = flips.address
      unsafe $0.bits = to
    }
  }

  /// Chained planes at the start of the scratch memory; returns how many words they are.
  private func makePlanes(
    of x: Span<UInt8>, _ rows: Int, _ scratch: inout MutableSpan<UInt64>
  ) -> Int {
    let count = scratchCount(rows: rows)
    var planes = scratch.part(first: count)
    BinaryRows.planes(of: x, columns: inputs, into: &planes, using: set)
    BinaryRows.chain(&planes, wordCount: matrix.wordCount)
    return count
  }

  /// A part is a few rows and as many panels as one call takes.
  @unsafe private func lookUp(
    _ rows: Int, _ x: UnsafePointer<UInt8>, _ results: (inout addend_binary_product) -> Void
  ) {
    guard let packed = codes else { return }
    let (codes, numbers) = (packed.span, bases.span)
    var whole = unsafe addend_binary_pixels()
    unsafe whole.product.planes = 8
    unsafe whole.product.columns = columns
    unsafe whole.inputs = inputs
    unsafe whole.codes = codes.address
    unsafe whole.bases = numbers.address
    unsafe results(&whole.product)
    let pixels = unsafe whole
    let tall = Int(ADDEND_BINARY_PIXEL_ROWS)
    // Tables are made anew in each part; few rows leave no others to share the work by.
    let wide = rows > 4 * tall ? Int(ADDEND_BINARY_PIXEL_PANELS) : 16
    let panels = BinaryMatrix.panels(columns)
    let panelParts = (panels + wide - 1) / wide
    let (kernel, width) = unsafe (set.binaryKernels.pixels, BinaryRows.wordCount(columns))
    let parts = (rows + tall - 1) / tall * panelParts
    // Few inputs and columns make short parts.
    let together = max(1, 65_536 / (inputs * min(wide, panels)))
    ThreadPool.forEachPart(of: parts, size: together) { first, count in
      for part in first..<first + count {
        let row = part / panelParts * tall
        var one = unsafe pixels
        unsafe one.product.rows = min(tall, rows - row)
        unsafe one.product.first_panel = part % panelParts * wide
        unsafe one.product.panels = min(wide, panels - one.product.first_panel)
        unsafe one.x = x + row * inputs
        if let sums = unsafe one.product.sums { unsafe one.product.sums = sums + row * columns }
        if let bits = unsafe one.product.bits { unsafe one.product.bits = bits + row * width }
        unsafe withUnsafePointer(to: one) { unsafe kernel?($0) }
      }
    }
  }
}
