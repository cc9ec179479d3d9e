public import AddendCatalogue
internal import AddendTensors

/// 60,000 small colour photographs of ten kinds of things (Krizhevsky, 2009): 50,000 train, 10,000
/// test.
///
/// Images `[32, 32, 3]`, `(x / 255 − mean) / deviation`. Read from the six files of the binary
/// version, or from the archive that holds them.
public struct CIFAR10: DatasetRecipe {
  private let normalization: PixelNormalization

  public static let declaration = Declaration(
    "cifar-10", summary: "60,000 colour photographs, 32×32",
    parameters: PixelNormalization.parameters(
      mean: "0.485/0.456/0.406", deviation: "0.229/0.224/0.225"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    normalization = try PixelNormalization(arguments)
  }

  public var specification: Specification { Specification("cifar-10", normalization.arguments) }

  private static let archive = "cifar-10-binary.tar.gz"
  private static let training = (1...5).map { "data_batch_\($0).bin" }
  private static let test = "test_batch.bin"

  public static let files: FileSet? = FileSet(
    "cifar-10", folders: ["cifar-10", "cifar10", "cifar-10-batches-bin"],
    layouts: [
      zip(
        training + [test],
        [
          "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
          "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
          "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
          "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
          "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
          "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        ]
      ).map { DataFile([$0], sha256: $1) },
      [
        DataFile(
          [archive], addresses: ["https://www.cs.toronto.edu/~kriz/\(archive)"],
          sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")
      ],
    ],
    remedy: "put \(archive) or its .bin files into a folder and name it with --data-directory")

  private static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    guard let files = Self.files else { preconditionFailure("the set has files") }
    let location = try store.resolve(files)
    let tar: TarArchive? =
      if location.has(Self.archive) {
        try Self.unpack(location.path(Self.archive))
      } else {
        nil
      }
    func part(_ names: [String]) throws(DataError) -> ImageDataset {
      var records = CIFARRecords()
      for name in names {
        guard let tar else {
          let path = location.path(name)
          try records.append(readBytes(at: path)[...], path: path)
          continue
        }
        let path = location.path(Self.archive)
        guard let bytes = tar[name] else {
          throw .invalidContent(path: path, reason: "it has no member \(name)")
        }
        try records.append(bytes, path: "\(path)/\(name)")
      }
      return try ImageDataset(
        name: "cifar-10", path: location.folder, shape: [32, 32, 3], pixels: records.pixels,
        labels: records.labels.map(Int32.init), classNames: Self.classNames,
        normalization: normalization)
    }
    return DatasetSplits(training: try part(Self.training), test: try part([Self.test]))
  }

  private static func unpack(_ path: String) throws(DataError) -> TarArchive {
    try TarArchive(
      Inflater.gunzip(readBytes(at: path), path: path, limit: 1 << 28), path: path)
  }
}
