/// Times several ways to the same end in turn, so that a machine that slows down slows all of them.
public struct Interleaved {
  /// A way, and what it does once.
  public typealias Candidate = (name: String, run: () -> Void)

  /// How long each candidate runs in a round at least.
  public var minimumDuration: Duration = .milliseconds(60)
  /// Rounds, of which the medians are taken.
  public var rounds: Int = 7

  public init() {}

  /// The median over the rounds of each candidate's seconds for one run.
  public func seconds(_ candidates: [Candidate]) -> [Double] {
    var samples = candidates.map { _ in [Double]() }
    // The first runs load caches, wake vector units and find libraries.
    for candidate in candidates { candidate.run() }
    for _ in 0..<max(1, rounds) {
      for (i, candidate) in candidates.enumerated() { samples[i].append(time(candidate)) }
    }
    return samples.map { $0.sorted()[$0.count / 2] }
  }

  private func time(_ candidate: Candidate) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    var runs = 0
    repeat {
      candidate.run()
      runs += 1
    } while clock.now - start < minimumDuration
    return Double((clock.now - start) / .seconds(1)) / Double(runs)
  }
}
