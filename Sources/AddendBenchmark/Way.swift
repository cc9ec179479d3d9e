internal import AddendKernels

/// One way to do a case's work: a kernel of ours, or another library's.
///
/// To put a new kernel into a benchmark is to add one to the list of its cases.
package struct Way<Problem>: Sendable {
  package let name: String
  /// It gives less than the exact result in float32: shown, but not compared.
  package let isReference: Bool
  private let preparation: @Sendable (Problem) -> Prepared?

  /// A way that has the operands of one problem at hand, in whatever layout it wants.
  package struct Prepared {
    /// What is timed.
    let timed: () -> Void
    /// Makes ready for it, untimed; `nil` where one run is as good as any other.
    let reset: (() -> Void)?
    /// What came of the last run, in the order that the problem wants.
    package let result: () -> [Float]
    /// What another library calls the code that runs.
    package let implementation: String?
    /// How far its results may be from the definition's, by its own statement.
    package let tolerance: Tolerance
    /// Runs of the same code on the same layouts give the same figures.
    let operation: RivalOperation?

    package init(
      run: @escaping () -> Void, reset: (() -> Void)? = nil, result: @escaping () -> [Float],
      implementation: String? = nil, tolerance: Tolerance = .rounding
    ) {
      timed = run
      self.reset = reset
      self.result = result
      self.implementation = implementation
      self.tolerance = tolerance
      operation = nil
    }

    /// - Parameter result: reads the operation's result.
    init(_ operation: RivalOperation, result: @escaping (RivalOperation) -> [Float]) {
      timed = { operation.run() }
      reset = nil
      self.result = { result(operation) }
      implementation = operation.implementation
      tolerance = .rounding
      self.operation = operation
    }

    /// Does the work once.
    package func run() {
      reset?()
      timed()
    }
  }

  /// - Parameter preparation: makes it ready for a problem, untimed; `nil` where it does not take the
  ///   problem or its library is not there.
  package init(
    _ name: String, isReference: Bool = false,
    _ preparation: @escaping @Sendable (Problem) -> Prepared?
  ) {
    self.name = name
    self.isReference = isReference
    self.preparation = preparation
  }

  package func prepared(for problem: Problem) -> Prepared? { preparation(problem) }
}

/// How far a result may be from what the definition gives.
package enum Tolerance: Hashable, Sendable {
  /// As far as the problem says that its definition's own rounding may take it, so many times over.
  case times(Double)
  /// So far: what an algorithm with transforms of its own, or an approximation, states.
  case absolute(Double)

  /// As far as rounding may take sums in any order.
  package static let rounding = Tolerance.times(1)

  /// The bound where rounding's is `rounding`.
  package func bound(_ rounding: Double) -> Double {
    switch self {
    case .times(let factor): factor * rounding
    case .absolute(let bound): bound
    }
  }
}
