internal import CAddendKernels

/// The words of a codebook, laid out for finding the nearest of them to each of many points.
///
/// Nearest is the first word `k` of those that minimise `Σ_c (x[c] − w[k][c])²`, differences, squares
/// and sums rounded to float32 in the order of `c`: every instruction set and any number of threads
/// finds the same one.
public struct NearestWords: Sendable {
  public let count: Int
  public let dimension: Int
  /// `[count][dimension]`.
  let words: AlignedBuffer<Float>
  /// `‖w‖²`; empty where searches go without products of matrices.
  let norms: [Float]
  /// The largest of them.
  let largestNorm: Float

  /// Words that a search of one piece compares: codes are bytes there.
  private static let pieceWords = 256
  /// Points that a thread takes at a time, at most: their coordinates stay in the cache.
  private static let partPoints = 256

  /// - Parameter words: `[count][dimension]`, row-major.
  public init(_ words: Span<Float>, dimension: Int) {
    precondition(dimension > 0 && words.count % dimension == 0, "nearest: words")
    precondition(!words.isEmpty && words.count / dimension <= 1 << 32, "nearest: codes fit 32 bits")
    count = words.count / dimension
    self.dimension = dimension
    let copy = AlignedBuffer<Float>(uninitializedCount: words.count)
    var span = copy.uniqueSpan
    copyBytes(bytes(of: words), to: &span)
    self.words = copy
    norms = Self.wantsProducts(count: count, dimension) ? Self.norms(words, dimension) : []
    largestNorm = norms.reduce(0, max)
  }

  /// Below these extents a product of matrices is no faster than distances one by one.
  private static func wantsProducts(count: Int, _ dimension: Int) -> Bool {
    dimension >= 32 && count >= 128
  }

  private static func norms(_ words: Span<Float>, _ dimension: Int) -> [Float] {
    (0..<words.count / dimension).map { k in
      (0..<dimension).reduce(0) {
        $0 + words[k * dimension + $1] * words[k * dimension + $1]
      }
    }
  }

  /// `codes[i]` = the word nearest to point `i`; `points` is `[codes.count][dimension]`.
  ///
  /// Cost: `points · words · dimension` multiplications and twice as many additions.
  public func search(_ points: Span<Float>, into codes: inout MutableSpan<UInt32>) {
    let total = codes.count
    precondition(points.count == total * dimension, "nearest: points")
    guard let codes = unsafe codes.address, let points = unsafe points.address else { return }
    // Safe: a part reads points and writes codes of its own, all within the extents checked above.
    ThreadPool.forEachPart(of: total, size: partSize) { first, part in
      if unsafe searchByProducts(points + first * dimension, part, codes + first) { return }
      let columns = AlignedBuffer<Float>(uninitializedCount: part * dimension)
      var span = columns.uniqueSpan
      guard let x = unsafe span.address else { return }
      unsafe addend_codebook_transpose(points + first * dimension, part, dimension, x, part)
      unsafe searchPart(x, part, part, codes + first)
      withExtendedLifetime(columns) {}
    }
  }

  /// The same for points that lie by coordinates: `[dimension][codes.count]`.
  public func search(columns points: Span<Float>, into codes: inout MutableSpan<UInt32>) {
    let total = codes.count
    precondition(points.count == total * dimension, "nearest: points")
    guard let codes = unsafe codes.address, let points = unsafe points.address else { return }
    // Safe: a part reads points and writes codes of its own, all within the extents checked above.
    ThreadPool.forEachPart(of: total, size: partSize) { first, part in
      unsafe searchPart(points + first, total, part, codes + first)
    }
  }

  /// Points in a part: about 10 ms of work at most, a multiple of the kernel's lanes.
  private var partSize: Int {
    max(16, min(Self.partPoints, 40_000_000 / (count * dimension)) & ~15)
  }

  /// The search for `part` points on the calling thread; coordinate `c` of point `i` is
  /// `x[c · stride + i]`.
  // Safe when these points and as many codes exist: C keeps no pointer.
  @unsafe private func searchPart(
    _ x: UnsafePointer<Float>, _ stride: Int, _ part: Int, _ codes: UnsafeMutablePointer<UInt32>
  ) {
    let functions = SpaceKernels.best.functions
    let found = AlignedBuffer<UInt8>(uninitializedCount: part)
    var foundSpan = found.uniqueSpan
    guard let bytes = unsafe foundSpan.address, let words = unsafe words.span.address else {
      return
    }
    var least = [Float](repeating: .infinity, count: count > Self.pieceWords ? part : 0)
    unsafe codes.update(repeating: 0, count: part)
    for first in Swift.stride(from: 0, to: count, by: Self.pieceWords) {
      let piece = unsafe words + first * dimension
      let size = min(Self.pieceWords, count - first)
      unsafe functions.nearest(x, stride, dimension, piece, size, 0, part, bytes)
      for i in 0..<part {
        let code = unsafe Int(bytes[i])
        if count > Self.pieceWords {
          let distance = unsafe distance(x + i, stride, piece + code * dimension)
          guard distance < least[i] else { continue }
          least[i] = distance
        }
        unsafe codes[i] = UInt32(first + code)
      }
    }
    withExtendedLifetime(found) {}
  }

  @unsafe private func distance(
    _ x: UnsafePointer<Float>, _ stride: Int, _ word: UnsafePointer<Float>
  ) -> Float {
    var sum: Float = 0
    for c in 0..<dimension {
      let difference = unsafe x[c * stride] - word[c]
      sum += difference * difference
    }
    return sum
  }
}

/// `least[i] = min(least[i], Σ_c (points[c][i] − word[c])²)`; `points` is `[word.count][least.count]`.
///
/// Cost: `points · dimension` multiplications and twice as many additions.
public func lowerDistances(
  _ points: Span<Float>, to word: Span<Float>, in least: inout MutableSpan<Float>
) {
  let count = least.count
  precondition(points.count == count * word.count, "lower distances: extents")
  guard let least = unsafe least.address else { return }
  let size = max(64, SpaceKernels.partRows(workPerRow: word.count) & ~63)
  // Safe: parts write distances of their own, and C keeps no pointer.
  ThreadPool.forEachPart(of: count, size: size) { first, part in
    unsafe addend_codebook_lower(
      points.address, count, word.count, word.address, first, first + part, least)
  }
}
