internal import AddendFiles

/// Calls `body`, its failure as this target's error.
func accessing<Result>(
  _ body: () throws(FileError) -> Result
) throws(DataError) -> Result {
  do { return try body() } catch { throw .file(error) }
}

/// The bytes of the file at `path`, at most `limit` of them.
func readBytes(at path: String, limit: Int = 1 << 31) throws(DataError) -> [UInt8] {
  try accessing { () throws(FileError) in try readFile(at: path, byteLimit: limit) }
}
