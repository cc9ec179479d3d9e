internal import CAddendKernels

/// The extents of a scan: sums of table entries named by codes.
public struct SpaceScanShape: Hashable, Sendable {
  public var rows: Int
  /// The length of the sums.
  public var terms: Int
  /// Sums of a row, side by side.
  public var columns: Int
  /// From one row's, and one term's, selector to the next one's.
  public var selectorStrides: Strides
  /// From one term's indices to the next one's: `columns` rounded up to 64, or more.
  public var indexStride: Int
  /// From one row's, and one column's, result to the next one's.
  public var resultStrides: Strides
  /// Where each component of an entry goes.
  public var components: [Component]

  /// Distances in elements between rows and between what stands within a row.
  public struct Strides: Hashable, Sendable {
    public var row: Int
    public var element: Int

    public init(row: Int, element: Int) {
      self.row = row
      self.element = element
    }
  }

  /// A component's place in the result, and which rows and columns of it exist: the rest is padding.
  public struct Component: Hashable, Sendable {
    public var offset: Int
    public var rows: Int
    public var columns: Int

    public init(offset: Int, rows: Int, columns: Int) {
      self.offset = offset
      self.rows = rows
      self.columns = columns
    }
  }

  public init(
    rows: Int, terms: Int, columns: Int, selectorStrides: Strides, indexStride: Int,
    resultStrides: Strides, components: [Component]
  ) {
    self.rows = rows
    self.terms = terms
    self.columns = columns
    self.selectorStrides = selectorStrides
    self.indexStride = indexStride
    self.resultStrides = resultStrides
    self.components = components
  }

  /// The stride that rows of `count` codes have: a multiple of what a kernel reads at once.
  public static func codeStride(_ count: Int) -> Int { (count + 63) & ~63 }

  func check(
    _ table: SpaceTable, selectors: Span<UInt8>, indices: Span<UInt8>, result: Int
  ) {
    precondition(rows >= 0 && terms >= 0 && columns >= 0, "scan: extents are not negative")
    precondition(components.count == table.components, "scan: one place for each component")
    precondition(indexStride >= Self.codeStride(columns), "scan: rows of indices are padded")
    precondition(indices.count >= terms * indexStride, "scan: indices")
    if rows > 0 && terms > 0 {
      let last = (rows - 1) * selectorStrides.row + (terms - 1) * selectorStrides.element
      precondition(
        selectorStrides.row >= 0 && selectorStrides.element >= 0 && last < selectors.count,
        "scan: selectors")
    }
    precondition(selectors.areBelow(table.selectors), "scan: a selector beyond the table")
    precondition(indices.areBelow(table.words), "scan: an index beyond the words")
    for component in components where component.rows > 0 && component.columns > 0 {
      let last =
        component.offset + (component.rows - 1) * resultStrides.row
        + (component.columns - 1) * resultStrides.element
      precondition(
        component.rows <= rows && component.columns <= columns && component.offset >= 0
          && resultStrides.row >= 0 && resultStrides.element >= 0 && last < result,
        "scan: a component outside the result")
    }
  }
}

extension Span<UInt8> {
  /// Whether every element is less than `limit`.
  func areBelow(_ limit: Int) -> Bool {
    guard limit < 256 else { return true }
    var largest: UInt8 = 0
    for i in indices { largest = Swift.max(largest, self[i]) }
    return isEmpty || largest < limit
  }
}

/// `result(i, q, c) = rowScales[i] · Σ_p termScales[p] · table[selectors(i, p)][c][indices[p][q]]`.
///
/// Sums are in float32, terms in order: every variant gives the same bits, on any number of threads.
/// Scales are powers of two, so no rounding but that of the sums occurs; an empty span of them
/// stands for ones.
///
/// Cost: `rows · terms · columns · components` look-ups, and about as many additions.
public func spaceScan(
  _ shape: SpaceScanShape, _ table: SpaceTable, selectors: Span<UInt8>, indices: Span<UInt8>,
  termScales: Span<Float>, rowScales: Span<Float>, into result: inout MutableSpan<Float>,
  using variant: SpaceKernelVariant = .best
) {
  shape.check(table, selectors: selectors, indices: indices, result: result.count)
  precondition(termScales.isEmpty || termScales.count == shape.terms, "scan: term scales")
  precondition(rowScales.isEmpty || rowScales.count == shape.rows, "scan: row scales")
  guard let scan = unsafe addend_space_scan_select(variant.selector) else {
    preconditionFailure("this machine lacks \(variant)")
  }
  guard shape.rows > 0 && shape.columns > 0 else { return }
  let components = shape.components.map {
    addend_space_component(offset: $0.offset, rows: $0.rows, columns: $0.columns)
  }
  var extents = addend_space_scan_shape(
    rows: shape.rows, terms: shape.terms, columns: shape.columns, components: table.components,
    words: table.words, selector_row_stride: shape.selectorStrides.row,
    selector_term_stride: shape.selectorStrides.element, index_stride: shape.indexStride,
    result_row_stride: shape.resultStrides.row, result_column_stride: shape.resultStrides.element)
  let work = shape.terms * shape.columns * table.components
  // Safe: the extents were checked above, pieces write rows of their own, and C keeps no pointer.
  unsafe withUnsafePointers(selectors, indices, termScales, rowScales, &result) {
    (selectors, indices, termScales, rowScales, result) in
    unsafe table.entries.span.withUnsafeBufferPointer { entries in
      unsafe table.planes.span.withUnsafeBufferPointer { planes in
        unsafe components.withUnsafeBufferPointer { components in
          unsafe withUnsafePointer(to: &extents) { extents in
            RowPieces(rows: shape.rows, workPerRow: work).run { first, last in
              unsafe scan(
                extents, components.baseAddress, entries.baseAddress, planes.baseAddress,
                selectors, indices, termScales, rowScales, table.step, first, last, result)
            }
          }
        }
      }
    }
  }
}

/// The five operands as C wants them; empty scales become null.
private func withUnsafePointers(
  _ selectors: Span<UInt8>, _ indices: Span<UInt8>, _ termScales: Span<Float>,
  _ rowScales: Span<Float>, _ result: inout MutableSpan<Float>,
  _ body: (
    UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
    UnsafeMutablePointer<Float>?
  ) -> Void
) {
  unsafe selectors.withUnsafeBufferPointer { selectors in
    unsafe indices.withUnsafeBufferPointer { indices in
      unsafe termScales.withUnsafeBufferPointer { termScales in
        unsafe rowScales.withUnsafeBufferPointer { rowScales in
          unsafe result.withUnsafeMutableBufferPointer { result in
            unsafe body(
              selectors.baseAddress, indices.baseAddress,
              termScales.isEmpty ? nil : termScales.baseAddress,
              rowScales.isEmpty ? nil : rowScales.baseAddress, result.baseAddress)
          }
        }
      }
    }
  }
}

/// Rows cut into pieces of about a fixed amount of work: the cuts depend on the work alone.
struct RowPieces {
  let rows: Int
  private let rowsPerPiece: Int

  /// - Parameter workPerRow: in look-ups or the like, of which 50,000 are worth a hand-over.
  init(rows: Int, workPerRow: Int) {
    self.rows = rows
    let pieces = max(1, min(32, rows * max(1, workPerRow) / 50_000))
    rowsPerPiece = max(1, (rows + pieces - 1) / pieces)
  }

  func run(_ body: (_ first: Int, _ last: Int) -> Void) {
    guard rows > 0 else { return }
    ThreadPool.current.run((rows + rowsPerPiece - 1) / rowsPerPiece) { piece in
      body(piece * rowsPerPiece, min(rows, (piece + 1) * rowsPerPiece))
    }
  }
}
