internal import AddendCatalogue
public import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

/// One pass of a recurrent layer through time beside oneDNN's, on as many threads as the current pool
/// has.
public struct RecurrentBenchmark: Sendable {
  public typealias Cell = RivalOperation.Cell

  /// What is computed.
  public enum Pass: String, CaseIterable, Sendable {
    case forward
    /// The gradients towards inputs and weights, given what a pass forward kept.
    case backward
  }

  public let cell: Cell
  /// Inputs and units.
  public let size: Int
  public let batch, steps: Int
  public let pass: Pass

  public init(_ cell: Cell, size: Int, batch: Int, steps: Int, _ pass: Pass) {
    precondition(size > 0 && batch > 0 && steps > 0, "a recurrent layer has extents")
    self.cell = cell
    self.size = size
    self.batch = batch
    self.steps = steps
    self.pass = pass
  }

  public var name: String {
    "recurrent-\(cell)-\(size)-batch\(batch)-steps\(steps)-\(pass.rawValue)"
  }

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    try Contest(ours: Self.ways, rivals: Self.rivals).run(Problem(self), setting)
  }

  /// Ours. A new kernel is a line more.
  package static let ways: [Way<Problem>] = [
    Way("layer") { problem in
      switch problem.benchmark.pass {
      case .forward: layerForward(problem)
      case .backward: layerBackward(problem)
      }
    }
  ]

  /// The layer as a network holds it: sequences `[batch, steps, size]`.
  private static func layerForward(_ problem: Problem) -> Way<Problem>.Prepared {
    let layers = problem.layers
    var y = Tensor<Float>([0])
    return .init(
      run: {
        var context = PassContext<Float>()
        do {
          y = try layers.forward(problem.x, &context)
        } catch {
          preconditionFailure("a layer takes what it was made for: \(error)")
        }
      }, result: { y.exchangingOuterAxes().elements })
  }

  /// Going back consumes what the pass forward kept: before each run there is, untimed, another pass.
  private static func layerBackward(_ problem: Problem) -> Way<Problem>.Prepared {
    var layers = problem.layers
    var dx = Tensor<Float>([0])
    return .init(
      run: { dx = layers.backward(problem.dy) },
      reset: {
        layers = problem.layers
        var context = PassContext<Float>()
        do {
          _ = try layers.trainingForward(problem.x, &context)
        } catch {
          preconditionFailure("a layer takes what it was made for: \(error)")
        }
      },
      result: {
        var state = RecurrentState()
        layers.visit(&state)
        return dx.exchangingOuterAxes().elements
          + problem.gatesForRival(state.gradients, of: problem.benchmark.cell)
      })
  }

  package static let rivals: [Way<Problem>] = [
    Way("oneDNN") { problem in
      let benchmark = problem.benchmark
      let goesBack = benchmark.pass == .backward
      let operation = problem.rival(goesBack ? .backward : .inference)
      guard let operation else { return nil }
      return .init(operation) { operation in
        guard goesBack else { return operation.values(of: 4) }
        // Each run adds to the gradients of weights, so those of one alone are asked for.
        for operand in 7...9 {
          operation.set(operand, [Float](repeating: 0, count: operation.count(of: operand)))
        }
        operation.run()
        return operation.values(of: 6)
          + (7...9).flatMap { operation.values(of: $0) }
      }
    },
    Way("oneDNN, for training", isReference: true) { problem in
      guard problem.benchmark.pass == .forward else { return nil }
      return problem.rival(.training).map { operation in
        .init(operation) { $0.values(of: 4) }
      }
    },
  ]
}

/// The weights of a layer, and the gradients towards them, by name.
struct RecurrentState: StateVisitor {
  private(set) var values: [String: Tensor<Float>] = [:]
  private(set) var gradients: [String: Tensor<Float>] = [:]
  private var names: [String] = []

  mutating func enter(_ name: String) { names.append(name) }
  mutating func leave() { names.removeLast() }

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {
    // The layer's own name is left out: there is one.
    let path = (names.dropFirst() + [name]).joined(separator: "/")
    values[path] = parameter.value
    gradients[path] = parameter.gradient
  }
}

extension RecurrentBenchmark {
  /// Sequences and a layer, and how other libraries order its gates.
  package struct Problem: BenchmarkProblem, Sendable {
    let benchmark: RecurrentBenchmark
    let layers: Chain<Float>
    /// `[batch, steps, size]`.
    let x, dy: Tensor<Float>
    let threads: Int

    package init(_ benchmark: RecurrentBenchmark) {
      self.benchmark = benchmark
      let size = benchmark.size
      let network = Network("\(benchmark.cell)", input: [benchmark.steps, size]) {
        switch benchmark.cell {
        case .lstm: LSTM(size)
        case .gru: GRU(size)
        case .rnn: RNN(size)
        }
      }
      do throws(NetworkError) {
        layers = try Model<Float>(network, seed: 1).layers
      } catch {
        preconditionFailure("a layer for its own size: \(error)")
      }
      var random = RandomSource(seed: 2)
      x = .uniform([benchmark.batch, benchmark.steps, size], &random)
      dy = .uniform([benchmark.batch, benchmark.steps, size], &random)
      threads = ThreadPool.current.threadCount
    }

    package var caseName: String { benchmark.name }
    package var shapeText: String {
      "\("\(benchmark.cell)".uppercased()) \(benchmark.size), batch \(benchmark.batch), "
        + "\(benchmark.steps) steps, \(benchmark.pass.rawValue)"
    }

    /// The products' multiply-adds: forward once, back twice.
    package var work: Work {
      let (size, gates) = (Double(benchmark.size), Double(benchmark.cell.gateCount))
      let positions = Double(benchmark.batch * benchmark.steps)
      let passes = benchmark.pass == .forward ? 1.0 : 2.0
      return Work(
        multiplyAdds: passes * positions * gates * 2 * size * size,
        bytes: 4 * passes * (2 * gates * size * size + 2 * positions * size))
    }

    /// Against oneDNN's result where it is there, by the norm of the difference.
    ///
    /// A number's bound: rounding errors of a sum of `n` terms stay within `8 √n u` of the terms'
    /// magnitudes but for a chance of 10⁻¹² (Higham & Mary, *A New Approach to Probabilistic Rounding
    /// Error Analysis*, 2019, theorem 3.1), each step adds as much, and two such computations differ
    /// by twice that; the terms' magnitudes are at most `√n` times the result's norm per number.
    package func fault(in result: [Float], within tolerance: Tolerance) -> ResultFault? {
      let other = RecurrentBenchmark.rivals[0].prepared(for: self)
      other?.run()
      guard let expected = other?.result() else {
        return result.firstIndex { !$0.isFinite }.map {
          ResultFault(index: $0, found: result[$0], expected: 0, bound: .greatestFiniteMagnitude)
        }
      }
      precondition(result.count == expected.count, "\(caseName): a result has its numbers")
      let count = Double(max(2 * benchmark.size, benchmark.batch * benchmark.steps))
      let relative = 2 * 8 * count * 0x1p-24 * Double(benchmark.steps)
      let scale = expected.reduce(0.0) { max($0, Double($1.magnitude)) }
      let worst = result.indices.max {
        (result[$0] - expected[$0]).magnitude < (result[$1] - expected[$1]).magnitude
      }
      let broken = result.firstIndex { !$0.isFinite } ?? worst
      guard let broken else { return nil }
      let difference = Double((result[broken] - expected[broken]).magnitude)
      let bound = tolerance.bound(relative * scale)
      if difference <= bound { return nil }
      return ResultFault(
        index: broken, found: result[broken], expected: Double(expected[broken]),
        bound: bound)
    }

    /// oneDNN's operation with this problem's operands in place.
    func rival(_ pass: RivalOperation.RecurrentPass) -> RivalOperation? {
      let operation = RivalOperation.recurrent(
        benchmark.cell, pass, threads: threads, batch: benchmark.batch, steps: benchmark.steps,
        inputs: benchmark.size, size: benchmark.size)
      guard let operation else { return nil }
      var state = RecurrentState()
      var copy = layers
      copy.visit(&state)
      operation.set(0, x.exchangingOuterAxes().elements)
      let weights = splitForRival(state.values, of: benchmark.cell)
      for (i, weight) in weights.enumerated() { operation.set(1 + i, weight) }
      if pass == .backward {
        operation.set(5, dy.exchangingOuterAxes().elements)
        operation.settle()
      }
      return operation
    }
  }
}

extension RecurrentBenchmark.Problem {
  /// As `splitForRival`, one after the other.
  func gatesForRival(
    _ tensors: [String: Tensor<Float>], of cell: RecurrentBenchmark.Cell
  ) -> [Float] {
    splitForRival(tensors, of: cell, isGradient: true).flatMap(\.self)
  }

  /// Input weights, recurrent weights and biases with the gates in the rival's order.
  ///
  /// A GRU's two biases of each of the first two gates are added together where they enter, so
  /// either's gradient is the rival's.
  private func splitForRival(
    _ tensors: [String: Tensor<Float>], of cell: RecurrentBenchmark.Cell, isGradient: Bool = false
  ) -> [[Float]] {
    let size = benchmark.size
    func tensor(_ path: String) -> [Float] {
      guard let found = tensors[path] else { preconditionFailure("a layer has '\(path)'") }
      return found.elements
    }
    func reordered(_ values: [Float]) -> [Float] {
      let width = cell.gateCount * size
      return stride(from: 0, to: values.count, by: width).flatMap { row in
        cell.gateOrder.flatMap { values[row + $0 * size..<row + ($0 + 1) * size] }
      }
    }
    var bias = reordered(tensor("bias"))
    if cell == .gru {
      let own = reordered(tensor("recurrent-bias"))
      if !isGradient { for i in 0..<2 * size { bias[i] += own[i] } }
      bias += own[(2 * size)...]
    }
    return [reordered(tensor("input/weight")), reordered(tensor("recurrent/weight")), bias]
  }
}

extension RivalOperation.Cell {
  /// Where our layers keep the gates that others want one after the other: ours are i, f, o and
  /// candidate for an LSTM, reset, update and candidate for a GRU.
  fileprivate var gateOrder: [Int] {
    switch self {
    case .lstm: [0, 1, 3, 2]
    case .gru: [1, 0, 2]
    case .rnn: [0]
    }
  }
}
