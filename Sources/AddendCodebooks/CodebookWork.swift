internal import AddendKernels
internal import AddendTensors

/// Work on a codebook, known before there is one: what its time depends on.
public struct CodebookWork: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A run of k-means: its start, and so many rounds at most.
    case means(rounds: Int)
    /// The nearest word of each point.
    case coding
  }

  public let kind: Kind
  public let points: Int
  /// Numbers in a point.
  public let dimension: Int
  public let words: Int

  public init(_ kind: Kind, points: Int, dimension: Int, words: Int) {
    precondition(points > 0 && dimension > 0 && words > 0, "work has extents")
    self.kind = kind
    self.points = points
    self.dimension = dimension
    self.words = words
  }

  /// Multiplications and additions that it takes, at most.
  public var multiplyAdds: Double {
    let pass = Double(points) * Double(dimension) * Double(words)
    return switch kind {
    case .means(let rounds): Double(rounds + 1) * pass
    case .coding: pass
    }
  }

  /// Numbers of the sample's points, and multiply-adds of one pass over it, at most.
  private static let (sampleNumbers, samplePass) = (1 << 23, 1 << 24)

  /// About how many seconds it takes on the current pool: the same work is timed on as many of the
  /// points, and as few of the words, as take some milliseconds. A run of k-means that settles early
  /// takes less.
  ///
  /// The sample's numbers are drawn, since time does not depend on what they are.
  public func seconds() -> Double {
    seconds { body in
      let start = ContinuousClock.now
      body()
      return (ContinuousClock.now - start) / .seconds(1)
    }
  }

  /// As `seconds()`, with the seconds of the sample's passes as `timed` tells them.
  package func seconds(timed: (_ pass: () -> Void) -> Double) -> Double {
    let sampled = min(points, max(1, Self.sampleNumbers / dimension))
    let few = min(words, max(1, Self.samplePass / (sampled * dimension)))
    var random = RandomSource(seed: 1)
    let means = KMeans(
      points: Tensor([dimension, sampled]) { span in
        for i in span.indices { span[i] = Float(random.next() >> 40) }
      })
    let share = Double(points) / Double(sampled)
    let pass = share * Double(words) / Double(few)
    var book = means.start(words: few, using: &random)
    // The first search wakes threads and caches.
    var codes = means.codes(for: book)
    let search = pass * timed { codes = means.codes(for: book) }
    guard case .means(let rounds) = kind else { return search }
    let start = pass * timed { book = means.start(words: few, using: &random) }
    let move = share * timed { _ = means.move(&book, by: codes, using: &random) }
    return start + Double(rounds) * (search + move)
  }
}
