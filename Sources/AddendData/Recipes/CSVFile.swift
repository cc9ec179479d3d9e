public import AddendCatalogue
internal import AddendTensors

/// A table of your own: numbers with commas between them, the class in the last column.
///
/// The inputs are all other columns, divided by `scale`. The file may be in gzip.
public struct CSVFile: DatasetRecipe {
  private let path: String
  private let scale: Double
  private let testPart: TestPart

  public static let declaration = Declaration(
    "csv", summary: "a table of numbers, the class in its last column",
    parameters: [
      Declaration.Parameter("path", .text, standard: nil, help: "the .csv or .csv.gz file"),
      Declaration.Parameter(
        "scale", .number(1e-30...1e30), standard: .number(1), help: "by which inputs are divided"),
    ] + TestPart.parameters)

  public init(_ arguments: Arguments) throws(CatalogueError) {
    path = arguments.text("path")
    scale = arguments.number("scale")
    testPart = TestPart(arguments)
  }

  public var specification: Specification {
    Specification(
      "csv",
      ["path": .text(path), "scale": .number(scale)].merging(testPart.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    let table = try CSVTable(readBytes(at: path), path: path)
    guard table.columnCount > 1 else {
      throw .invalidContent(path: path, reason: "it has one column, expected inputs and a class")
    }
    let width = table.columnCount - 1
    var labels: [Int32] = []
    for row in 0..<table.rowCount {
      let number = table.numbers[row * table.columnCount + width]
      guard let label = Int32(exactly: number), 0..<(1 << 20) ~= label else {
        throw .invalidContent(
          path: path, reason: "row \(row) ends with \(number), expected a class from 0")
      }
      labels.append(label)
    }
    let divisor = Float(scale)
    let inputs = Tensor<Float>([table.rowCount, width]) { span in
      for i in span.indices {
        span[i] = table.numbers[i / width * table.columnCount + i % width] / divisor
      }
    }
    return testPart.cut(
      try TensorDataset(
        name: "csv", path: path, inputs: inputs, targets: .classes(labels),
        classNames: (0...(labels.max() ?? 0)).map(String.init)))
  }
}
