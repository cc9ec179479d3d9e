public import AddendKernels

/// What one thread of this machine reached in loops that do nothing else.
public struct MeasuredLimits: Hashable, Sendable {
  /// Float32 multiply-adds a second.
  public let multiplyAdds: Double
  /// Byte look-ups in registers a second.
  public let byteLookups: Double

  /// Measures for about a fifth of a second each and takes the best of five parts.
  public init(_ set: InstructionSet = .best) {
    multiplyAdds = Self.rate(of: .multiplyAdds, set)
    byteLookups = Self.rate(of: .byteLookups, set)
  }

  private static func rate(of limit: MachineLimit, _ set: InstructionSet) -> Double {
    let clock = ContinuousClock()
    let rounds = 4_000_000
    return (0..<5).map { _ in
      let start = clock.now
      let count = limit.run(rounds: rounds, using: set)
      return Double(count) / ((clock.now - start) / .seconds(1))
    }.max() ?? 0
  }
}
