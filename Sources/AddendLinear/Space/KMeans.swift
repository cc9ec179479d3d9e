internal import AddendKernels
internal import AddendTensors

/// Lloyd's algorithm from a k-means++ start (Arthur & Vassilvitskii, 2007).
struct KMeans {
  /// `[dimension, count]`.
  let points: Tensor<Float>

  private var dimension: Int { points.shape[0] }
  private var count: Int { points.shape[1] }

  /// `words` centroids, `[words, dimension]`; some coincide where there are fewer distinct points.
  func codebook(
    words: Int, iterations: Int = 20, using random: inout RandomSource
  ) -> Tensor<Float> {
    precondition(count > 0 && words > 0, "a codebook is made from points")
    var book = start(words: words, using: &random)
    for _ in 0..<iterations {
      let codes = codes(for: book)
      var sums = [Double](repeating: 0, count: words * dimension)
      var sizes = [Int](repeating: 0, count: words)
      let (numbers, assigned) = (points.span, codes.span)
      for i in 0..<count {
        let word = Int(assigned[i])
        sizes[word] += 1
        for c in 0..<dimension { sums[word * dimension + c] += Double(numbers[c * count + i]) }
      }
      var span = book.mutableSpan
      for word in 0..<words {
        // A word that lost all its points starts again from one of them.
        let stray = sizes[word] == 0 ? Int(random.next() % UInt64(count)) : nil
        for c in 0..<dimension {
          span[word * dimension + c] =
            stray.map { numbers[c * count + $0] }
            ?? Float(sums[word * dimension + c] / Double(sizes[word]))
        }
      }
    }
    return book
  }

  /// The nearest word's number for each point.
  func codes(for book: Tensor<Float>) -> AlignedBuffer<UInt8> {
    let codes = AlignedBuffer<UInt8>(uninitializedCount: count)
    var span = codes.uniqueSpan
    SpaceKernels.best.nearest(
      points: points.span, dimension: dimension, words: book.span, into: &span)
    return codes
  }

  /// Points drawn one by one, each with a probability proportional to its squared distance from
  /// those drawn before.
  private func start(words: Int, using random: inout RandomSource) -> Tensor<Float> {
    var distances = [Float](repeating: .infinity, count: count)
    var chosen = Int(random.next() % UInt64(count))
    let numbers = points.span
    return Tensor([words, dimension]) { span in
      for word in 0..<words {
        for c in 0..<dimension { span[word * dimension + c] = numbers[c * count + chosen] }
        var total = 0.0
        for i in 0..<count {
          var distance: Float = 0
          for c in 0..<dimension {
            let difference = numbers[c * count + i] - span[word * dimension + c]
            distance += difference * difference
          }
          distances[i] = min(distances[i], distance)
          total += Double(distances[i])
        }
        var left = random.uniform() * total
        chosen =
          distances.firstIndex { distance in
            left -= Double(distance)
            return left < 0
          } ?? Int(random.next() % UInt64(count))
      }
    }
  }
}
