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
  /// From one term's indices to the next one's: `codeStride(columns)` or more.
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

    /// The offset of the last element of `rows` rows of `elements`.
    func last(_ rows: Int, _ elements: Int) -> Int {
      max(0, rows - 1) * row + max(0, elements - 1) * element
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

  func check(_ table: SpaceTable, selectors: Span<UInt8>, indices: Span<UInt8>, result: Int) {
    precondition(rows >= 0 && terms >= 0 && columns >= 0, "scan: extents are not negative")
    let strides = [selectorStrides.row, selectorStrides.element, resultStrides.row]
    precondition(strides.allSatisfy { $0 >= 0 } && resultStrides.element > 0, "scan: strides")
    precondition(
      indexStride >= Self.codeStride(columns) && indices.count >= terms * indexStride,
      "scan: rows of indices are padded")
    precondition(
      rows == 0 || terms == 0 || selectorStrides.last(rows, terms) < selectors.count,
      "scan: selectors")
    precondition(selectors.areBelow(table.selectors), "scan: a selector beyond the table")
    precondition(indices.areBelow(table.words), "scan: an index beyond the words")
    precondition(components.count == table.components, "scan: one place for each component")
    for component in components where component.rows > 0 && component.columns > 0 {
      precondition(
        component.rows <= rows && component.columns <= columns && component.offset >= 0
          && component.offset + resultStrides.last(component.rows, component.columns) < result,
        "scan: a component outside the result")
    }
  }
}

extension SpaceKernels {
  /// `result(i, q, c) = 2^rowExponents[i] · Σ_p 2^termExponents[p] · entry(i, p, q, c)`, where
  /// `entry(i, p, q, c) = table[selectors(i, p)][c][indices[p][q]]`.
  ///
  /// Without term exponents sums are of integers (of 32,768 terms, and those sums in float32), with
  /// them in float32. Exponents are added to exponents; an empty span of them stands for zeros.
  ///
  /// Cost: `rows · terms · columns · components` look-ups and as many additions.
  public func scan(
    _ shape: SpaceScanShape, _ table: SpaceTable, selectors: Span<UInt8>, indices: Span<UInt8>,
    termExponents: Span<Int32>, rowExponents: Span<Int32>, into result: inout MutableSpan<Float>
  ) {
    shape.check(table, selectors: selectors, indices: indices, result: result.count)
    precondition(
      termExponents.isEmpty || termExponents.count == shape.terms, "scan: term exponents")
    precondition(rowExponents.isEmpty || rowExponents.count == shape.rows, "scan: row exponents")
    precondition(termExponents.areModerate && rowExponents.areModerate, "scan: exponents")
    let components = shape.components.map {
      addend_space_component(offset: $0.offset, rows: $0.rows, columns: $0.columns)
    }
    let places = components.span
    let extents = addend_space_scan_shape(
      rows: shape.rows, terms: shape.terms, columns: shape.columns, components: table.components,
      words: table.words, selector_row_stride: shape.selectorStrides.row,
      selector_term_stride: shape.selectorStrides.element, index_stride: shape.indexStride,
      result_row_stride: shape.resultStrides.row,
      result_column_stride: shape.resultStrides.element)
    guard let result = unsafe result.address else { return }
    let size = Self.partRows(workPerRow: shape.terms * shape.columns * table.components)
    // Safe: the extents were checked above, parts write rows of their own, and C keeps no pointer.
    ThreadPool.forEachPart(of: shape.rows, size: size) { first, count in
      unsafe functions.scan(
        extents, places.address, table.entries.span.address, table.planes.span.address,
        selectors.address, indices.address, termExponents.addressIfAny, rowExponents.addressIfAny,
        Int32(table.exponent), first, first + count, result)
    }
  }
}
