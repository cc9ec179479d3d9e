/// Rows of numbers with commas between them: text, in gzip or bare.
///
/// A first line in which no field is a number counts as headings; empty lines are passed over.
package struct CSVTable: Equatable, Sendable {
  package let columnCount: Int
  /// Row-major.
  package let numbers: [Float]

  package var rowCount: Int { numbers.count / columnCount }

  package init(_ content: [UInt8], path: String) throws(DataError) {
    let isCompressed = content.starts(with: [0x1F, 0x8B])
    let bytes = isCompressed ? try Inflater.gunzip(content, path: path) : content
    var numbers: [Float] = []
    var columnCount: Int?
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let trimmed = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if trimmed.isEmpty { continue }
      let fields = trimmed.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      let values = fields.map { Float(Self.text(of: $0)) }
      if index == 0 && values.allSatisfy({ $0 == nil }) { continue }
      let row = values.compactMap { $0 }
      guard row.count == fields.count, row.count == columnCount ?? row.count else {
        throw .malformed(
          path: path, format: "CSV",
          reason: "line \(index + 1) is not \(columnCount ?? fields.count) numbers")
      }
      columnCount = row.count
      numbers += row
    }
    guard let columnCount else {
      throw .malformed(path: path, format: "CSV", reason: "it has no line of numbers")
    }
    self.columnCount = columnCount
    self.numbers = numbers
  }

  private static func text(of field: ArraySlice<UInt8>) -> Substring {
    let blank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let end = field.lastIndex { !blank($0) }.map { $0 + 1 } ?? field.startIndex
    return Substring(decoding: field[..<end].drop(while: blank), as: UTF8.self)
  }
}
