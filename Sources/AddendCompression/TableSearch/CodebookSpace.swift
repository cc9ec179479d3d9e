internal import AddendCodebooks
internal import AddendKernels
public import AddendLinear
public import AddendNetworks
internal import AddendSearch
public import AddendTensors

/// The codebooks of a network's space maps as a search space: a genome is all words of all of them.
///
/// A mutation touches one codebook, and few of its words, so that most of a network stays as its
/// parent had it; crossing takes each codebook from one parent or mixes it word by word.
public struct CodebookSpace: ModelSpace {
  /// Codebooks in the order of the maps: vectors, then matrices, of each. Words row by row.
  public struct Genome: Hashable, Sendable {
    public var books: [[Float]]

    public init(books: [[Float]]) { self.books = books }
  }

  /// How words are changed.
  public enum Mutation: String, Hashable, Sendable, CaseIterable {
    /// Along the line from a word to one of the blocks that it stands for, either way: words that
    /// stand for more are changed more often, and as far as their blocks are spread.
    case data
    /// By normal noise, as wide in every direction as the codebook's blocks lie from their words on
    /// average; all words equally often.
    case gaussian
  }

  /// How words are drawn.
  public enum Source: String, Hashable, Sendable, CaseIterable {
    /// Blocks that the maps see.
    case samples
    /// K-means of these blocks, from a start of its own each time.
    case kMeans = "k-means"
  }

  public let mutation: Mutation
  /// The mean number of words that a mutation changes.
  public let changedWords: Double
  public let source: Source
  public let coding: MatrixCoding
  private let base: Model<Float>
  private let sites: [Site]
  private let maps = Memo<MapKey, SpaceMap<Float>>(limit: 128)

  /// One map with what its words are drawn from.
  struct Site: Sendable {
    let map: SpaceMap<Float>
    /// The layer of the network that it is in.
    let layer: Int
    /// Vectors, then matrices.
    let books: [Book]
  }

  /// One codebook's shape, its words at first, and the blocks that they stand for.
  struct Book: Sendable {
    let words: Tensor<Float>
    /// `[count, dimension]`.
    let blocks: Tensor<Float>
    /// The root of the mean squared distance of a block's number from its word's.
    let deviation: Double

    var dimension: Int { words.shape[1] }
    var count: Int { words.shape[0] }

    init(words: Tensor<Float>, blocks: Tensor<Float>) {
      self.words = words
      self.blocks = blocks
      let codes = KMeans(points: blocks.transposedMatrix).codes(for: words)
      let dimension = words.shape[1]
      var sum = 0.0
      for i in 0..<blocks.count {
        let word = Int(codes.span[i / dimension])
        let difference = blocks.span[i] - words.span[word * dimension + i % dimension]
        sum += Double(difference * difference)
      }
      deviation = (sum / Double(blocks.count)).squareRoot()
    }
  }

  private struct MapKey: Hashable, Sendable {
    let site: Int
    let books: [[Float]]
  }

  /// - Parameters:
  ///   - model: with codebooks in at least one space map. Where such a map still has its float weight,
  ///     `coding: .nearest` finds the words of the matrix's blocks anew for each genome.
  ///   - batch: examples `[batch] + input` that show what blocks the maps see.
  /// - Throws: `CompressionError.unsuitable` for a model without codebooks; `network` where the batch
  ///   is not the model's input.
  public init(
    _ model: Model<Float>, showing batch: Tensor<Float>, mutation: Mutation = .data,
    changedWords: Double = 4, source: Source = .samples, coding: MatrixCoding = .kept, seed: UInt64
  ) throws(CompressionError) {
    precondition(changedWords >= 1, "a mutation changes something")
    self.mutation = mutation
    self.changedWords = changedWords
    self.source = source
    self.coding = coding
    base = model
    sites = try BlockRecording.sites(of: model, showing: batch, seed: seed)
    guard !sites.isEmpty else {
      throw .unsuitable(reason: "the network has no space map with codebooks to search")
    }
  }

  /// The words that the model has.
  public var given: Genome { Genome(books: books.map(\.words.elements)) }

  var books: [Book] { sites.flatMap(\.books) }

  public var identity: String {
    let shapes = books.map { "\($0.words.shape)" }.joined(separator: " ")
    let checksum = crc32(bytes(of: given).span)
    return
      "codebooks \(shapes) \(checksum), \(mutation.rawValue), \(changedWords) words, \(source.rawValue), \(coding)"
  }

  public func model(of genome: Genome) throws(CompressionError) -> Model<Float> {
    var installation = SpaceInstallation { (site, map) throws(TensorError) in
      let books = Array(genome.books[2 * site..<2 * site + 2])
      return try maps.value(of: MapKey(site: site, books: books)) { () throws(TensorError) in
        let own = sites[site].books
        return try map.adopting(
          SpaceWords(
            vectors: Tensor(own[0].words.shape, books[0]),
            matrices: Tensor(own[1].words.shape, books[1])), coding: coding)
      }
    }
    var model = base
    model.visitMaps(&installation)
    if let error = installation.error { throw .network(.pass(layer: base.network.name, error)) }
    return model.frozen()
  }

  /// Up to each layer with codebooks but the first, what comes before it.
  public func beginnings(of genome: Genome) -> [ModelBeginning] {
    zip(sites, sites.dropFirst()).enumerated().compactMap { number, neighbours in
      let (site, next) = neighbours
      guard next.layer > site.layer else { return nil }
      return ModelBeginning(
        layers: next.layer, numbers: Array(genome.books.prefix(2 * (number + 1))))
    }
  }
}
