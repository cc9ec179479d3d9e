internal import AddendCatalogue
internal import AddendFiles
internal import AddendKernels
public import AddendTensors

/// Writes `tensors` as F32 to a safetensors file at `path`, whole or not at all.
///
/// The header is padded with spaces so that the numbers begin at a multiple of 8, as the format's
/// own writer does. Names differ, and none is `__metadata__`.
///
/// - Throws: `ArchiveError.file`.
public func writeSafetensors(
  _ tensors: [(name: String, tensor: Tensor<Float>)], metadata: [String: String] = [:],
  to path: String
) throws(ArchiveError) {
  var header = JSONObject()
  if !metadata.isEmpty {
    var notes = JSONObject()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { notes[key] = .text(value) }
    header["__metadata__"] = .object(notes)
  }
  var position = 0
  for (name, tensor) in tensors {
    precondition(header[name] == nil && name != "__metadata__", "two tensors are called \(name)")
    let end = position + tensor.count * MemoryLayout<Float>.size
    header[name] = [
      "dtype": "F32", "shape": .array(tensor.shape.extents.map { .integer($0) }),
      "data_offsets": [.integer(position), .integer(end)],
    ]
    position = end
  }
  var text = Array(JSONValue.object(header).text().utf8)
  text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
  var start: [UInt8] = []
  start.append(littleEndian: UInt64(text.count))
  let file = try onFile { () throws(FileError) in try AtomicFile(replacing: path) }
  do throws(FileError) {
    try file.append(start.span)
    try file.append(text.span)
    for (_, tensor) in tensors { try file.append(bytes(of: tensor.span)) }
    try file.commit()
  } catch {
    throw .file(error)
  }
}
