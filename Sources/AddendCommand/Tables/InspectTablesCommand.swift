internal import Addend
internal import ArgumentParser

/// `addend tables inspect`: what is in a table's file.
struct InspectTablesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a table holds, what it loses, and check every byte of it.",
    discussion: """
      With --model, a table that was built for another network is refused.
      """)

  @Argument(help: "The table's file.")
  var file: String

  @Option(help: "The .addend file that the table should have been built for.")
  var model: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.checkOutputs()
    let table = try opened()
    if let model {
      let own = try TableSurvey.checksum(ofFile: model)
      guard table.notes["networkChecksum"]?.textValue == own else {
        throw Failure(.data, "'\(file)' was built for another network than '\(model)'")
      }
    }
    let usage = table.resultUsage
    show(table, usage)
    try Envelope(
      command: "tables inspect", options: common, dataset: nil, results: [json(table, usage)]
    ).write()
  }

  private func opened() throws -> ProductTable {
    do throws(TableError) {
      let table = try ProductTable(contentsOf: file)
      try table.verify()
      return table
    } catch .file(let error) {
      throw error
    } catch {
      throw Failure(.data, "'\(file)': \(error)")
    }
  }

  private func show(_ table: ProductTable, _ usage: [Int]) {
    let extents = table.extents
    var lines = TextTable(columns: [
      .init("", alignment: .leading), .init("numbers"), .init("words"), .init("bits per number"),
      .init("bound"), .init("error"), .init("dead words"),
    ])
    func line(_ name: String, _ codebook: Codebook, _ error: String, _ dead: String) {
      lines.append([
        name, "\(codebook.dimension)", "\(codebook.count)",
        QuantityUnit.plain.text(TableReport.bitsPerNumber(codebook)),
        QuantityUnit.fraction.text(codebook.errorBound), error, dead,
      ])
    }
    line(
      "left words", table.left, error(table, of: extents.operation.leftNotes.error),
      count(table, extents.operation.leftNotes.dead))
    line(
      "right words", table.right, error(table, of: extents.operation.rightNotes.error),
      count(table, extents.operation.rightNotes.dead))
    if let results = table.results {
      line(
        "results", results, QuantityUnit.fraction.text(table.relativeError),
        "\(usage.count { $0 == 0 })")
    }
    let layer = table.notes["layer"]?.textValue.map { ", \($0)" } ?? ""
    let network = table.notes["network"]?.textValue.map { " of \($0)" } ?? ""
    common.say(
      "\(extents.operation.rawValue)\(layer)\(network): \(extents.leftCount) × \(extents.rightCount) entries of \(extents.format.name), blocks of \(extents.block)"
    )
    common.say("\(lines)")
    let size = QuantityUnit.bytes.text(Double(table.fileByteCount))
    common.say(
      "entries' relative squared error \(QuantityUnit.fraction.text(table.relativeError)); \(size)")
    if let bits = table.notes["bitsPerWeight"]?.numberValue {
      common.say("\(QuantityUnit.plain.text(bits)) bits per weight, indices and words")
    }
    common.say("every checksum fits")
  }

  private func error(_ table: ProductTable, of key: String?) -> String {
    key.flatMap { table.notes[$0]?.numberValue }.map { QuantityUnit.fraction.text($0) } ?? "–"
  }

  private func count(_ table: ProductTable, _ key: String?) -> String {
    key.flatMap { table.notes[$0]?.integerValue }.map { "\($0)" } ?? "–"
  }

  private func json(_ table: ProductTable, _ usage: [Int]) -> JSONValue {
    var object = TableReport.json(table, path: file).objectValue ?? JSONObject()
    object["deadResultWords"] =
      table.results == nil ? .null : .integer(usage.count { $0 == 0 })
    object["leftErrorBound"] = .number(table.left.errorBound)
    object["rightErrorBound"] = .number(table.right.errorBound)
    object["notes"] = table.notes
    return .object(object)
  }
}

extension TableOperation {
  /// Under which names a build notes what it knows of the left words.
  fileprivate var leftNotes: (error: String?, dead: String?) {
    switch self {
    case .product, .transposedProduct: ("matrixError", "deadMatrixWords")
    case .outerProduct: (nil, nil)
    case .sum: ("vectorError", "deadVectorWords")
    }
  }

  fileprivate var rightNotes: (error: String?, dead: String?) {
    switch self {
    case .product, .outerProduct, .sum: ("vectorError", "deadVectorWords")
    case .transposedProduct: (nil, nil)
    }
  }
}
