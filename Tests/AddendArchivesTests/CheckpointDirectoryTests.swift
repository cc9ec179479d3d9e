import AddendArchives
import AddendFiles
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

private func save(_ step: Int, in directory: CheckpointDirectory) throws(ArchiveError) {
  try directory.save(step: step) { writer throws(ArchiveError) in
    try writer.write(IntegerState(.int64, [1], [step]), named: "step")
  }
}

@Test func theLastFewAreKept() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: "\(root)/a/b", keeping: 2)
    #expect(try directory.newest()?.step == nil)
    for step in [0, 5, 100, 20_000_000_000] { try save(step, in: directory) }
    #expect(try directory.steps() == [100, 20_000_000_000])
    let newest = try #require(try directory.newest())
    #expect(newest.step == 20_000_000_000)
    #expect(newest.skipped.isEmpty)
    #expect(try newest.archive.integers("step").values == [20_000_000_000])
  }
}

@Test func aDamagedNewestIsPassedOverWithAWarning() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root)
    for step in 1...3 { try save(step, in: directory) }
    let whole = try readFile(at: directory.file(of: 3), byteLimit: 1 << 20)
    try writeAtomically(whole.span.extracting(first: 60), to: directory.file(of: 3))

    let newest = try #require(try directory.newest())
    #expect(newest.step == 2)
    #expect(newest.skipped.map(\.path) == [directory.file(of: 3)])
    #expect(newest.skipped.map(\.error) == [.truncated(byteCount: 60)])
    #expect(newest.skipped.allSatisfy { isOneSentence($0.description) })
  }
}

@Test func whereAllAreDamagedTheNewestsFailureIsThrown() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root)
    for step in 1...2 {
      try writeAtomically("not an archive", to: directory.file(of: step))
    }
    let error = #expect(throws: CheckpointDirectory.Skipped.self) { try directory.newest() }
    #expect(error?.path == directory.file(of: 2))
    #expect(error?.error == .foreign(expected: "an .addend archive"))
  }
}

/// The states in which `kill -9` can leave a directory: any prefix of the new file under its
/// temporary name, and the new file in place with old ones not yet removed.
@Test func aKillAtAnyMomentLeavesAValidCheckpoint() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root, keeping: 1)
    try save(1, in: directory)
    let bytes = try readFile(at: directory.file(of: 1), byteLimit: 1 << 20)
    let partial = "\(directory.file(of: 2)).partial-4242-1"
    for count in stride(from: 0, through: bytes.count, by: 7) {
      try writeAtomically(bytes.span.extracting(first: count), to: partial)
      let newest = try #require(try directory.newest())
      #expect(newest.step == 1 && newest.skipped.isEmpty)
    }
    try writeAtomically(bytes.span, to: directory.file(of: 2))
    #expect(try directory.newest()?.step == 2)

    try save(3, in: directory)
    #expect(try names(inDirectory: root) == ["checkpoint-0000000003.addend"])
  }
}

@Test func filesOfOthersAreLeftAlone() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root, keeping: 1)
    let others = [
      "checkpoint-1.addend", "checkpoint-best.addend", "notes.partial-1-2", "notes.txt",
    ]
    for name in others { try writeAtomically("mine", to: "\(root)/\(name)") }
    for step in 1...2 { try save(step, in: directory) }
    #expect(
      try names(inDirectory: root)
        == ["checkpoint-0000000002.addend"] + others)
  }
}

@Test func goingBackMakesTheCheckpointJustWrittenTheNewest() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root, keeping: 2)
    for step in [10, 20, 15] { try save(step, in: directory) }
    #expect(try directory.steps() == [10, 15])
  }
}

@Test func aFailedSaveLeavesWhatWasThere() throws {
  try withTemporaryDirectory { root in
    let directory = try CheckpointDirectory(at: root, keeping: 1)
    try save(1, in: directory)
    #expect(throws: ArchiveError.missing(section: "x")) {
      try directory.save(step: 2) { writer throws(ArchiveError) in
        try writer.write(Tensor<Float>([3]), named: "t")
        throw .missing(section: "x")
      }
    }
    #expect(try names(inDirectory: root) == ["checkpoint-0000000001.addend"])
  }
}
