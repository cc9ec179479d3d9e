public import AddendCatalogue
internal import AddendFiles
internal import AddendTensors

/// Your own pictures: PNG and JPEG files in one folder for each class.
///
/// `path` holds either the classes' folders, from which a part is split off to test on, or two
/// folders `train` and `test` that hold them. Classes are numbered in the order of their folders'
/// names. All images must be of one size unless `size` is given; if any has colour, all are taken as
/// colour. Images `[height, width, 1 or 3]`, `(x / 255 − mean) / deviation`.
public struct ImageFolder: DatasetRecipe {
  private let path: String
  private let size: Size?
  private let normalization: PixelNormalization
  private let testPart: TestPart

  private struct Size: Equatable { let height: Int, width: Int }

  public static let declaration = Declaration(
    "folder", summary: "PNG and JPEG files, a folder for each class",
    parameters: [
      Declaration.Parameter(
        "path", .text, standard: nil, help: "the folder of the classes' folders"),
      Declaration.Parameter(
        "size", .text, standard: .text("as-is"),
        help: "what images are resized to: 32, or 24x32 for height and width"),
    ] + PixelNormalization.parameters(mean: "0", deviation: "1") + TestPart.parameters)

  public init(_ arguments: Arguments) throws(CatalogueError) {
    path = arguments.text("path")
    normalization = try PixelNormalization(arguments)
    testPart = TestPart(arguments)
    let text = arguments.text("size")
    guard text != "as-is" else {
      size = nil
      return
    }
    let words = text.split(separator: "x", omittingEmptySubsequences: false)
    let extents = words.compactMap { Int($0) }.filter { 1...8192 ~= $0 }
    guard extents.count == words.count, let height = extents.first, extents.count <= 2 else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "size", expected: "like 32 or 24x32", found: "'\(text)'")
    }
    size = Size(height: height, width: extents.last ?? height)
  }

  public var specification: Specification {
    let size = size.map { "\($0.height)x\($0.width)" } ?? "as-is"
    return Specification(
      "folder",
      ["path": .text(path), "size": .text(size)]
        .merging(normalization.arguments) { $1 }.merging(testPart.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    let names = try Self.classNames(in: path)
    guard names == ["test", "train"] else {
      return testPart.cut(try dataset(try read(path, names), names, in: path))
    }
    let training = "\(path)/train"
    let classes = try Self.classNames(in: training)
    let trainingImages = try read(training, classes)
    let testImages = try read("\(path)/test", classes)
    let channels = (trainingImages + testImages).map(\.image.channels).max() ?? 1
    return DatasetSplits(
      training: try dataset(trainingImages, classes, in: training, channels: channels),
      test: try dataset(testImages, classes, in: "\(path)/test", channels: channels))
  }

  private static func classNames(in folder: String) throws(DataError) -> [String] {
    try contents(of: folder).filter { isDirectory(at: "\(folder)/\($0)") }
  }

  private static func contents(of folder: String) throws(DataError) -> [String] {
    try accessing { () throws(FileError) in
      try names(inDirectory: folder).filter { !$0.hasPrefix(".") }
    }
  }

  private struct Example { let path: String, image: PixelImage, label: Int32 }

  private func read(_ folder: String, _ classes: [String]) throws(DataError) -> [Example] {
    var examples: [Example] = []
    // A class may be missing from the test folder.
    for (label, name) in classes.enumerated() where isDirectory(at: "\(folder)/\(name)") {
      for file in try Self.contents(of: "\(folder)/\(name)") {
        guard [".png", ".jpg", ".jpeg"].contains(where: file.lowercased().hasSuffix) else {
          continue
        }
        let path = "\(folder)/\(name)/\(file)"
        var image = try PixelImage(readBytes(at: path, limit: 1 << 28), path: path)
        if let size { image = image.resized(height: size.height, width: size.width) }
        examples.append(Example(path: path, image: image, label: Int32(label)))
      }
    }
    return examples
  }

  private func dataset(
    _ examples: [Example], _ classes: [String], in folder: String, channels: Int? = nil
  ) throws(DataError) -> ImageDataset {
    guard let first = examples.first else {
      throw .invalidContent(path: folder, reason: "it has no folders with PNG or JPEG files")
    }
    let channels = channels ?? examples.map(\.image.channels).max() ?? 1
    let (height, width) = (first.image.height, first.image.width)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(examples.count * height * width * channels)
    for example in examples {
      guard example.image.height == height, example.image.width == width else {
        throw .invalidContent(
          path: example.path,
          reason: "it is \(example.image.height)×\(example.image.width) where others are "
            + "\(height)×\(width); give size to resize all")
      }
      pixels += example.image.converted(channels: channels).pixels
    }
    return try ImageDataset(
      name: "folder", path: folder, shape: [height, width, channels], pixels: pixels,
      labels: examples.map(\.label), classNames: classes, normalization: normalization)
  }
}
