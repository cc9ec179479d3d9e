internal import Addend

/// What a build came to, for people and for JSON.
struct TableReport {
  /// One finished table.
  struct Built {
    let path: String
    let table: ProductTable
  }

  private(set) var table = TextTable(columns: [
    .init("layer", alignment: .leading), .init("codes", alignment: .leading), .init("d"),
    .init("words"), .init("dead"), .init("bits per number"), .init("bound"), .init("error"),
    .init("bytes"),
  ])
  private(set) var results: [JSONValue] = []
  private let plan: CodebookOptions

  init(plan: CodebookOptions) { self.plan = plan }

  let footnote = """
    error: relative squared error on what was coded; bound: the least that so many words can leave \
    of independent normal numbers; bytes: of the codebook's words, or of the table's file
    """

  /// What is worth knowing of single layers: padding, and weights that were memorised.
  private(set) var notes: [String] = []

  private mutating func note(_ books: LayerCodebooks) {
    let blocks = books.blocks
    if blocks.inputPadding + blocks.outputPadding > 0 {
      notes.append(
        "\(books.name): rows of inputs are padded with \(blocks.inputPadding) zeros, rows of outputs with \(blocks.outputPadding)"
      )
    }
    if books.matrices.codebook.count * 2 > blocks.matrixBlocks {
      notes.append(
        "\(books.name): \(books.matrices.codebook.count) words for \(blocks.matrixBlocks) blocks of the matrix store the weights, \(QuantityUnit.plain.text(books.bitsPerWeight)) bits each, rather than code them"
      )
    }
  }

  mutating func append(_ books: LayerCodebooks, _ built: [Built]) {
    note(books)
    let parts: [(String, LayerCodebooks.Coded)] =
      [("vectors", books.vectors), ("matrices", books.matrices)]
      + (built.contains {
        [.transposedProduct, .outerProduct].contains($0.table.extents.operation)
      }
        ? [("gradients", books.gradients)] : [])
    for (place, part) in parts.enumerated() {
      let (name, coded) = part
      append(
        place == 0 ? books.name : "", name, coded.codebook, dead: coded.deadWords,
        error: coded.relativeError, bytes: 4 * coded.codebook.words.count)
    }
    for one in built {
      let operation = one.table.extents.operation.rawValue
      if let codebook = one.table.results {
        append(
          "", operation, codebook, dead: one.table.resultUsage.count { $0 == 0 },
          error: one.table.relativeError, bytes: one.table.fileByteCount)
      } else {
        table.append([
          "", operation, "\(one.table.extents.resultSize)", "–", "–", "–", "–",
          QuantityUnit.fraction.text(one.table.relativeError),
          QuantityUnit.bytes.text(Double(one.table.fileByteCount)),
        ])
      }
    }
    table.append([
      "", "outputs", "–", "–", "–", "–", "–", QuantityUnit.fraction.text(books.outputError), "–",
    ])
    results.append(json(books, parts, built))
  }

  private mutating func append(
    _ layer: String, _ name: String, _ codebook: Codebook, dead: Int, error: Double, bytes: Int
  ) {
    table.append([
      layer, name, "\(codebook.dimension)", "\(codebook.count)", "\(dead)",
      QuantityUnit.plain.text(Self.bitsPerNumber(codebook)),
      QuantityUnit.fraction.text(codebook.errorBound), QuantityUnit.fraction.text(error),
      QuantityUnit.bytes.text(Double(bytes)),
    ])
  }

  /// `log₂ N / d`.
  static func bitsPerNumber(_ codebook: Codebook) -> Double {
    Math.log(Double(codebook.count)) / Math.log(2) / Double(codebook.dimension)
  }

  private func json(
    _ books: LayerCodebooks, _ parts: [(String, LayerCodebooks.Coded)], _ built: [Built]
  ) -> JSONValue {
    var object = JSONObject()
    object["layer"] = .text(books.name)
    object["inputSize"] = .integer(books.blocks.inputSize)
    object["outputSize"] = .integer(books.blocks.outputSize)
    object["rows"] = .integer(books.blocks.block.rows)
    object["dimension"] = .integer(books.blocks.block.dimension)
    object["inputPadding"] = .integer(books.blocks.inputPadding)
    object["outputPadding"] = .integer(books.blocks.outputPadding)
    object["bitsPerWeight"] = .number(books.bitsPerWeight)
    object["outputError"] = .number(books.outputError)
    object["codebooks"] = .array(
      parts.map { name, coded in
        [
          "codes": .text(name), "dimension": .integer(coded.codebook.dimension),
          "words": .integer(coded.codebook.count), "deadWords": .integer(coded.deadWords),
          "bitsPerNumber": .number(Self.bitsPerNumber(coded.codebook)),
          "errorBound": .number(coded.codebook.errorBound),
          "relativeError": .number(coded.relativeError),
          "bytes": .integer(4 * coded.codebook.words.count),
        ]
      })
    object["tables"] = .array(built.map { Self.json($0.table, path: $0.path) })
    return .object(object)
  }

  /// What a table's file is, in JSON.
  static func json(_ table: ProductTable, path: String) -> JSONValue {
    var object = JSONObject()
    object["path"] = .text(path)
    object["operation"] = .text(table.extents.operation.rawValue)
    object["entries"] = .text(table.extents.format.name)
    object["rows"] = .integer(table.extents.leftCount)
    object["columns"] = .integer(table.extents.rightCount)
    object["blockRows"] = .integer(table.extents.block.rows)
    object["blockDimension"] = .integer(table.extents.block.dimension)
    object["resultWords"] = table.results.map { .integer($0.count) } ?? .null
    object["relativeError"] = .number(table.relativeError)
    object["bytes"] = .integer(table.fileByteCount)
    return .object(object)
  }
}
