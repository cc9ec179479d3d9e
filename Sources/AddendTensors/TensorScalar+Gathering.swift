extension TensorScalar {
  public static func indices(
    of x: Span<Self>, below limit: Int, into indices: inout MutableSpan<Int32>
  ) -> Int? {
    precondition(x.count == indices.count && limit <= Int(Int32.max), "indices: extents")
    for i in x.indices {
      guard let index = x[i].symbol, 0..<limit ~= index else { return i }
      indices[i] = Int32(index)
    }
    return nil
  }

  public static func lookUp(
    _ bytes: Span<UInt8>, in table: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    let channels = table.count / 256
    precondition(
      table.count == 256 * channels && channels > 0 && bytes.count == y.count, "lookUp: extents")
    var channel = 0
    for i in bytes.indices {
      y[i] = table[256 * channel + Int(bytes[i])]
      channel = channel + 1 == channels ? 0 : channel + 1
    }
  }

  public static func gatherRows(
    of table: Span<Self>, width: Int, _ indices: Span<Int32>, into y: inout MutableSpan<Self>
  ) {
    precondition(y.count == indices.count * width, "gatherRows: extents")
    for i in indices.indices {
      let (to, from) = (i * width, Int(indices[i]) * width)
      for c in 0..<width { y[to + c] = lookUp(table[from + c]) }
    }
  }

  public static func addRows(
    _ rows: Span<Self>, width: Int, at indices: Span<Int32>, to table: inout MutableSpan<Self>
  ) {
    precondition(rows.count == indices.count * width, "addRows: extents")
    for i in indices.indices {
      let (from, to) = (i * width, Int(indices[i]) * width)
      for c in 0..<width { table[to + c] += rows[from + c] }
    }
  }
}
