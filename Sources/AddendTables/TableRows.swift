internal import AddendCodebooks
internal import AddendKernels
internal import AddendTensors
internal import Synchronization

/// Computes a table's rows, each by itself: the results, what stands for them, and what that loses.
struct TableRows: Sendable {
  let extents: TableExtents
  let left: Codebook
  let right: Codebook
  let entries: TableEntries
  private let results: NearestWords?

  init(_ extents: TableExtents, left: Codebook, right: Codebook, entries: TableEntries) {
    self.extents = extents
    self.left = left
    self.right = right
    self.entries = entries
    results = entries.codebook.map {
      NearestWords($0.words.span, dimension: $0.dimension)
    }
  }

  /// One row as it is stored.
  struct Row: Sendable {
    let bytes: AlignedBuffer<UInt8>
    let record: TableRowRecord
  }

  /// The rows numbered `range`, computed on the current pool; entries of integers are multiples of
  /// `step`.
  func rows(_ range: Range<Int>, step: Float) -> [Row] {
    let finished = Mutex([Row?](repeating: nil, count: range.count))
    ThreadPool.current.run(range.count) { place in
      let row = row(range.lowerBound + place, step: step)
      finished.withLock { $0[place] = row }
    }
    return finished.withLock { $0.compactMap(\.self) }
  }

  private func row(_ i: Int, step: Float) -> Row {
    let values = values(i)
    let exact = values.span
    let bytes = AlignedBuffer<UInt8>(uninitializedCount: extents.rowByteCount)
    var target = bytes.uniqueSpan
    let record: TableRowRecord
    switch entries {
    case .float32:
      copyBytes(AddendKernels.bytes(of: exact), to: &target)
      record = TableRowRecord(of: bytes.span, error: 0, energy: Self.energy(exact))
    case .int16:
      let numbers = Self.quantized(exact, step: step, limit: 32767) { Int16($0) }
      copyBytes(AddendKernels.bytes(of: numbers.span), to: &target)
      record = TableRowRecord(
        of: bytes.span, error: Self.error(exact) { Double(numbers.span[$0]) * Double(step) },
        energy: Self.energy(exact))
    case .int8:
      let numbers = Self.quantized(exact, step: step, limit: 127) { Int8($0) }
      copyBytes(AddendKernels.bytes(of: numbers.span), to: &target)
      record = TableRowRecord(
        of: bytes.span, error: Self.error(exact) { Double(numbers.span[$0]) * Double(step) },
        energy: Self.energy(exact))
    case .index(let codebook):
      let codes = codes(for: exact)
      let found = codes.span
      Self.pack(found, width: extents.format.elementByteCount, into: &target)
      let (words, size) = (codebook.words.span, codebook.dimension)
      record = TableRowRecord(
        of: bytes.span,
        error: Self.error(exact) { Double(words[Int(found[$0 / size]) * size + $0 % size]) },
        energy: Self.energy(exact))
    }
    return Row(bytes: bytes, record: record)
  }

  /// The results of row `i`, `[rightCount][resultSize]`.
  func values(_ i: Int) -> AlignedBuffer<Float> {
    let (r, d, size) = (extents.block.rows, extents.block.dimension, extents.resultSize)
    let count = extents.rightCount
    let values = AlignedBuffer<Float>(uninitializedCount: count * size)
    var target = values.uniqueSpan
    let words = right.words.span
    let own = left.words.span.extracting(i * left.dimension..<(i + 1) * left.dimension)
    switch extents.operation {
    case .product where r * d >= 256:
      let shape = GEMMShape(m: count, n: r, k: d, transposesB: true)
      gemm(shape, words, own, &target)
    case .transposedProduct where r * d >= 256:
      gemm(GEMMShape(m: count, n: d, k: r), words, own, &target)
    case .product:
      for j in 0..<count {
        for a in 0..<r {
          var sum: Float = 0
          for b in 0..<d { sum += own[a * d + b] * words[j * d + b] }
          target[j * r + a] = sum
        }
      }
    case .transposedProduct:
      for j in 0..<count {
        for b in 0..<d {
          var sum: Float = 0
          for a in 0..<r { sum += own[a * d + b] * words[j * r + a] }
          target[j * d + b] = sum
        }
      }
    case .outerProduct:
      for j in 0..<count {
        for a in 0..<r {
          for b in 0..<d { target[(j * r + a) * d + b] = own[a] * words[j * d + b] }
        }
      }
    case .sum:
      for j in 0..<count { for b in 0..<d { target[j * d + b] = own[b] + words[j * d + b] } }
    }
    return values
  }

  /// The largest magnitude of any result in the rows numbered `range`.
  func largestMagnitude(_ range: Range<Int>) -> Float {
    let largest = Mutex<Float>(0)
    ThreadPool.current.run(range.count) { place in
      let values = values(range.lowerBound + place)
      let span = values.span
      var own: Float = 0
      for i in span.indices { own = max(own, span[i].magnitude) }
      largest.withLock { $0 = max($0, own) }
    }
    return largest.withLock { $0 }
  }

  private func codes(for values: Span<Float>) -> AlignedBuffer<UInt32> {
    let codes = AlignedBuffer<UInt32>(uninitializedCount: extents.rightCount)
    var span = codes.uniqueSpan
    guard let results else { preconditionFailure("indices name words of a codebook") }
    results.search(values, into: &span)
    return codes
  }

  private static func quantized<Number: BitwiseCopyable>(
    _ values: Span<Float>, step: Float, limit: Float, _ convert: (Float) -> Number
  ) -> AlignedBuffer<Number> {
    let numbers = AlignedBuffer<Number>(uninitializedCount: values.count)
    var span = numbers.uniqueSpan
    for i in values.indices {
      span[i] = convert(
        min(max((values[i] / step).rounded(.toNearestOrEven), -limit), limit))
    }
    return numbers
  }

  private static func pack(
    _ codes: Span<UInt32>, width: Int, into bytes: inout MutableSpan<UInt8>
  ) {
    for i in codes.indices {
      for b in 0..<width {
        bytes[i * width + b] = UInt8(truncatingIfNeeded: codes[i] >> UInt32(8 * b))
      }
    }
  }

  private static func error(_ exact: Span<Float>, _ stored: (Int) -> Double) -> Double {
    var sum = 0.0
    for i in exact.indices {
      let difference = Double(exact[i]) - stored(i)
      sum += difference * difference
    }
    return sum
  }

  private static func energy(_ exact: Span<Float>) -> Double {
    var sum = 0.0
    for i in exact.indices { sum += Double(exact[i]) * Double(exact[i]) }
    return sum
  }
}
