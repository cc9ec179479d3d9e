import AddendKernels
import AddendTestSupport
import Foundation
import Testing

/// Memory from the system, and files as memory.
struct MappedMemoryTests {
  @Test func freshMemoryIsZeroAndWritable() throws {
    let buffer = try #require(MappedBuffer<UInt16>(zeros: 5000))
    var span = buffer.uniqueSpan
    #expect(span[0] == 0 && span[4999] == 0)
    span[4999] = 7
    let read = buffer.span
    #expect(read[4999] == 7 && read.count == 5000)
  }

  @Test func moreMemoryThanThereIsIsRefused() {
    #expect(MappedBuffer<UInt64>(zeros: 1 << 58) == nil)
    #expect(MappedBuffer<UInt64>(zeros: .max) == nil)
  }

  @Test func aFileIsReadAsItLies() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try Data([1, 0, 2, 0, 3, 1, 0, 0, 0x80, 0x3F]).write(to: URL(fileURLWithPath: path))
      let file = try MappedFile(contentsOf: path)
      #expect(file.byteCount == 10)
      let bytes = file.bytes
      #expect(bytes[4] == 3)
      let numbers = file.elements(UInt16.self, at: 2, count: 2)
      #expect(numbers[0] == 2 && numbers[1] == 259)
      try Data().write(to: URL(fileURLWithPath: path))
      #expect(try MappedFile(contentsOf: path).byteCount == 0)
    }
  }

  @Test func whatIsNoFileIsRefused() throws {
    try withTemporaryDirectory { directory in
      #expect(throws: MappedFile.Failure.notAFile) { try MappedFile(contentsOf: directory) }
      #expect(throws: MappedFile.Failure.refused(code: ENOENT)) {
        try MappedFile(contentsOf: "\(directory)/none")
      }
    }
  }
}
