public import AddendTensors

/// A codebook whose words are composed of smaller codebooks' words: exponentially many words for few
/// stored numbers.
///
/// - `product`: parts lie side by side (Jégou, Douze & Schmid, 2011); a block is cut and each piece
///   coded by itself, which finds the nearest composed word.
/// - `residual`: parts are added (Juang & Gray, 1982); each codes what those before it left, one
///   after the other, which may miss the nearest sum.
public struct CompositeCodebook: Equatable, Sendable {
  public enum Composition: Sendable { case product, residual }

  public let composition: Composition
  public let parts: [Codebook]

  /// - Throws: `CodebookError.dimension` where the parts of a sum differ in dimension,
  ///   `wordCount` where there are none.
  public init(_ composition: Composition, _ parts: [Codebook]) throws(CodebookError) {
    guard let first = parts.first else { throw .wordCount(found: 0, limit: Codebook.countLimit) }
    if composition == .residual,
      let stray = parts.first(where: { $0.dimension != first.dimension })
    {
      throw .dimension(what: "stages", expected: first.dimension, found: stray.dimension)
    }
    self.composition = composition
    self.parts = parts
  }

  /// Numbers in a word.
  public var dimension: Int {
    switch composition {
    case .product: parts.reduce(0) { $0 + $1.dimension }
    case .residual: parts[0].dimension
    }
  }

  /// `log₂` of the number of words.
  public var bits: Double { parts.reduce(0) { $0 + Math.log(Double($1.count)) / Math.log(2) } }

  /// The codes of each part, `[parts][points]`, for `points: [count, dimension]`.
  ///
  /// - Throws: as `Codebook.encode`.
  public func encode(_ points: Tensor<Float>) throws(CodebookError) -> [[UInt32]] {
    guard points.shape.rank == 2, points.shape[1] == dimension else {
      throw .dimension(
        what: "points", expected: dimension, found: points.shape.rank == 2 ? points.shape[1] : 0)
    }
    var codes: [[UInt32]] = []
    var (left, first) = (points, 0)
    for part in parts {
      switch composition {
      case .product:
        codes.append(try part.encode(points.columns(first..<first + part.dimension)))
        first += part.dimension
      case .residual:
        let own = try part.encode(left)
        left = left.subtracting(try part.decode(own))
        codes.append(own)
      }
    }
    return codes
  }

  /// The composed words that `codes`, `[parts][points]`, name: `[points, dimension]`.
  ///
  /// - Throws: `CodebookError.code` for an index beyond a part's words.
  public func decode(_ codes: [[UInt32]]) throws(CodebookError) -> Tensor<Float> {
    precondition(codes.count == parts.count, "a list of codes for each part")
    let (count, dimension) = (codes[0].count, dimension)
    var words = Tensor<Float>([count, dimension])
    var first = 0
    for (part, own) in zip(parts, codes) {
      let numbers = try part.decode(own)
      let source = numbers.span
      var span = words.mutableSpan
      for i in 0..<count {
        for c in 0..<part.dimension {
          span[i * dimension + first + c] += source[i * part.dimension + c]
        }
      }
      if composition == .product { first += part.dimension }
    }
    return words
  }

  /// `Σ ‖x − word(x)‖² / Σ ‖x‖²` over `points`, `[count, dimension]`, coded by `encode`.
  public func relativeError(on points: Tensor<Float>) throws(CodebookError) -> Double {
    try decode(encode(points)).relativeError(from: points)
  }

  /// All composed words as one codebook, the last part's index running fastest.
  ///
  /// - Throws: `CodebookError.wordCount` where there are more than a codebook holds.
  public func flattened() throws(CodebookError) -> Codebook {
    var count = 1
    for part in parts {
      let (product, overflow) = count.multipliedReportingOverflow(by: part.count)
      guard !overflow, product <= Codebook.countLimit else {
        throw .wordCount(found: overflow ? .max : product, limit: Codebook.countLimit)
      }
      count = product
    }
    var (codes, repeats) = ([[UInt32]](), count)
    for part in parts {
      repeats /= part.count
      codes.append((0..<count).map { UInt32($0 / repeats % part.count) })
    }
    return try Codebook(decode(codes))
  }
}

extension Tensor<Float> {
  /// Some neighbouring columns of a matrix.
  func columns(_ range: Range<Int>) -> Tensor {
    let (rows, width) = (shape[0], shape[1])
    let source = span
    return Tensor([rows, range.count]) { target in
      for i in 0..<rows {
        for c in range { target[i * range.count + c - range.lowerBound] = source[i * width + c] }
      }
    }
  }

  func subtracting(_ other: Tensor) -> Tensor {
    let (a, b) = (span, other.span)
    return Tensor(shape) { target in for i in a.indices { target[i] = a[i] - b[i] } }
  }
}
