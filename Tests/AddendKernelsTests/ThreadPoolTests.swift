import AddendKernels
import Synchronization
import Testing

struct ThreadPoolTests {
  /// Runs of every length follow each other closely, so that workers arrive early, late and never.
  @Test(arguments: [1, 2, 3, 8])
  func everyIndexRunsOnce(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    for round in 0..<4000 {
      let count = round % 37
      let sum = Atomic(0)
      let squares = Atomic(0)
      pool.run(count) { index in
        sum.add(index + 1, ordering: .relaxed)
        squares.add((index + 1) * (index + 1), ordering: .relaxed)
      }
      // Two power sums tell any doubled or missing index.
      #expect(sum.load(ordering: .relaxed) == count * (count + 1) / 2)
      #expect(
        squares.load(ordering: .relaxed) == count * (count + 1) * (2 * count + 1) / 6)
    }
  }

  /// Every part runs once, when all parts of the steps before it are done; alone, from inside a task and
  /// beside other callers too.
  @Test(arguments: [1, 2, 3, 8])
  func partsOfStepsRunInOrder(threads: Int) async {
    let pool = ThreadPool(threadCount: threads)
    func check(parts: Int, steps: Int) {
      let done = (0..<steps).map { _ in Padded() }
      let early = Atomic(0)
      pool.runSteps(steps, parts: parts) { step, part in
        if step > 0, done[step - 1].parts.load(ordering: .relaxed) != (1 << parts) - 1 {
          early.add(1, ordering: .relaxed)
        }
        done[step].parts.add(1 << part, ordering: .relaxed)
      }
      // A part that ran twice would carry into the next bit.
      #expect(done.allSatisfy { $0.parts.load(ordering: .relaxed) == (1 << parts) - 1 })
      #expect(early.load(ordering: .relaxed) == 0)
    }
    for round in 0..<200 { check(parts: 1 + round % 5, steps: round % 23) }
    pool.run(4) { _ in check(parts: 3, steps: 9) }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<50 { check(parts: 2, steps: 7) } } }
    }
  }

  private final class Padded: Sendable { let parts = Atomic(0) }

  @Test func nestedRunsFinishWithinTheirIndex() {
    let pool = ThreadPool(threadCount: 3)
    let total = Atomic(0)
    pool.run(20) { outer in
      let inner = Atomic(0)
      pool.run(30) { inner.add($0, ordering: .relaxed) }
      total.add(outer * inner.load(ordering: .relaxed), ordering: .relaxed)
    }
    #expect(total.load(ordering: .relaxed) == 190 * 435)
  }

  @Test func onePoolServesSeveralCallersAtOnce() async {
    let pool = ThreadPool(threadCount: 3)
    await withTaskGroup(of: Int.self) { group in
      for caller in 1...6 {
        group.addTask {
          let sum = Atomic(0)
          for _ in 0..<500 { pool.run(11) { sum.add(caller * $0, ordering: .relaxed) } }
          return sum.load(ordering: .relaxed) - caller * 500 * 55
        }
      }
      for await difference in group { #expect(difference == 0) }
    }
  }

  @Test func poolsComeAndGo() {
    for round in 0..<50 {
      let pool = ThreadPool(threadCount: 1 + round % 4)
      let sum = Atomic(0)
      if round % 3 > 0 { pool.run(9) { sum.add($0, ordering: .relaxed) } }
      #expect(sum.load(ordering: .relaxed) == (round % 3 > 0 ? 36 : 0))
    }
  }
}
