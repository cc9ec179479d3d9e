import AddendCatalogue
import AddendData
import AddendFiles
import AddendTensors
import AddendTestSupport
import Testing

@Suite struct ImageFolderTests {
  /// A folder for each class, with copies of golden images.
  private func withFolder(
    _ files: [String: String], _ body: (String) throws -> Void
  ) throws {
    try withTemporaryDirectory { root in
      for (path, image) in files {
        let directory = path.split(separator: "/").dropLast().joined(separator: "/")
        try createDirectory(at: "\(root)/\(directory)")
        let bytes = try Golden.bytes("images/\(image)")
        try writeAtomically(bytes.span, to: "\(root)/\(path)")
      }
      try body(root)
    }
  }

  private func load(_ path: String, _ more: [String: ParameterValue] = [:]) throws -> DatasetSplits
  {
    try Datasets.load(Specification("folder", ["path": .text(path)].merging(more) { $1 }))
  }

  @Test func foldersAreClasses() throws {
    let files = [
      "b/1.png": "colour.png", "a/2.PNG": "colour.png", "a/1.jpg": "photo.jpg",
      "a/notes.txt": "grey.png",
    ]
    try withFolder(files) { root in
      let splits = try load(root, ["test": .number(0)])
      #expect(splits.training.count == 3)
      #expect(splits.training.classNames == ["a", "b"])
      #expect(splits.training.exampleClasses == [0, 0, 1])
      #expect(splits.training.inputShape == [19, 23, 3])
      let batch = splits.training.batch([2])
      let pixels = try Golden.bytes("images/colour.raw")
      #expect(batch.input.elements == pixels.map { Float($0) / 255 })
    }
  }

  @Test func sizesThatDifferAreRefusedUnlessOneIsGiven() throws {
    try withFolder(["a/1.png": "colour.png", "a/2.png": "grey.png"]) { root in
      #expect(
        throws: DataError.invalidContent(
          path: "\(root)/a/2.png",
          reason: "it is 7×5 where others are 19×23; give size to resize all")
      ) { try load(root) }
      let splits = try load(root, ["size": .text("6x4"), "test": .number(0)])
      #expect(splits.training.inputShape == [6, 4, 3])
    }
  }

  @Test func foldersForTrainingAndTestAreKeptApart() throws {
    let files = [
      "train/a/1.png": "grey.png", "train/b/1.png": "grey.png", "test/b/1.png": "grey.png",
    ]
    try withFolder(files) { root in
      let splits = try load(root)
      #expect(splits.training.exampleClasses == [0, 1])
      #expect(splits.test.exampleClasses == [1])
      #expect(splits.test.inputShape == [7, 5, 1])
    }
  }

  @Test func nothingToReadIsRefused() throws {
    try withTemporaryDirectory { root in
      #expect(throws: DataError.self) { try load(root) }
      #expect(throws: DataError.file(.notFound(path: "\(root)/none"))) { try load("\(root)/none") }
    }
  }

  @Test func aBrokenImageIsNamed() throws {
    try withFolder(["a/1.png": "colour.png", "a/2.png": "colour.raw"]) { root in
      #expect(
        throws: DataError.malformed(
          path: "\(root)/a/2.png", format: "PNG or JPEG",
          reason: "it starts like neither PNG nor JPEG")
      ) { try load(root) }
    }
  }
}
