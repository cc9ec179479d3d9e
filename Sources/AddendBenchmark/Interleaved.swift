/// Times several ways to the same end in turn, so that a machine that slows down slows all of them.
public struct Interleaved {
  /// A way, and what it does once.
  public struct Candidate {
    public let name: String
    let run: () -> Void
    /// Makes ready for a run, untimed; `nil` where one run is as good as any other.
    let reset: (() -> Void)?

    public init(_ name: String, reset: (() -> Void)? = nil, run: @escaping () -> Void) {
      self.name = name
      self.run = run
      self.reset = reset
    }

    func readyRun() {
      reset?()
      run()
    }
  }

  /// How long each candidate runs in a round at least.
  public var minimumDuration: Duration = .milliseconds(60)
  /// Rounds, of which the medians are taken.
  public var rounds: Int = 7
  /// What is waited before each candidate's turn, so that another library's threads have stopped
  /// looking for work in the time of the next.
  public var pause: Duration = .zero

  public init() {}

  /// The median over the rounds of each candidate's seconds for one run.
  public func seconds(_ candidates: [Candidate]) -> [Double] {
    timings(candidates).map(\.median)
  }

  /// Each candidate's seconds for one run, a sample a round.
  public func timings(_ candidates: [Candidate]) -> [Timing] {
    var samples = candidates.map { _ in [Double]() }
    // The first runs load caches, wake vector units and find libraries.
    for candidate in candidates { candidate.readyRun() }
    for _ in 0..<max(1, rounds) {
      for (i, candidate) in candidates.enumerated() {
        wait(pause)
        if pause > .zero { candidate.readyRun() }
        samples[i].append(time(candidate))
      }
    }
    return samples.map(Timing.init)
  }

  /// As `timings`, of single runs before each of which `evict` has emptied the caches.
  public func coldTimings(_ candidates: [Candidate], evict: () -> Void) -> [Timing] {
    let clock = ContinuousClock()
    var samples = candidates.map { _ in [Double]() }
    for _ in 0..<max(1, rounds) {
      for (i, candidate) in candidates.enumerated() {
        wait(pause)
        candidate.reset?()
        evict()
        let start = clock.now
        candidate.run()
        samples[i].append((clock.now - start) / .seconds(1))
      }
    }
    return samples.map(Timing.init)
  }

  private func time(_ candidate: Candidate) -> Double {
    if let reset = candidate.reset { return time(candidate, after: reset) }
    let clock = ContinuousClock()
    let start = clock.now
    var (runs, batch) = (0, 1)
    while true {
      for _ in 0..<batch { candidate.run() }
      runs += batch
      let elapsed = clock.now - start
      if elapsed >= minimumDuration { return Double(elapsed / .seconds(1)) / Double(runs) }
      // Reading the clock takes as long as the smallest products.
      if elapsed < minimumDuration / 8 { batch *= 2 }
    }
  }

  private func time(_ candidate: Candidate, after reset: () -> Void) -> Double {
    let clock = ContinuousClock()
    var (elapsed, runs) = (Duration.zero, 0)
    repeat {
      reset()
      let start = clock.now
      candidate.run()
      elapsed += clock.now - start
      runs += 1
    } while elapsed < minimumDuration
    return Double(elapsed / .seconds(1)) / Double(runs)
  }

  // Awake: a processor that sleeps clocks down.
  private func wait(_ duration: Duration) {
    let clock = ContinuousClock()
    let end = clock.now + duration
    while clock.now < end {}
  }
}
