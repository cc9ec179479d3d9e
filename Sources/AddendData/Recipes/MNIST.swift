public import AddendCatalogue
internal import AddendTensors

/// 70,000 handwritten digits (LeCun, Bottou, Bengio & Haffner, 1998): 60,000 train, 10,000 test.
///
/// Images `[28, 28, 1]`, `(x / 255 − mean) / deviation`; the standards are the training images' own.
public struct MNIST: DatasetRecipe {
  private let normalization: PixelNormalization

  public static let declaration = Declaration(
    "mnist", summary: "70,000 handwritten digits, 28×28",
    parameters: PixelNormalization.parameters(mean: "0.1307", deviation: "0.3081"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    normalization = try PixelNormalization(arguments)
  }

  public var specification: Specification { Specification("mnist", normalization.arguments) }

  public static let files: FileSet? = FileSet(
    "mnist", folders: ["mnist"],
    layouts: [
      IDXImages.files(
        [
          "https://ossci-datasets.s3.amazonaws.com/mnist/",
          "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        sha256: [
          "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
          "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
          "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
          "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ],
        crc32: [0xe9f4_d8b3, 0xe0cb_4ad2, 0x9137_3bdf, 0x4ab9_eff9])
    ],
    remedy: "put the four IDX files of MNIST into a folder and name it with --data-directory")

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    try IDXImages.load(
      Self.files, from: store, classNames: (0...9).map(String.init), normalization: normalization)
  }
}

/// 70,000 pictures of clothes in MNIST's format (Xiao, Rasul & Vollgraf, 2017): 60,000 train,
/// 10,000 test.
///
/// Images `[28, 28, 1]`, `(x / 255 − mean) / deviation`; the standards are the training images' own.
public struct FashionMNIST: DatasetRecipe {
  private let normalization: PixelNormalization

  public static let declaration = Declaration(
    "fashion-mnist", summary: "70,000 pictures of clothes, 28×28",
    parameters: PixelNormalization.parameters(mean: "0.2860", deviation: "0.3530"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    normalization = try PixelNormalization(arguments)
  }

  public var specification: Specification {
    Specification("fashion-mnist", normalization.arguments)
  }

  public static let files: FileSet? = FileSet(
    "fashion-mnist", folders: ["fashion-mnist"],
    installedFolders: ["/usr/share/datasets/fashion-mnist"],
    layouts: [
      IDXImages.files(
        [
          "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
          "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        sha256: [
          "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
          "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
          "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
          "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ],
        crc32: [0xb4f2_9f28, 0x741a_4657, 0x678f_e0b1, 0x8014_2c1f])
    ],
    remedy: "run 'apt install dataset-fashion-mnist', or name a folder with --data-directory")

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    try IDXImages.load(
      Self.files, from: store,
      classNames: [
        "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "ankle boot",
      ],
      normalization: normalization)
  }
}

/// What the two sets in MNIST's format have in common.
private enum IDXImages {
  private static let stems = ["train-images", "train-labels", "t10k-images", "t10k-labels"]
  private static let axes = [3, 1, 3, 1]
  private static let byteCounts = [47_040_016, 60_008, 7_840_016, 10_008]

  private static func name(_ file: Int) -> String { "\(stems[file])-idx\(axes[file])-ubyte.gz" }

  /// - Parameters:
  ///   - sha256: of the four canonical gzip files.
  ///   - crc32: of what they unpack to.
  static func files(_ roots: [String], sha256: [String], crc32: [UInt32]) -> [DataFile] {
    stems.indices.map { file in
      DataFile(
        [
          name(file), "\(stems[file])-idx\(axes[file])-ubyte",
          "\(stems[file]).idx\(axes[file])-ubyte",
        ],
        addresses: roots.map { $0 + name(file) }, sha256: sha256[file],
        content: DataFile.Content(byteCount: byteCounts[file], crc32: crc32[file]))
    }
  }

  static func load(
    _ files: FileSet?, from store: DataStore, classNames: [String],
    normalization: PixelNormalization
  ) throws(DataError) -> DatasetSplits {
    guard let files else { preconditionFailure("the set has files") }
    let location = try store.resolve(files)
    func part(_ first: Int) throws(DataError) -> ImageDataset {
      let path = location.path(name(first))
      let images = try IDXFile(contentsOf: path)
      let labels = try IDXFile(contentsOf: location.path(name(first + 1)))
      guard images.extents.count == 3, labels.extents.count == 1 else {
        throw .invalidContent(path: path, reason: "it holds no images, or its labels are no list")
      }
      guard images.extents[0] == labels.extents[0] else {
        throw .invalidContent(
          path: path,
          reason: "there are \(images.extents[0]) images but \(labels.extents[0]) labels")
      }
      return try ImageDataset(
        name: files.name, path: path, shape: [images.extents[1], images.extents[2], 1],
        pixels: images.elements, labels: labels.elements.map(Int32.init), classNames: classNames,
        normalization: normalization)
    }
    return DatasetSplits(training: try part(0), test: try part(2))
  }
}
