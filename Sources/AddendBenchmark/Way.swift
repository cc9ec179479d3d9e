internal import AddendKernels

/// One way to do a case's work: a kernel of ours, or another library's.
///
/// To put a new kernel into a benchmark is to add one to the list of its cases.
package struct Way<Problem>: Sendable {
  package let name: String
  /// How many times the error bound of a sum's rounding this way may err, by its own statement: 1 for
  /// sums in any order, more for an algorithm that transforms its operands.
  package let errorFactor: Double
  /// What it gives less exactly than float32 does it in an inexact format: shown, but not compared.
  package let isReference: Bool
  private let preparation: @Sendable (Problem) -> Prepared?

  /// A way that has the operands of one problem at hand, in whatever layout it wants.
  package struct Prepared {
    /// Does the work once: this is timed.
    package let run: () -> Void
    /// What came of the last run, in the order that the problem wants.
    package let result: () -> [Float]
    /// What another library calls the code that runs.
    package let implementation: String?
    /// Runs of the same code on the same layouts give the same figures.
    let operation: RivalOperation?

    package init(
      run: @escaping () -> Void, result: @escaping () -> [Float], implementation: String? = nil
    ) {
      self.run = run
      self.result = result
      self.implementation = implementation
      operation = nil
    }

    /// - Parameter result: reads the operation's result.
    init(_ operation: RivalOperation, result: @escaping (RivalOperation) -> [Float]) {
      run = { operation.run() }
      self.result = { result(operation) }
      implementation = operation.implementation
      self.operation = operation
    }
  }

  /// - Parameter preparation: makes it ready for a problem, untimed; `nil` where it does not take the
  ///   problem or its library is not there.
  package init(
    _ name: String, errorFactor: Double = 1, isReference: Bool = false,
    _ preparation: @escaping @Sendable (Problem) -> Prepared?
  ) {
    self.name = name
    self.errorFactor = errorFactor
    self.isReference = isReference
    self.preparation = preparation
  }

  package func prepared(for problem: Problem) -> Prepared? { preparation(problem) }
}
