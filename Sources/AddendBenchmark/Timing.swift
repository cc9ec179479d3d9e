/// What the runs of one thing took.
public struct Timing: Hashable, Sendable {
  /// Seconds for one run, in ascending order.
  public let samples: [Double]

  public init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "a timing has samples")
    self.samples = samples.sorted()
  }

  /// What stands for all samples.
  public enum Statistic: String, CaseIterable, Sendable {
    case median
    /// What the thing takes when nothing disturbs it: for machines that are not left alone.
    case minimum
  }

  public func seconds(_ statistic: Statistic) -> Double {
    switch statistic {
    case .median: median
    case .minimum: minimum
    }
  }

  public var median: Double { samples[samples.count / 2] }
  public var minimum: Double { samples[0] }

  /// The middle half of the samples, over the median: 0.02 where half of them lie within 2 %.
  public var spread: Double {
    (quantile(0.75) - quantile(0.25)) / max(median, .leastNonzeroMagnitude)
  }

  /// Between the two samples around it, as their distance is.
  private func quantile(_ share: Double) -> Double {
    let place = share * Double(samples.count - 1)
    let below = Int(place)
    let above = min(below + 1, samples.count - 1)
    return samples[below] + (place - Double(below)) * (samples[above] - samples[below])
  }
}
