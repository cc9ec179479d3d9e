import AddendArchives
import AddendCatalogue
import AddendLinear
import AddendTensors
import Testing

/// Made by `Golden/archive_v1.py`, which knows the format's description only.
private let golden = """
  894144444e0d0a1a01000000dfdae5eb300000000101040005000000afac1b56
  070000000000000007000000000000006a736f6e61626f75740000007f85fe75
  7b2261223a317d390000000202070001000000d074d87a100000000000000002
  000000000000000200000000000000666c6f617433327700000000005cc1c95d
  0000c03f000000c00000000000005040300000000300070001000000e8d01e1b
  0800000000000000666c6f617436346400000000000000000000000059c86a04
  9a9999999999b9bf3800000004010500050000008d1af95d0200000000000000
  030000000000000075696e7434636f64657300000000000000000000b8a219a0
  210f3e00000004010500010000005dd153b70400000000000000020000000000
  0000696e7431366900000000000000000000000000000000000000007d4feea3
  feff2c013c000000050105000400000000000000000000000000000000000000
  0000000075696e7438626c6f620000000000000000000000000000008d44d877
  00000000060000002cefb15ae06f8083
  """

@Test func goldenArchiveIsReadAndWritten() throws {
  let digits = Array(golden.utf8.filter { $0 != UInt8(ascii: "\n") })
  let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
    UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
  }
  let matrix = Tensor<Float>([2, 2], [1.5, -2, 0, 3.25])
  let number = Tensor<Double>([], [-0.1])
  let codes = IntegerState(.uint4, [3], [1, 2, 15])
  let integers = IntegerState(.int16, [2], [-2, 300])

  let archive = try Archive(bytes)
  #expect(archive.sections.map(\.name) == ["about", "w", "d", "codes", "i", "blob"])
  #expect(try archive.document("about") == ["a": 1])
  #expect(try archive.tensor("w", of: Float.self) == matrix)
  #expect(archive["w"]?.kind == .parameter)
  #expect(try archive.tensor("d", of: Double.self) == number)
  #expect(try archive.integers("codes") == codes)
  #expect(try archive.integers("i") == integers)
  #expect(try archive.bytes("blob") == [])

  let written = try archiveBytes { writer throws(ArchiveError) in
    try writer.write(["a": 1], named: "about")
    try writer.write(matrix, named: "w", isParameter: true)
    try writer.write(number, named: "d")
    try writer.write(codes, named: "codes")
    try writer.write(integers, named: "i")
    try writer.write([UInt8]().span, named: "blob")
  }
  #expect(written == bytes)
}

/// Every pattern of bfloat16, and what floats have of the strange: no bit changes.
@Test func numbersKeepEveryBit() throws {
  let brain = Tensor<BFloat16>([256, 256], (0...UInt16.max).map(BFloat16.init(bitPattern:)))
  let floatPatterns: [UInt32] = [
    0, 0x8000_0000, 1, 0x7F80_0000, 0xFF80_0000, 0x7FC1_2345, 0xFFA0_0001, 0x7F7F_FFFF,
  ]
  let floats = Tensor<Float>([8], floatPatterns.map(Float.init(bitPattern:)))
  let doublePatterns: [UInt64] = [1 << 63, 1, 0x7FF4_0000_0000_0001, 0xFFF8_1234_5678_9ABC]
  let doubles = Tensor<Double>([2, 1, 2], doublePatterns.map(Double.init(bitPattern:)))
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(brain, named: "brain")
      try writer.write(floats, named: "floats")
      try writer.write(doubles, named: "doubles", isParameter: true)
    })
  let readBrain = try archive.tensor("brain", of: BFloat16.self)
  #expect(readBrain.shape == [256, 256])
  #expect(readBrain.elements.map(\.bitPattern) == Array(0...UInt16.max))
  #expect(
    try archive.tensor("floats", of: Float.self).elements.map(\.bitPattern) == floatPatterns)
  #expect(
    try archive.tensor("doubles", of: Double.self).elements.map(\.bitPattern) == doublePatterns)
}

/// Counts on both sides of a byte's border, and the ends of each width's range.
@Test(arguments: IntegerState.Width.allCases, [0, 1, 2, 3, 7, 8, 9, 64, 65])
func integersOfEveryWidthRoundTrip(width: IntegerState.Width, count: Int) throws {
  var random = RandomSource(seed: UInt64(count))
  let ends = [width.range.lowerBound, width.range.upperBound]
  let values = (0..<count).map { $0 < 2 ? ends[$0] : Int.random(in: width.range, using: &random) }
  let integers = IntegerState(width, [count, 1], values)
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in try writer.write(integers, named: "i") })
  #expect(try archive.integers("i") == integers)
  #expect(archive["i"]?.byteCount == (count * width.bitCount + 7) / 8)
  #expect(archive["i"]?.byteCount == integers.byteCount)
}

@Test(arguments: [[0], [0, 3], [3, 0, 2], []] as [Shape])
func emptyTensorsAndScalarsKeepTheirShape(_ shape: Shape) throws {
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(Tensor<Float>(shape), named: "t")
      try writer.write(
        IntegerState(.uint4, shape, [Int](repeating: 9, count: shape.count)), named: "i")
    })
  #expect(try archive.tensor("t", of: Float.self).shape == shape)
  #expect(try archive.integers("i").shape == shape)
}

@Test func anArchiveWithoutSectionsIsOne() throws {
  let bytes = try archiveBytes { _ throws(ArchiveError) in }
  #expect(bytes.count == 32)
  #expect(try Archive(bytes).sections.isEmpty)
}

/// Whatever comes before it, a payload begins where a mapped file's tensor may lie.
@Test func payloadsAreAligned() throws {
  for length in 0..<70 {
    let bytes = try archiveBytes { writer throws(ArchiveError) in
      try writer.write([UInt8](repeating: 0, count: length).span, named: "before")
      try writer.write([UInt8](repeating: 0xAB, count: 200).span, named: "x")
    }
    // The last payload ends where the end marker begins.
    let start = bytes.count - 16 - 200
    #expect(bytes[start..<start + 200].allSatisfy { $0 == 0xAB })
    #expect(start % 64 == 0, "after \(length) bytes")
  }
}

@Test func askingForTheWrongThingSaysWhatIsThere() throws {
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(Tensor<Float>([2, 3]), named: "t")
    })
  #expect(throws: ArchiveError.missing(section: "u")) { try archive.integers("u") }
  let error = #expect(throws: ArchiveError.self) { try archive.tensor("t", of: Double.self) }
  #expect(
    error?.description
      == "the section 't' holds numbers of float32, shape 2×3, expected a tensor of float64")
  #expect(throws: ArchiveError.self) { try archive.document("t") }
  #expect(throws: ArchiveError.self) { try archive.bytes("t") }
}
