public import AddendCatalogue
internal import AddendTensors

/// Arrays of your own from a NumPy `.npz` file.
///
/// Either `x_train`, `y_train`, `x_test`, `y_test`, or `x` and `y`, from which a part is split off to
/// test on. `x` is `[count, …]`, divided by `scale`. `y` is `[count]` of integers for classes,
/// `[count, time]` of integers for a class at every step, and of floating-point numbers for values.
/// `lengths` (or `lengths_train`, `lengths_test`), `[count]`, may say how many steps of each sequence
/// count. `numpy.savez` and `savez_compressed` write such files.
public struct NumPyFile: DatasetRecipe {
  private let path: String
  private let scale: Double
  private let testPart: TestPart

  public static let declaration = Declaration(
    "npz", summary: "arrays x and y of a NumPy .npz file",
    parameters: [
      Declaration.Parameter("path", .text, standard: nil, help: "the .npz file"),
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
      "npz",
      ["path": .text(path), "scale": .number(scale)].merging(testPart.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    try splits(of: readBytes(at: path))
  }

  /// The data set that a file of these bytes makes.
  package func splits(of content: [UInt8]) throws(DataError) -> DatasetSplits {
    let archive = try ZIPArchive(content, path: path)
    guard archive.names.contains("x_train.npy") else {
      let (inputs, targets) = try arrays(archive, "")
      let whole = try dataset(archive, inputs, targets, "", Self.classCount([targets]))
      return testPart.cut(whole)
    }
    let training = try arrays(archive, "_train")
    let test = try arrays(archive, "_test")
    let classCount = Self.classCount([training.targets, test.targets])
    guard training.inputs.extents.dropFirst() == test.inputs.extents.dropFirst() else {
      throw .invalidContent(path: path, reason: "x_train and x_test differ in shape")
    }
    return DatasetSplits(
      training: try dataset(archive, training.inputs, training.targets, "_train", classCount),
      test: try dataset(archive, test.inputs, test.targets, "_test", classCount))
  }

  private func arrays(
    _ archive: ZIPArchive, _ suffix: String
  ) throws(DataError) -> (inputs: NumPyArray, targets: NumPyArray) {
    func array(_ name: String) throws(DataError) -> NumPyArray {
      guard let array = try optionalArray(archive, name) else {
        let found = archive.names.joined(separator: ", ")
        throw .invalidContent(path: path, reason: "it has no array \(name), it has \(found)")
      }
      return array
    }
    return (try array("x\(suffix)"), try array("y\(suffix)"))
  }

  private func optionalArray(
    _ archive: ZIPArchive, _ name: String
  ) throws(DataError) -> NumPyArray? {
    guard let content = try archive.content(of: "\(name).npy") else { return nil }
    return try NumPyArray(content, path: "\(path)/\(name).npy")
  }

  /// One more than the greatest class; 0 where targets are numbers.
  private static func classCount(_ targets: [NumPyArray]) -> Int {
    targets.map { ($0.elements.integers?.max()).map { Int(min(max($0, -1), 1 << 20)) + 1 } ?? 0 }
      .max() ?? 0
  }

  private func dataset(
    _ archive: ZIPArchive, _ inputs: NumPyArray, _ targets: NumPyArray, _ suffix: String,
    _ classCount: Int
  ) throws(DataError) -> TensorDataset {
    guard inputs.extents.count >= 1, targets.extents.count >= 1 else {
      throw .invalidContent(path: path, reason: "x and y have no axis of examples")
    }
    var lengths: [Int]?
    if let array = try optionalArray(archive, "lengths\(suffix)") {
      guard let integers = array.elements.integers, inputs.extents.count >= 2 else {
        throw .invalidContent(path: path, reason: "lengths are no integers, or x no sequences")
      }
      lengths = integers.map { Int($0) }
    }
    let divisor = Float(scale)
    let input = Tensor(Shape(inputs.extents), inputs.elements.numbers.map { $0 / divisor })
    return try TensorDataset(
      name: "npz", path: path, inputs: input, targets: try self.targets(targets),
      classNames: (0..<classCount).map(String.init), lengths: lengths)
  }

  private func targets(_ array: NumPyArray) throws(DataError) -> Targets {
    guard let integers = array.elements.integers else {
      return .values(Tensor(Shape(array.extents), array.elements.numbers))
    }
    var labels: [Int32] = []
    labels.reserveCapacity(integers.count)
    for label in integers {
      guard let small = Int32(exactly: label), 0..<(1 << 20) ~= small else {
        throw .invalidContent(
          path: path, reason: "y has the label \(label), expected 0 to \((1 << 20) - 1)")
      }
      labels.append(small)
    }
    return .classes(labels)
  }
}

extension NumPyArray.Elements {
  /// The elements where they are integers.
  fileprivate var integers: [Int64]? {
    switch self {
    case .bytes(let bytes): bytes.map(Int64.init)
    case .integers(let integers): integers
    case .numbers: nil
    }
  }

  /// The elements as numbers, rounded.
  fileprivate var numbers: [Float] {
    switch self {
    case .bytes(let bytes): bytes.map(Float.init)
    case .integers(let integers): integers.map { Float($0) }
    case .numbers(let numbers): numbers
    }
  }
}
