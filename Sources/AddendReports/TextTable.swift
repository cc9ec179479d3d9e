/// A table for a terminal: aligned columns under their titles and units.
public struct TextTable: Sendable, CustomStringConvertible {
  public enum Alignment: Sendable { case leading, trailing }

  public struct Column: Sendable {
    public let title: String
    /// Below the title; empty where there is none.
    public let unit: String
    public let alignment: Alignment

    /// A column of numbers, unless told otherwise.
    public init(_ title: String, unit: String = "", alignment: Alignment = .trailing) {
      self.title = title
      self.unit = unit
      self.alignment = alignment
    }
  }

  public let columns: [Column]
  private var rows: [[String]] = []

  public init(columns: [Column]) { self.columns = columns }

  /// Adds a row, a cell for each column.
  public mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count, "a row has a cell for each column")
    rows.append(cells)
  }

  /// The lines, without a newline at the end and without spaces at the ends of lines.
  public var description: String {
    let titles = columns.map(\.title)
    let units = columns.map(\.unit)
    let hasUnits = units.contains { !$0.isEmpty }
    let heads = hasUnits ? [titles, units] : [titles]
    let widths = columns.indices.map { column in
      (heads + rows).reduce(0) { max($0, $1[column].displayWidth) }
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return (heads + [rule] + rows).map { line($0, widths) }.joined(separator: "\n")
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = columns.indices.map { column in
      cells[column].padded(
        to: widths[column], isTrailing: columns[column].alignment == .trailing)
    }
    var line = padded.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}
