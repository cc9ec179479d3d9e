import AddendFiles
import Foundation
import Testing

/// Runs `body` with the path of a fresh directory, which is removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
  let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: directory) }
  try body(directory.path)
}

func names(in directory: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

@Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1])
func whatIsWrittenIsRead(byteCount: Int) throws {
  try withTemporaryDirectory { directory in
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 3) }
    try writeAtomically(bytes.span, to: directory + "/file")
    #expect(try readFile(at: directory + "/file", byteLimit: byteCount) == bytes)
    #expect(try names(in: directory) == ["file"])
  }
}

@Test func aFileWithoutCommitLeavesNothingBehind() throws {
  try withTemporaryDirectory { directory in
    let path = directory + "/file"
    try writeAtomically("before", to: path)
    do {
      let file = try AtomicFile(replacing: path)
      try file.append("half".utf8.span)
      #expect(try names(in: directory).count == 2)
    }
    #expect(try names(in: directory) == ["file"])
    #expect(try readFile(at: path, byteLimit: 100) == Array("before".utf8))
  }
}

@Test func twoFilesInTheMakingDoNotCollide() throws {
  try withTemporaryDirectory { directory in
    let path = directory + "/file"
    let first = try AtomicFile(replacing: path)
    let second = try AtomicFile(replacing: path)
    try first.append("first".utf8.span)
    try second.append("second".utf8.span)
    try first.commit()
    try second.commit()
    #expect(try readFile(at: path, byteLimit: 100) == Array("second".utf8))
  }
}

@Test func aSymbolicLinkStaysALink() throws {
  try withTemporaryDirectory { directory in
    try writeAtomically("old", to: directory + "/target")
    try FileManager.default.createSymbolicLink(
      atPath: directory + "/link", withDestinationPath: "target")
    try writeAtomically("new", to: directory + "/link")
    #expect(try readFile(at: directory + "/target", byteLimit: 3) == Array("new".utf8))
    #expect(try names(in: directory) == ["link", "target"])
  }
}

@Test func devicesAndDirectoriesAreNotReplaced() throws {
  try withTemporaryDirectory { directory in
    #expect(throws: FileError.notAFile(path: "/dev/null")) {
      try writeAtomically("", to: "/dev/null")
    }
    #expect(throws: FileError.notAFile(path: directory)) { try writeAtomically("", to: directory) }
    #expect(throws: FileError.notAFile(path: directory)) {
      try readFile(at: directory, byteLimit: 1)
    }
  }
}

@Test func missingFilesAndDirectoriesAreNamed() throws {
  try withTemporaryDirectory { directory in
    let path = directory + "/no/file"
    #expect(throws: FileError.notFound(path: path)) { try readFile(at: path, byteLimit: 1) }
    #expect(throws: FileError.notFound(path: path)) { try writeAtomically("", to: path) }
    #expect(FileError.notFound(path: path).description == "'\(path)' does not exist")
  }
}

@Test func longerFilesThanTheLimitAreRefused() throws {
  try withTemporaryDirectory { directory in
    let path = directory + "/file"
    try writeAtomically("abc", to: path)
    #expect(throws: FileError.tooLarge(path: path, byteLimit: 2)) {
      try readFile(at: path, byteLimit: 2)
    }
  }
  #expect(throws: FileError.tooLarge(path: "/dev/zero", byteLimit: 1 << 21)) {
    try readFile(at: "/dev/zero", byteLimit: 1 << 21)
  }
}
