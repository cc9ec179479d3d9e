import Addend
import Foundation

/// What runs of a compiled model, or steps of training, ask the system's allocator for.
enum AllocationCount {
  /// The requests of `steps` steps after the third, and how many of them were for tensors.
  static func measureTraining(_ which: Case, steps: Int) throws -> (all: Int, tensors: Int) {
    let count = try counter()
    var trainer = try which.trainer()
    for _ in 0..<3 { _ = try trainer.step(which.batch, stepsPerEpoch: 1_000_000) }
    let (before, tensorsBefore) = (count(), MemoryUsage.current.systemRequests)
    for _ in 0..<steps { _ = try trainer.step(which.batch, stepsPerEpoch: 1_000_000) }
    return (count() - before, MemoryUsage.current.systemRequests - tensorsBefore)
  }

  /// The requests of `runs` runs after the first.
  static func measure(_ which: Case, runs: Int) throws -> Int {
    let count = try counter()
    let x = which.batch.input
    let executable = try Model<Float>(which.network, seed: 1).compiled(batch: x.shape[0])
    var y = Tensor<Float>(executable.output.batched(x.shape[0]))
    var span = y.mutableSpan
    try executable.run(x.span, into: &span)
    let before = count()
    for _ in 0..<runs { try executable.run(x.span, into: &span) }
    return count() - before
  }

  /// `allocation_count` of allocations.c, where the program was started with it.
  private static func counter() throws -> @convention(c) () -> Int {
    guard let address = dlsym(nil, "allocation_count") else {
      throw Misuse(sentence: "allocations.c is not there to count: run allocations.sh")
    }
    return unsafeBitCast(address, to: (@convention(c) () -> Int).self)
  }
}
