import AddendFiles
import AddendTestSupport
import Testing

@Test func namesInADirectoryAreSorted() throws {
  try withTemporaryDirectory { root in
    #expect(try names(inDirectory: root) == [])
    for name in ["b", "a", "é", ".hidden"] { try writeAtomically(name, to: "\(root)/\(name)") }
    #expect(try names(inDirectory: root) == [".hidden", "a", "b", "é"])
    #expect(throws: FileError.notFound(path: "\(root)/none")) {
      try names(inDirectory: "\(root)/none")
    }
  }
}

@Test func removingAFileThatIsNotThereIsNoFailure() throws {
  try withTemporaryDirectory { root in
    try writeAtomically("x", to: "\(root)/x")
    for _ in 0..<2 { try removeFile(at: "\(root)/x") }
    #expect(try names(inDirectory: root) == [])
  }
}

@Test(
  arguments: [
    ("model.addend.partial-12-3", "model.addend"), ("a-b.partial-x.partial-1-2", "a-b.partial-x"),
    ("model.addend", nil), ("x.partial-1", nil), ("x.partial-1-y", nil), ("x-1-2", nil),
  ] as [(String, String?)])
func temporaryNamesTellWhatTheyWereToBecome(name: String, destination: String?) {
  #expect(AtomicFile.destination(ofPartial: name) == destination)
}

@Test func anAtomicFilesTemporaryNameTellsItsDestination() throws {
  try withTemporaryDirectory { root in
    let file = try AtomicFile(replacing: "\(root)/x.addend")
    #expect(
      try names(inDirectory: root).map { AtomicFile.destination(ofPartial: $0) } == ["x.addend"])
    try file.commit()
    #expect(try names(inDirectory: root) == ["x.addend"])
  }
}
