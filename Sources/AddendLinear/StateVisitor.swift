public import AddendTensors

/// Walks over everything that a model is made of, by name, in a fixed order.
///
/// Optimizers visit parameters; archives and checkpoints visit all three kinds. Names are stable:
/// files, optimizer state and reductions over ranks depend on them.
public protocol StateVisitor<Scalar> {
  associatedtype Scalar: TensorScalar
  /// A tensor that gradients train.
  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String)
  /// Numbers that change otherwise: running statistics, prototypes, thresholds, tables.
  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String)
  /// Integers: codes, columns, counters.
  mutating func visit(_ integers: inout IntegerState, named name: String)
  /// Called by maps and layers that derive something from their state, once they have visited it.
  ///
  /// A visitor that replaced the state by a file's calls `rebuild`, which checks that what the file
  /// held fits together (shapes, codes in range) and derives the rest anew; others leave it alone.
  /// A tensor (or integers) without elements takes the file's shape, any other keeps its own: a map
  /// visits its form (frozen or not) first, and empties what the file is to decide.
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void)
  /// Opens and closes a level of names: `dense1` around `weight` makes `dense1/weight`.
  mutating func enter(_ name: String)
  mutating func leave()
}

extension StateVisitor {
  public mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {}
  public mutating func visit(_ integers: inout IntegerState, named name: String) {}
  public mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {}
  public mutating func enter(_ name: String) {}
  public mutating func leave() {}
}
