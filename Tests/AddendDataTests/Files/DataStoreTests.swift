import AddendData
import AddendFiles
import AddendKernels
import AddendTestSupport
import Testing

@Suite struct DataStoreTests {
  private let content = Array("canonical content".utf8)
  /// Of `content`, by `sha256sum`.
  private let sha256 = "1ef9517fb8d602685149aea524f214becb9107adc1f79a17e4605f000e823b2c"

  private func files(_ addresses: [String], sha256: String? = nil) -> FileSet {
    FileSet(
      "things", folders: ["things", "old-things"], installedFolders: ["/usr/share/things"],
      layouts: [
        [
          DataFile(
            ["a.gz", "a"], addresses: addresses, sha256: sha256 ?? self.sha256,
            content: DataFile.Content(
              byteCount: content.count, crc32: crc32(content.span)))
        ]
      ],
      remedy: "look elsewhere")
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    let directory = path.split(separator: "/").dropLast().joined(separator: "/")
    try createDirectory(at: "/\(directory)")
    try writeAtomically(bytes.span, to: path)
  }

  @Test func placesAreSearchedInTheirOrder() throws {
    try withTemporaryDirectory { root in
      let files = files([])
      let store = DataStore(
        dataDirectory: "\(root)/data", cacheDirectory: "\(root)/cache", allowsDownloads: false,
        systemRoot: root)
      #expect(
        throws: DataError.notFound(
          dataset: "things",
          searched: [
            "\(root)/data/things", "\(root)/data/old-things", "\(root)/data",
            "\(root)/cache/things",
            "\(root)/cache/old-things", "\(root)/usr/share/things",
          ], remedy: "look elsewhere")
      ) { try store.resolve(files) }
      for folder in ["usr/share/things", "cache/things", "data", "data/old-things"] {
        try write(content, "\(root)/\(folder)/a")
        #expect(try store.resolve(files).folder == "\(root)/\(folder)")
      }
    }
  }

  @Test func downloadsAreVerifiedAndCached() throws {
    try withTemporaryDirectory { root in
      try write(content, "\(root)/server/a")
      let files = files(["file://\(root)/server/none", "file://\(root)/server/a"])
      let store = DataStore(cacheDirectory: "\(root)/cache", systemRoot: root)
      #expect(try store.resolve(files).folder == "\(root)/cache/things")
      #expect(try readFile(at: "\(root)/cache/things/a.gz", byteLimit: 100) == content)
      #expect(try names(inDirectory: "\(root)/cache/things") == ["a.gz"])
    }
  }

  /// The file's end comes from the server, its beginning from the interrupted download.
  @Test func interruptedDownloadsGoOn() throws {
    try withTemporaryDirectory { root in
      var rest = content
      for i in 0..<5 { rest[i] = 0 }
      try write(rest, "\(root)/server/a")
      try write(Array(content[..<5]), "\(root)/cache/things/a.gz.part")
      let store = DataStore(cacheDirectory: "\(root)/cache", systemRoot: root)
      _ = try store.resolve(files(["file://\(root)/server/a"]))
      #expect(try readFile(at: "\(root)/cache/things/a.gz", byteLimit: 100) == content)
    }
  }

  @Test func aWrongBeginningIsFetchedAnew() throws {
    try withTemporaryDirectory { root in
      try write(content, "\(root)/server/a")
      for part in [[UInt8](repeating: 7, count: 5), content + content] {
        try write(part, "\(root)/cache/things/a.gz.part")
        let store = DataStore(cacheDirectory: "\(root)/cache", systemRoot: root)
        _ = try store.fetch(files(["file://\(root)/server/a"]))
        #expect(try readFile(at: "\(root)/cache/things/a.gz", byteLimit: 100) == content)
        try removeFile(at: "\(root)/cache/things/a.gz")
      }
    }
  }

  @Test func wrongContentIsNeverKept() throws {
    try withTemporaryDirectory { root in
      try write(content, "\(root)/server/a")
      let zeros = String(repeating: "0", count: 64)
      let store = DataStore(cacheDirectory: "\(root)/cache", systemRoot: root)
      #expect(
        throws: DataError.checksumMismatch(
          path: "\(root)/cache/things/a.gz.part", expected: zeros, found: sha256)
      ) { try store.resolve(files(["file://\(root)/server/a"], sha256: zeros)) }
      #expect(try names(inDirectory: "\(root)/cache/things") == [])
    }
  }

  @Test func aFailedDownloadSaysWhatHelps() throws {
    try withTemporaryDirectory { root in
      let store = DataStore(cacheDirectory: "\(root)/cache", systemRoot: root)
      do throws(DataError) {
        _ = try store.resolve(files(["file://\(root)/server/none"]))
        Issue.record("there was nothing to fetch")
      } catch {
        #expect(error.description.contains("could not be fetched"))
        #expect(error.description.contains("look elsewhere"))
        #expect(isOneSentence(error.description))
      }
    }
  }

  @Test func filesAreComparedWithTheCanonicalOnes() throws {
    try withTemporaryDirectory { root in
      let files = files([])
      let store = DataStore(dataDirectory: root, cacheDirectory: "\(root)/c", systemRoot: root)
      func state(_ bytes: [UInt8]) throws -> DataStore.FileReport.State? {
        try write(bytes, "\(root)/things/a.gz")
        return try store.verify(files, at: store.resolve(files)).first?.state
      }
      #expect(try state(content) == .canonical)
      #expect(try state(gzipped(content)) == .repacked)
      guard case .different = try state(Array(content.dropLast())) else {
        Issue.record("content that differs is noticed")
        return
      }
    }
  }
}
