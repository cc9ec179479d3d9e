import AddendArchives
import AddendCatalogue
import AddendTensors
import AddendTestSupport
import Testing

/// A safetensors file with `header` and as many data bytes, counting up from 0.
private func file(_ header: String, dataCount: Int) -> [UInt8] {
  let text = Array(header.utf8)
  let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
  return length + text + (0..<dataCount).map { UInt8(truncatingIfNeeded: $0) }
}

private func refusal(of bytes: [UInt8]) -> String? {
  do throws(ArchiveError) {
    _ = try SafetensorsFile(bytes)
    return nil
  } catch {
    return error.description
  }
}

@Test func everyFormatIsRead() throws {
  var data: [UInt8] = []
  var members: [String] = []
  func add(_ name: String, _ format: String, _ bytes: [UInt8], count: Int) {
    members.append(
      """
      "\(name)":{"dtype":"\(format)","shape":[\(count)],\
      "data_offsets":[\(data.count),\(data.count + bytes.count)]}
      """)
    data += bytes
  }
  // Little-endian patterns written out by hand from IEEE 754 and two's complement.
  add("f64", "F64", [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], count: 1)
  add("f32", "F32", [0x01, 0, 0xC0, 0x7F, 0, 0, 0x20, 0xC1], count: 2)
  add(
    "f16", "F16", [0x00, 0x3C, 0x01, 0x80, 0xFF, 0x7B, 0x00, 0xFC, 0xFF, 0x03], count: 5)
  add("bf16", "BF16", [0xC0, 0x3F, 0x80, 0xFF], count: 2)
  add("i64", "I64", [0xFE] + [UInt8](repeating: 0xFF, count: 7), count: 1)
  add("i32", "I32", [0, 0, 0, 0x80], count: 1)
  add("i16", "I16", [0x2C, 0x01], count: 1)
  add("i8", "I8", [0x80, 0x7F], count: 2)
  add("u8", "U8", [0x80, 0xFF], count: 2)
  let header = "{\(members.joined(separator: ",")),\"__metadata__\":{\"format\":\"pt\"}}   "
  let read = try SafetensorsFile(file(header, dataCount: 0) + data)

  #expect(read.metadata["format"] == "pt")
  #expect(try read.tensor("f64").elements == [-1.5])
  #expect(try read.tensor("f32").elements.map(\.bitPattern) == [0x7FC0_0001, 0xC120_0000])
  #expect(
    try read.tensor("f16").elements
      == [1, -0x1p-24, 65504, -.infinity, 1023 * 0x1p-24])
  #expect(try read.tensor("bf16").elements == [1.5, -.infinity])
  #expect(try read.tensor("i64").elements == [-2])
  #expect(try read.tensor("i32").elements == [-0x1p31])
  #expect(try read.tensor("i16").elements == [300])
  #expect(try read.tensor("i8").elements == [-128, 127])
  #expect(try read.tensor("u8").elements == [128, 255])
  #expect(throws: ArchiveError.missing(section: "none")) { try read.tensor("none") }
}

@Test func writtenTensorsReadBack() throws {
  try withTemporaryDirectory { directory in
    let path = "\(directory)/x.safetensors"
    let nan = Float(bitPattern: 0x7FA0_0001)
    let tensors: [(name: String, tensor: Tensor<Float>)] = [
      ("b/weight", Tensor([2, 3], [1, -2, nan, 4, -0.0, 6])), ("empty", Tensor([0, 5])),
      ("a", Tensor([], [7])),
    ]
    try writeSafetensors(tensors, metadata: ["source": "test"], to: path)
    let read = try SafetensorsFile(contentsOf: path)
    #expect(read.metadata["source"] == "test")
    #expect(Set(read.entries.map(\.name)) == ["b/weight", "empty", "a"])
    for (name, tensor) in tensors {
      let found = try read.tensor(name)
      #expect(found.shape == tensor.shape)
      #expect(found.elements.map(\.bitPattern) == tensor.elements.map(\.bitPattern))
    }
  }
}

@Test(arguments: [
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    8, "the tensor 'b' is malformed: its data overlaps or leaves a gap"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
    "the tensor 'a' is malformed: its data overlaps or leaves a gap"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7,
    "the file is cut off after 65 bytes"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9,
    "the file is malformed: it has data that belongs to no tensor"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8,
    "the tensor 'a' is malformed: 8 bytes do not hold F32 numbers of shape 3"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8,
    "the tensor 'a' is malformed: its 'data_offsets' are not two ascending positions"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8,
    "the tensor 'a' is malformed: its 'data_offsets' are not two ascending positions"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#, 8,
    "the tensor 'a' is malformed: its 'shape' is not a list of extents"
  ),
  (
    #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8,
    "the tensor 'a' is malformed: its 'shape' is not a list of extents"
  ),
  (
    #"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, 8,
    "the tensor 'a' is malformed: its dtype is F8_E4M3, expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8"
  ),
  (#"{"a":3}"#, 0, "the tensor 'a' is malformed: it has no 'dtype'"),
  (
    #"{"a":}"#, 0, "the section 'header' is not JSON: line 1, column 6: expected a value, found '}'"
  ),
])
func refusalsSayWhatIsWrong(header: String, dataCount: Int, message: String) {
  let expected = message.replacing("65 bytes", with: "\(8 + header.utf8.count + dataCount) bytes")
  #expect(refusal(of: file(header, dataCount: dataCount)) == expected)
}

@Test func filesWithoutAHeaderAreForeign() {
  let message = "this is not a safetensors file"
  #expect(refusal(of: []) == message)
  #expect(refusal(of: [UInt8](repeating: 0xFF, count: 64)) == message)
  #expect(refusal(of: Array("PK\u{3}\u{4} a zip file, which PyTorch writes".utf8)) == message)
  #expect(
    refusal(of: [200, 0, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")])
      == "the file is cut off after 9 bytes")
}

@Test func randomDamageOfSafetensorsDoesNotTrap() throws {
  let whole = file(
    """
    {"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},\
    "b":{"dtype":"I8","shape":[3],"data_offsets":[16,19]},\
    "c":{"dtype":"F16","shape":[0,4],"data_offsets":[19,19]}}
    """, dataCount: 19)
  #expect(refusal(of: whole) == nil)
  var refusals = 0
  for damaged in FileFuzzer(whole, count: 20_000, seed: 8) {
    do throws(ArchiveError) {
      let file = try SafetensorsFile(damaged)
      for entry in file.entries {
        #expect(try file.tensor(entry.name).count == entry.shape.count)
      }
    } catch {
      refusals += 1
      #expect(isOneSentence(error.description))
    }
  }
  #expect(refusals > 10_000)
}

private let resNet = "models/resnet20-12fca82f.safetensors"

@Test(.enabled(if: TestData.has(resNet), "the test data lacks \(resNet)"))
func aPublishedNetworkIsRead() throws {
  let file = try SafetensorsFile(contentsOf: TestData.path(resNet))
  let name = try #require(file.entries.map(\.name).first { $0.hasSuffix("linear.weight") })
  #expect(file[name]?.shape == [10, 64])
  #expect(file[name]?.format == .f32)
  let weight = try file.tensor(name)
  #expect(weight.elements.allSatisfy { $0.isFinite })
  let parameters = try file.entries
    .filter { !$0.name.contains("running") && !$0.name.contains("num_batches") }
    .reduce(0) { $0 + (try file.tensor($1.name).count) }
  // He et al., 2016, table 6: 0.27 million; the shortcuts have no parameters.
  #expect(parameters == 269_722)
}
