internal import CAddendKernels
internal import Synchronization

/// A matrix's columns as products of many rows read them, laid out when the first of them asks.
final class BinaryForms: Sendable {
  private let made = Mutex<AlignedBuffer<UInt8>?>(nil)

  func laidOut(_ layOut: () -> AlignedBuffer<UInt8>) -> AlignedBuffer<UInt8> {
    made.withLock { made in
      if let made { return made }
      let new = layOut()
      made = new
      return new
    }
  }
}

extension BinaryMatrix {
  /// Fewer rows do not repay reading forms, and fewer words not what each tile costs besides.
  private static let fewestRows = 64
  private static let manyWords = 12...Int(ADDEND_BINARY_FORM_WORDS)
  /// Columns from which on a last panel that is not full costs little.
  private static let manyColumns = 1024
  /// Results that a core's own caches do not hold.
  private static let streamedBytes = 1 << 20
  private static let formWidth = Int(ADDEND_BINARY_FORM_COLUMNS)

  func manyKernel(rows: Int, planes: Int) -> addend_binary_many_fn? {
    guard
      planes == 1, rows >= Self.fewestRows, Self.manyWords ~= wordCount,
      columns >= Self.manyColumns || columns >= 256 && columns % Self.formWidth == 0
    else { return nil }
    return unsafe set.binaryKernels.many
  }

  private func columnForms() -> AlignedBuffer<UInt8> {
    forms.laidOut {
      let count = (columns + Self.formWidth - 1) / Self.formWidth
      let forms = AlignedBuffer<UInt8>(
        uninitializedCount: count * (Int(ADDEND_BINARY_FORM_BYTES) * wordCount + Self.formWidth))
      let packed = panels.span
      var span = forms.uniqueSpan
      // Safe: the extents are those of the panels, and C keeps no pointer.
      guard let from = unsafe packed.address, let to = unsafe span.address else { return forms }
      unsafe addend_binary_forms(columns, wordCount, from, to)
      return forms
    }
  }

  /// As `run`; a part is as many rows and panels as one call takes. Maps of rows are made anew in
  /// each part; few rows leave no others to share the work by.
  @unsafe func runMany(
    _ kernel: addend_binary_many_fn, _ product: addend_binary_product, _ rows: Int,
    _ a: UnsafePointer<UInt64>, _ classes: UnsafePointer<UInt16>?
  ) {
    let forms = columnForms()
    let span = forms.span
    let tall = Int(ADDEND_BINARY_FORM_ROWS)
    let wide = rows > 4 * tall ? 64 : 16
    let panelCount = (columns + Self.formWidth - 1) / Self.formWidth
    let (rowParts, panelParts) = ((rows + tall - 1) / tall, (panelCount + wide - 1) / wide)
    let width = BinaryRows.wordCount(columns)
    var whole = unsafe addend_binary_many()
    unsafe whole.product = product
    unsafe whole.forms = span.address
    if let sums = unsafe product.sums {
      let isAligned = Int(bitPattern: sums) % 64 == 0 && columns % 16 == 0
      unsafe whole.streams = isAligned && 4 * rows * columns > Self.streamedBytes
    }
    let many = unsafe whole
    ThreadPool.forEachPart(of: rowParts * panelParts, size: 1) { part, _ in
      let (row, panel) = (part / panelParts * tall, part % panelParts * wide)
      let maps = AlignedBuffer<UInt64>(
        uninitializedCount: Int(ADDEND_BINARY_FORM_SCRATCH) * wordCount)
      var scratch = maps.uniqueSpan
      var one = unsafe many
      unsafe one.scratch = scratch.address
      unsafe one.product.rows = min(tall, rows - row)
      unsafe one.product.a = a + row * wordCount
      unsafe one.product.classes = classes.map { unsafe $0 + row }
      unsafe one.product.first_panel = panel
      unsafe one.product.panels = min(wide, panelCount - panel)
      if let sums = unsafe product.sums { unsafe one.product.sums = sums + row * columns }
      if let bits = unsafe product.bits { unsafe one.product.bits = bits + row * width }
      unsafe withUnsafePointer(to: one) { unsafe kernel($0) }
    }
  }
}
