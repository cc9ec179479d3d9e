internal import CAddendKernels

/// A matrix of signs packed for products with rows of bits.
///
/// Of row `r` with `planes` planes and column `j`, `v(r, j) = Σ_p 2^p n(r, p, j)`, `n` being the
/// number of places at which plane and column differ. The sum of products of signs is `k − 2 v`; of
/// pixels of 8 bits, in eight planes, and signs it is `v − 255 · (ones of the column)` (Courbariaux
/// et al., *BinaryNet*, 2016, §1.6).
///
/// Cost for each row, plane, column and 128 inputs: three bitwise operations, a count of bits and
/// an addition, on words of 64. Of many rows of one plane, where the processor maps bytes by
/// matrices of bits, it is three operations for 128 inputs, on a second form of the columns that
/// takes two bits an input.
public struct BinaryMatrix: Sendable {
  /// Rows of bits have as many words.
  public let wordCount: Int
  public let columns: Int
  let set: InstructionSet
  let panels: AlignedBuffer<UInt32>
  let forms = BinaryForms()

  /// - Parameter words: the bits of each column's weights, `[columns, wordCount]`.
  public init(
    _ words: Span<UInt64>, columns: Int, wordCount: Int, using set: InstructionSet = .best
  ) {
    precondition(
      columns > 0 && 1..<Self.mostWords ~= wordCount && words.count == columns * wordCount,
      "a binary matrix's extents")
    self.wordCount = wordCount
    self.columns = columns
    self.set = set
    panels = AlignedBuffer(
      uninitializedCount: 2 * wordCount * Self.panelWidth * Self.panels(columns))
    var span = panels.uniqueSpan
    // Safe: the extents were checked above, and C keeps no pointer.
    guard let from = unsafe words.address, let to = unsafe span.address else { return }
    unsafe addend_binary_pack(columns, wordCount, from, to)
  }

  /// What keeps values of eight planes within 32 bits.
  public static let mostWords = 1 << 16
  static let panelWidth = Int(ADDEND_BINARY_PANEL)
  static func panels(_ columns: Int) -> Int { (columns + panelWidth - 1) / panelWidth }

  /// Bytes that a product of few rows reads.
  public var byteCount: Int { 4 * panels.count }

  /// `sums[r, j] = offsets[c, j] − 2 v(r, j)` for one plane, `offsets[c, j] + v(r, j)` for several,
  /// `c` being the row's class.
  ///
  /// Shapes: `rows` `[rows, planes, wordCount]`, chained; `classes` `[rows]` or `nil` for 0; `offsets`
  /// `[classes, columns]`; `sums` `[rows, columns]`.
  public func sums(
    of rows: Span<UInt64>, planes: Int = 1, classes: Span<UInt16>? = nil, offsets: Span<Int32>,
    into sums: inout MutableSpan<Int32>
  ) {
    let count = rowCount(rows, planes, classes, results: sums.count, each: columns, offsets)
    guard let a = unsafe rows.address, let to = unsafe sums.address else { return }
    // Safe: the extents were checked above.
    unsafe run(count, planes, a, classes?.address) {
      unsafe $0.offsets = offsets.address
      unsafe $0.sums = to
    }
  }

  /// `bits[r, j] = (v(r, j) ≥ thresholds[c, j]) ≠ flips[j]`, `c` being the row's class: rows of
  /// bits again, not chained.
  ///
  /// Shapes: as `sums`, `thresholds` `[classes, columns]`, `flips` `[⌈columns / 64⌉]`, `bits` `[rows,
  /// ⌈columns / 64⌉]`.
  public func bits(
    of rows: Span<UInt64>, planes: Int = 1, classes: Span<UInt16>? = nil,
    thresholds: Span<Int32>, flips: Span<UInt64>, into bits: inout MutableSpan<UInt64>
  ) {
    let words = BinaryRows.wordCount(columns)
    let count = rowCount(rows, planes, classes, results: bits.count, each: words, thresholds)
    precondition(flips.count == words, "a bit for each column")
    guard let a = unsafe rows.address, let to = unsafe bits.address else { return }
    // Safe: as above.
    unsafe run(count, planes, a, classes?.address) {
      unsafe $0.thresholds = thresholds.address
      unsafe $0.flips = flips.address
      unsafe $0.bits = to
    }
  }

  private func rowCount(
    _ rows: Span<UInt64>, _ planes: Int, _ classes: Span<UInt16>?, results: Int, each: Int,
    _ table: Span<Int32>
  ) -> Int {
    precondition(1...8 ~= planes, "a row has one to eight planes")
    let count = BinaryRows.rowCount(results, each)
    precondition(rows.count == count * planes * wordCount, "rows of bits: extents")
    Self.checkClasses(classes, rows: count, table, columns: columns)
    return count
  }

  static func checkClasses(
    _ classes: Span<UInt16>?, rows: Int, _ table: Span<Int32>, columns: Int
  ) {
    guard let classes else {
      precondition(table.count >= columns, "numbers for each column")
      return
    }
    precondition(classes.count == rows, "a class for each row")
    var most = 0
    for i in classes.indices { most = max(most, Int(classes[i])) }
    precondition(table.count >= (most + 1) * columns, "numbers for each class and column")
  }

  /// Cuts the product into parts of rows, whose bits a core's own cache holds, and of panels.
  @unsafe private func run(
    _ rows: Int, _ planes: Int, _ a: UnsafePointer<UInt64>, _ classes: UnsafePointer<UInt16>?,
    _ results: (inout addend_binary_product) -> Void
  ) {
    let packed = panels.span
    guard let b = unsafe packed.address else { return }
    let row = planes * wordCount
    var whole = unsafe addend_binary_product()
    unsafe whole.planes = planes
    unsafe whole.columns = columns
    unsafe whole.words = wordCount
    unsafe whole.b = b
    unsafe results(&whole)
    let product = unsafe whole
    if let many = unsafe manyKernel(rows: rows, planes: planes) {
      unsafe runMany(many, product, rows, a, classes)
      return
    }
    let rowsTogether = max(4, Self.wordsTogether / row & ~3)
    let rowParts = (rows + rowsTogether - 1) / rowsTogether
    let panelCount = Self.panels(columns)
    // Some microseconds of work.
    let panelsTogether = max(1, 2048 / (min(rows, rowsTogether) * row))
    let panelParts = (panelCount + panelsTogether - 1) / panelsTogether
    let (kernel, width) = unsafe (set.binaryKernels.product, BinaryRows.wordCount(columns))
    ThreadPool.forEachPart(of: rowParts * panelParts, size: 1) { part, _ in
      let first = part / panelParts * rowsTogether
      var product = unsafe product
      unsafe product.rows = min(rowsTogether, rows - first)
      unsafe product.a = a + first * row
      unsafe product.classes = classes.map { unsafe $0 + first }
      unsafe product.first_panel = part % panelParts * panelsTogether
      unsafe product.panels = min(panelsTogether, panelCount - product.first_panel)
      if let sums = unsafe product.sums { unsafe product.sums = sums + first * columns }
      if let bits = unsafe product.bits { unsafe product.bits = bits + first * width }
      unsafe withUnsafePointer(to: product) { unsafe kernel?($0) }
    }
  }

  /// Words of rows that stay in a core's own cache beside a panel.
  private static let wordsTogether = 4096
}
