public import AddendTensors

extension Codebook {
  /// The least relative squared error that `words` words can leave of `dimension` independent normal
  /// numbers: `2^(−2 log₂(words) / dimension)`.
  ///
  /// Shannon's distortion-rate function of a Gaussian source (1959) at `log₂(words) / dimension` bits
  /// a number. Data whose numbers depend on each other can do better.
  public static func errorBound(words: Int, dimension: Int) -> Double {
    precondition(words > 0 && dimension > 0, "a codebook has words of numbers")
    return Math.exp(-2 * Math.log(Double(words)) / Double(dimension))
  }

  /// `errorBound` for this codebook's extents.
  public var errorBound: Double { Self.errorBound(words: count, dimension: dimension) }

  /// `Σ ‖x − word(x)‖² / Σ ‖x‖²` over `points`, `[count, dimension]`, coded by `encode`.
  ///
  /// More than 1 says that answering zero would be nearer. It is 0 where nothing is lost, and
  /// infinite where all points are zero and some word is not.
  ///
  /// - Throws: as `encode`.
  public func relativeError(on points: Tensor<Float>) throws(CodebookError) -> Double {
    try decode(encode(points)).relativeError(from: points)
  }

  /// How many of `codes` name each word; a word that none names is dead.
  ///
  /// - Throws: `CodebookError.code` for an index beyond the words.
  public func usage(of codes: [UInt32]) throws(CodebookError) -> [Int] {
    var usage = [Int](repeating: 0, count: count)
    for code in codes {
      guard code < count else { throw .code(found: Int(code), words: count) }
      usage[Int(code)] += 1
    }
    return usage
  }
}

extension Tensor<Float> {
  /// `Σ (self − truth)² / Σ truth²`; 0 where nothing differs.
  package func relativeError(from truth: Tensor<Float>) -> Double {
    let (x, y) = (truth.span, span)
    var (error, energy) = (0.0, 0.0)
    for i in x.indices {
      let (number, difference) = (Double(x[i]), Double(x[i]) - Double(y[i]))
      error += difference * difference
      energy += number * number
    }
    return error == 0 ? 0 : error / energy
  }
}
